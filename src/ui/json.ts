import type { StepEvent } from '../engine/events.ts';
import { errorData } from './format-error.ts';
import type { Look, Streams } from './io.ts';
import { LinesIo } from './lines.ts';

/** Newline-delimited JSON on stdout: every event, then the result or the error, each with its `type`. */
export class JsonIo extends LinesIo {
  constructor(streams: Streams) {
    super({ out: streams.out, err: () => undefined });
  }

  override step(event: StepEvent): void {
    const { type, ...rest } = event;
    this.write('step', { event: type, ...rest, ...(event.type === 'failed' && { error: errorData(event.error) }) });
  }

  override note(text: string): void {
    this.write('note', { text });
  }

  override warn(text: string): void {
    this.write('warning', { text });
  }

  override result(_text: string, data: unknown): void {
    this.write('result', { result: data });
  }

  override look({ news, data }: Look): void {
    if (news.length > 0) this.write('result', { result: data });
  }

  override error(error: unknown, { debug }: { debug: boolean }): void {
    this.write('error', errorData(error, debug));
  }

  private write(type: string, body: object): void {
    this.streams.out(`${this.secrets.redact(JSON.stringify({ type, ...body }))}\n`);
  }
}
