/**
 * The three ways a run can end badly. Anything else that reaches `main` is treated as a `Bug`.
 *
 * Errors cross bundle chunks and are compared by `name`, never by `instanceof` alone.
 */

export interface UserErrorInit {
  /** Stable, upper-case, for scripts that read `--json`: `LOCK_HELD`. */
  readonly code: string;
  /** Verb, thing, id, cause: "creating NAT gateway nat-0abc: InsufficientFreeAddressesInSubnet". */
  readonly message: string;
  /** What the person can do about it: one sentence, or a few with a line each. */
  readonly fix: string;
  readonly cause?: unknown;
  /** Process exit code; 1 when left out. See `EXIT`. */
  readonly exitCode?: number;
}

/** Exit codes, the same for every command (sysexits.h where it has one). */
export const EXIT = {
  done: 0,
  failed: 1,
  changes: 2,
  usage: 64,
  tryAgain: 75,
  interrupted: 130,
} as const;

/** Something a person can mend; printed without a stack. */
export class UserError extends Error {
  override readonly name = 'UserError';
  readonly code: string;
  readonly fix: string;
  readonly exitCode: number;

  constructor(init: UserErrorInit) {
    super(init.message, init.cause === undefined ? undefined : { cause: init.cause });
    this.code = init.code;
    this.fix = init.fix;
    this.exitCode = init.exitCode ?? EXIT.failed;
  }
}

/** The same error with what was found out about it, and the fix that follows from that. */
export function withExplanation(
  error: UserError,
  { lines, fix }: { readonly lines: readonly string[]; readonly fix: string | undefined },
): UserError {
  const { code, message, exitCode } = error;
  return new UserError({
    code,
    message: [message, ...lines].join('\n'),
    fix: fix ?? error.fix,
    exitCode,
    cause: error,
  });
}

/** A wrong argument or answer; exit code 64. */
export function usageError(message: string, fix: string, code = 'USAGE'): UserError {
  return new UserError({ code, message, fix, exitCode: EXIT.usage });
}

/** The person (or the CI job) asked us to stop; exit code 130. */
export class Cancelled extends Error {
  override readonly name = 'Cancelled';
  constructor(message = 'Stopped. What was done is recorded; run the same command again to go on.') {
    super(message);
  }
}

/** A state of the program that must not be; printed with a request to report it. */
export class Bug extends Error {
  override readonly name = 'Bug';
}

/** Several steps failed in one run; every one of them is reported. */
export class ManyErrors extends Error {
  override readonly name = 'ManyErrors';
  readonly errors: readonly Error[];
  constructor(errors: readonly Error[]) {
    super(errors.map((error) => error.message).join('\n'));
    this.errors = errors;
  }
}

export function asError(value: unknown): Error {
  return value instanceof Error ? value : new Error(String(value));
}
