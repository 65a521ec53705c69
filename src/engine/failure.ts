import { Bug, Cancelled, ManyErrors, UserError } from '../errors.ts';
import type { AnyStep, Live, Readiness } from './step.ts';

/** A step failed; reads "creating NAT gateway (us-east-1a): <cause>". The cause keeps the SDK's own error. */
export class StepError extends Error {
  override readonly name = 'StepError';
  readonly stepId: string;
  /** "creating NAT gateway (us-east-1a)": the message without its cause. */
  readonly doing: string;
  constructor(verb: string, step: { id: string; title: string }, resource: string | undefined, cause: Error) {
    const doing = `${verb} ${step.title}${resource === undefined ? '' : ` ${resource}`}`;
    super(`${doing}: ${cause.message}`, { cause });
    this.stepId = step.id;
    this.doing = doing;
  }
}

/** AWS made the thing and then gave it up, or cannot go on with it. */
export class NeverReady extends UserError {
  readonly step: AnyStep;
  readonly live: Live;
  readonly remedy: Readiness['remedy'];
  constructor(step: AnyStep, live: Live, { detail, stuck, fix, remedy }: Readiness) {
    super({
      code: stuck === undefined ? 'NEVER_READY' : 'STUCK',
      message: `waiting for ${step.title} ${live.id} to become ready: ${stuck ?? detail}`,
      fix: fix ?? 'Mend the cause and run the command again: it replaces what failed.',
    });
    this.step = step;
    this.live = live;
    this.remedy = remedy;
  }
}

/** What the run can do about an error, also when that has been explained since. */
export function remedyOf(error: unknown): Readiness['remedy'] {
  const told = error instanceof NeverReady || !(error instanceof UserError) ? error : error.cause;
  return told instanceof NeverReady ? told.remedy : undefined;
}

/** Why something is repeated: code and message of what the cloud said. */
export function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return error.name === 'Error' ? error.message : `${error.name}: ${error.message}`;
}

/** Runs `work` and names verb, thing and id in what it throws; our own errors say it already. */
export async function named<T>(
  verb: string,
  step: { id: string; title: string },
  resource: string | undefined,
  work: () => Promise<T>,
): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof UserError || error instanceof Cancelled || error instanceof Bug) throw error;
    if (error instanceof StepError) throw error;
    throw new StepError(verb, step, resource, error instanceof Error ? error : new Error(String(error)));
  }
}

/**
 * Throws what a run of many steps has to report: an interruption as such (unless something also failed), one
 * error as itself, several together.
 */
export function throwAll(errors: readonly Error[], signal?: AbortSignal): void {
  const failures = errors.filter((error) => !(error instanceof Cancelled));
  const [first, ...others] = failures;
  if (first !== undefined) throw others.length === 0 ? first : new ManyErrors(failures);
  if (errors.length > 0 || signal?.aborted) throw new Cancelled();
}
