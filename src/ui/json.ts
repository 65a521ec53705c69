import type { StepEvent } from '../engine/events.ts';
import { errorData } from './format-error.ts';
import type { Streams } from './io.ts';
import { LinesIo } from './lines.ts';

/** Newline-delimited JSON on stdout: every event, then the result or the error, each with its `type`. */
export class JsonIo extends LinesIo {
  constructor(streams: Streams) {
    super({ out: streams.out, err: () => undefined });
  }

  override step(event: StepEvent): void {
    this.write(
      'step',
      event.type === 'failed'
        ? { ...event, error: errorData(event.error), event: 'failed' }
        : { ...event, event: event.type },
    );
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

  override error(error: unknown, { debug }: { debug: boolean }): void {
    this.write('error', errorData(error, debug));
  }

  private write(type: string, body: object): void {
    this.streams.out(`${this.secrets.redact(JSON.stringify({ ...body, type }))}\n`);
  }
}
