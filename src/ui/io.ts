import type { StepEvent } from '../engine/events.ts';

/** A question to a person; the answer is text until its asker parses it. */
export interface Question {
  readonly message: string;
  readonly help?: string;
  readonly secret?: boolean;
  readonly choices?: readonly string[];
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
  confirm(message: string, signal?: AbortSignal): Promise<boolean>;
  /** Ends whatever is being drawn. */
  close(): void;
}

/** Where bytes go; `process.stdout` and `process.stderr` outside of tests. */
export interface Streams {
  readonly out: (text: string) => void;
  readonly err: (text: string) => void;
}
