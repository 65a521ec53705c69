import type { StepEvent } from '../engine/events.ts';
import { Bug } from '../errors.ts';
import { formatError } from './format-error.ts';
import { formatEvent } from './format-event.ts';
import { InFlight } from './in-flight.ts';
import type { Io, LogLine, Look, Question, Streams } from './io.ts';
import { SECRETS } from './redact.ts';
import { shortTaskId } from './status-words.ts';

/** After so much silence a log says what is still under way, so that nobody takes a slow AWS for a stuck program. */
const SILENCE_MS = 30_000;

/** Plain lines, one an event: for CI, and for everything that is no terminal. Asks nobody. */
export class LinesIo implements Io {
  readonly canAsk: boolean = false;
  protected readonly streams: Streams;
  protected readonly secrets = SECRETS;
  protected readonly inFlight = new InFlight();
  private readonly reasons = new Map<string, string>();
  private silence: NodeJS.Timeout | undefined;

  constructor(streams: Streams) {
    this.streams = streams;
  }

  step(event: StepEvent): void {
    this.inFlight.take(event);
    this.breakSilence();
    if (event.type === 'waiting') {
      // A wait is told once for each of its reasons; silence tells the rest.
      if (this.reasons.get(event.id) === event.reason) return;
      this.reasons.set(event.id, event.reason);
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

  look({ news, data }: Look): void {
    const at = new Date().toISOString();
    for (const line of news) this.result(`${at} ${line}`, data);
  }

  log({ at, task, stream, text }: LogLine): void {
    this.result(`${at.toISOString()} ${this.taskLabel(task)} ${text}`, { at, task, stream, text });
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

  confirm(_message: string, _options: { suggestion: boolean }, _signal?: AbortSignal): Promise<boolean> {
    throw new Bug('nobody can be asked here');
  }

  close(): void {
    clearTimeout(this.silence);
    this.silence = undefined;
    this.inFlight.clear();
  }

  /** How a task is called before its lines. */
  protected taskLabel(task: string): string {
    return shortTaskId(task);
  }

  protected story(text: string): void {
    this.streams.err(`${this.secrets.redact(text)}\n`);
    clearTimeout(this.silence);
    this.silence = undefined;
    this.breakSilence();
  }

  /** From the last line on; only while something is under way. */
  private breakSilence(): void {
    this.silence ??= setTimeout(() => {
      this.silence = undefined;
      for (const line of this.inFlight.lines()) this.story(`… ${line}`);
    }, SILENCE_MS).unref();
  }
}
