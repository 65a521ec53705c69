import { EXIT, UserError } from '../src/errors.ts';

/** What stops a command because of the state, its lock or its bucket. */
interface Problem {
  /** One sentence or two for whoever meets it. Words in <angle brackets> are filled in. */
  readonly fix: string;
  readonly exitCode: number;
}

/** Every one of them. docs/state.md has the same table; a test compares the two. */
export const STATE_PROBLEMS = {
  STATE_DAMAGED: {
    fix: 'Nothing was overwritten: temporal-fargate state restore --stack <stack> brings back the newest version that can be read; where there is none, temporal-fargate state discard --stack <stack> sets this one aside, and the stack is found by its tags.',
    exitCode: EXIT.failed,
  },
  STATE_NEWER: {
    fix: 'Nothing was overwritten: use the version that wrote it, npx temporal-fargate@<version>.',
    exitCode: EXIT.failed,
  },
  STATE_FOREIGN: {
    fix: 'Nothing was overwritten: somebody copied it here, so bring back the right one with temporal-fargate state restore --stack <stack>, or choose another --stack.',
    exitCode: EXIT.failed,
  },
  STATE_DELETED: {
    fix: 'Bring it back with temporal-fargate state restore --stack <stack>; or run temporal-fargate init, which finds by tag whatever there is of the stack.',
    exitCode: EXIT.failed,
  },
  STATE_CHANGED: {
    fix: 'Run the command again: it starts from what is stored and finds by tag what this run made.',
    exitCode: EXIT.tryAgain,
  },
  NO_VERSION: {
    fix: 'List what there is with temporal-fargate state versions --stack <stack>.',
    exitCode: EXIT.failed,
  },
  NO_READABLE_VERSION: {
    fix: 'Set the document aside with temporal-fargate state discard --stack <stack>: after that init and destroy find the stack by its tags.',
    exitCode: EXIT.failed,
  },
  LOCK_HELD: {
    fix: 'Wait until it is done; an abandoned lock is free <seconds> s after its last sign of life. To break it by hand: temporal-fargate unlock --stack <stack>',
    exitCode: EXIT.tryAgain,
  },
  LOCK_LOST: {
    fix: 'Run the command again: it continues from what is recorded.',
    exitCode: EXIT.tryAgain,
  },
  LOCK_CONTENDED: {
    fix: 'Try again in a moment.',
    exitCode: EXIT.tryAgain,
  },
  LOCK_CHANGED: {
    fix: 'Run the command again to see who holds it now.',
    exitCode: EXIT.tryAgain,
  },
  NO_STATE_BUCKET: {
    fix: 'Check --region and --profile; if the bucket was deleted, temporal-fargate init makes it again and finds the stack by its tags.',
    exitCode: EXIT.failed,
  },
  STATE_BUCKET_DENIED: {
    fix: 'Allow <permission> on it for these credentials, or use those of the account that owns it.',
    exitCode: EXIT.failed,
  },
  STATE_BUCKET_NOT_OURS: {
    fix: "The bucket belongs to another account than <account>: use that account's credentials.",
    exitCode: EXIT.failed,
  },
  STATE_BUCKET_ELSEWHERE: {
    fix: 'Somebody made a bucket of this name in <region>: move its objects away and delete it, then run the command again.',
    exitCode: EXIT.failed,
  },
  STATE_BUCKET_BUSY: {
    fix: 'A bucket that was deleted a moment ago keeps its name busy, for up to an hour. Try again later.',
    exitCode: EXIT.tryAgain,
  },
  STATE_BUCKET_FOREIGN: {
    fix: 'Move its objects to another bucket and delete it, then run the command again.',
    exitCode: EXIT.failed,
  },
  STATE_BUCKET_IN_USE: {
    fix: "Destroy the stacks in it with --purge first, and move away what is not temporal-fargate's.",
    exitCode: EXIT.failed,
  },
} as const satisfies Record<string, Problem>;

export type StateProblem = keyof typeof STATE_PROBLEMS;

/** @param names what stands for the words in angle brackets of the fix: `{ stack: 'dev' }` */
export function stateError(
  code: StateProblem,
  message: string,
  names: Readonly<Record<string, string | number>> = {},
  cause?: unknown,
): UserError {
  const { fix, exitCode } = STATE_PROBLEMS[code];
  const filled = fix.replace(/<(\w+)>/g, (word, name: string) => String(names[name] ?? word));
  return new UserError({ code, message, fix: filled, exitCode, cause });
}
