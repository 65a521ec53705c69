import type { StepEvent } from '../engine/events.ts';
import { Bug } from '../errors.ts';
import { formatError } from './format-error.ts';
import { formatEvent } from './format-event.ts';
import type { Io, Question, Streams } from './io.ts';
import { Redactor } from './redact.ts';

/** A wait is reported when its reason changes, and else this often: a log that moves, but is not flooded. */
const REPEAT_MS = 30_000;

/** Plain lines, one an event: for CI, and for everything that is no terminal. Asks nobody. */
export class LinesIo implements Io {
  readonly canAsk: boolean = false;
  protected readonly streams: Streams;
  protected readonly secrets = new Redactor();
  private readonly waits = new Map<string, { reason: string; at: number }>();

  constructor(streams: Streams) {
    this.streams = streams;
  }

  step(event: StepEvent): void {
    if (event.type === 'waiting') {
      const last = this.waits.get(event.id);
      const repeated = last && last.reason === event.reason && event.elapsedMs - last.at < REPEAT_MS;
      if (repeated) return;
      this.waits.set(event.id, { reason: event.reason, at: event.elapsedMs });
    }
    const line = formatEvent(event);
    if (line !== undefined) this.story(line);
  }

  note(text: string): void {
    this.story(text);
  }

  warn(text: string): void {
    this.story(`! ${text}`);
  }

  result(text: string, _data: unknown): void {
    this.streams.out(`${this.secrets.redact(text)}\n`);
  }

  error(error: unknown, { debug }: { debug: boolean }): void {
    this.story(formatError(error, debug));
  }

  keepSecret(secret: string): void {
    this.secrets.add(secret);
  }

  ask(_question: Question, _signal?: AbortSignal): Promise<string> {
    throw new Bug('nobody can be asked here');
  }

  confirm(_message: string, _signal?: AbortSignal): Promise<boolean> {
    throw new Bug('nobody can be asked here');
  }

  close(): void {}

  protected story(text: string): void {
    this.streams.err(`${this.secrets.redact(text)}\n`);
  }
}
