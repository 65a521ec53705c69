import type { StepEvent } from '../engine/events.ts';

/** A question to a person; the answer is text until its asker parses it. */
export interface Question {
  readonly message: string;
  /** One line: what the answer changes. */
  readonly help?: string;
  readonly secret?: boolean;
  /** Where nothing else can be answered. */
  readonly choices?: readonly Choice[] | undefined;
  readonly suggestion?: string | undefined;
  /** One sentence when the text will not do. */
  readonly validate?: (text: string) => string | undefined;
}

export interface Look {
  /** All there is to see, for whoever draws it over what was there before. */
  readonly picture: string;
  /** What is other than at the look before, a line each; everything at the first one. */
  readonly news: readonly string[];
  readonly data: unknown;
}

export interface LogLine {
  readonly at: Date;
  readonly task: string;
  readonly stream: string;
  readonly text: string;
}

export interface Choice {
  readonly value: string;
  /** What is read instead of the value. */
  readonly name?: string;
  /** What stands in a column of its own beside it: a price. */
  readonly beside?: string | undefined;
  /** What it means, in a few words; shown while it is pointed at. */
  readonly about?: string | undefined;
}

/**
 * How commands talk. The story goes to stderr, the result to stdout; what is drawn is a renderer's business. Secrets
 * that were announced never leave in any form.
 */
export interface Io {
  step(event: StepEvent): void;
  /** One line of the story. */
  note(text: string): void;
  warn(text: string): void;
  /** What the command is for: text for people, data for programs. */
  result(text: string, data: unknown): void;
  /** A result that changes: of a command that goes on looking until it is interrupted. */
  look(look: Look): void;
  /** A line of a worker's log, which is a result by itself. */
  log(line: LogLine): void;
  error(error: unknown, options: { debug: boolean }): void;
  /** From here on this text is replaced by asterisks wherever it appears. */
  keepSecret(secret: string): void;
  /** Whether somebody can be asked. */
  readonly canAsk: boolean;
  ask(question: Question, signal?: AbortSignal): Promise<string>;
  /** @param suggestion what the Enter key alone says */
  confirm(message: string, options: { readonly suggestion: boolean }, signal?: AbortSignal): Promise<boolean>;
  /** Ends whatever is being drawn. */
  close(): void;
}

/** Where bytes go; `process.stdout` and `process.stderr` outside of tests. */
export interface Streams {
  readonly out: (text: string) => void;
  readonly err: (text: string) => void;
}
