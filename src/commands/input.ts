import type { Answers } from '../config/options.ts';
import type { Io } from '../ui/io.ts';

/** What `main` hands to every command. */
export interface CommandInput {
  readonly io: Io;
  /** Aborts on the first SIGINT or SIGTERM. */
  readonly signal: AbortSignal;
  readonly env: NodeJS.ProcessEnv;
  readonly cliVersion: string;
  readonly flags: Flags;
}

/** Parsed flags: those of the option table, and those of single commands. */
export interface Flags {
  readonly answers: Answers;
  readonly yes: boolean;
  readonly sandbox: boolean;
  readonly json: boolean;
  readonly debug: boolean;
  readonly config?: string | undefined;
  readonly temporalApiKeyFile?: string | undefined;
  /** Flags of one command only, as commander gives them. */
  readonly own: Readonly<Record<string, string | boolean | undefined>>;
}
