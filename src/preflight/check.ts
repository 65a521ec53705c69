import { explainAwsError } from '../aws/explain.ts';
import { asError, type UserError } from '../errors.ts';

/**
 * What was found about one matter: in order; in order for now, but worth knowing; not to be found out, with the reason;
 * or in the way, with the errors that the work itself would end in.
 */
export type Verdict =
  | { readonly state: 'ok' | 'skip'; readonly detail: string }
  | { readonly state: 'warn'; readonly detail: string; readonly fix: string }
  | { readonly state: 'fail'; readonly errors: readonly UserError[] };

export const ok = (detail: string): Verdict => ({ state: 'ok', detail });
export const warn = (detail: string, fix: string): Verdict => ({ state: 'warn', detail, fix });
export const skip = (reason: string): Verdict => ({ state: 'skip', detail: reason });
export const fail = (...errors: readonly UserError[]): Verdict => ({ state: 'fail', errors });

/** One look that answers for one or several rows of the table. */
export interface Check<Row extends string = string> {
  /** Id -> title, in the order of the table. */
  readonly rows: Readonly<Record<Row, string>>;
  /** Reads only. Whatever it throws makes its rows skipped, with the reason. */
  look(signal: AbortSignal): Promise<Readonly<Record<Row, Verdict>>>;
  /** How many times the usual deadline the whole look may take; 1 when left out. */
  readonly patience?: number;
}

/** One row of the table. */
export type Finding = Verdict & { readonly id: string; readonly title: string };

/** A network that does not answer within it would only hold everybody up. */
export const DEADLINE_MS = 5_000;

/** A check of one row. */
export const single = (
  id: string,
  title: string,
  look: (signal: AbortSignal) => Verdict | Promise<Verdict>,
): Check => ({
  rows: { [id]: title },
  look: async (signal) => ({ [id]: await look(signal) }),
});

/**
 * Runs all checks side by side, each for `deadlineMs` at most. Rejects only when `signal` aborts.
 *
 * @returns the rows in the order of the checks
 */
export async function runChecks(
  checks: readonly Check[],
  signal: AbortSignal,
  deadlineMs = DEADLINE_MS,
): Promise<Finding[]> {
  const findings = await Promise.all(
    checks.map((check) => findingsOf(check, signal, deadlineMs * (check.patience ?? 1))),
  );
  signal.throwIfAborted();
  return findings.flat();
}

async function findingsOf(check: Check, signal: AbortSignal, ms: number): Promise<Finding[]> {
  const verdicts = await withDeadline(check, signal, ms).catch((error: unknown) => reasonOf(error));
  return Object.entries(check.rows).map(([id, title]) => ({
    ...(typeof verdicts === 'string' ? skip(verdicts) : (verdicts[id] ?? skip('nothing was found out'))),
    id,
    title,
  }));
}

async function withDeadline(check: Check, signal: AbortSignal, ms: number): Promise<Readonly<Record<string, Verdict>>> {
  const late = new AbortController();
  const timer = setTimeout(() => late.abort(new Error(`no answer within ${ms / 1000} s`)), ms);
  const end = AbortSignal.any([signal, late.signal]);
  try {
    // A look may not heed the signal, or turn its reason into an error of its own.
    const ended = new Promise<never>((_, reject) => {
      end.addEventListener('abort', () => reject(end.reason), { once: true });
    });
    return await Promise.race([ended, check.look(end)]);
  } finally {
    clearTimeout(timer);
  }
}

/** Why a check could not be made, in one clause. */
function reasonOf(error: unknown): string {
  return asError(explainAwsError(error)).message;
}
