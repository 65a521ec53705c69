import type { Answers } from '../config/option.ts';
import type { Paths } from '../config/sources.ts';
import { usageError } from '../errors.ts';
import type { Io } from '../ui/io.ts';

/** What `main` hands to every command. */
export interface CommandInput {
  readonly io: Io;
  /** Aborts on the first SIGINT or SIGTERM. */
  readonly signal: AbortSignal;
  readonly env: NodeJS.ProcessEnv;
  readonly cliVersion: string;
  /** Name of the command as it was typed: "state show". */
  readonly command: string;
  readonly flags: Flags;
}

/** Parsed flags: those of the option table, and those of single commands. */
export interface Flags {
  readonly answers: Answers;
  readonly yes: boolean;
  readonly sandbox: boolean;
  readonly json: boolean;
  readonly quiet: boolean;
  readonly debug: boolean;
  readonly config?: string | undefined;
  /** Files that hold answers. */
  readonly paths: Paths;
  /** Flags of one command only, as commander gives them. */
  readonly own: Readonly<Record<string, string | boolean | undefined>>;
}

/** Throws a usage error where nobody can be asked; `fix` says what answers the question instead. */
export function mustAsk({ io, flags }: CommandInput, fix: string): void {
  if (io.canAsk) return;
  const why = flags.json
    ? '--json asks nothing'
    : flags.quiet
      ? '--quiet asks nothing'
      : 'there is no terminal to ask at';
  throw usageError(`${why}, and no --yes`, fix, 'NO_TERMINAL');
}
