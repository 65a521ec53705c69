import type { Session } from '../../state/store.ts';
import type { Emit } from './events.ts';
import type { Owner } from './ownership.ts';
import type { AnyStep } from './step.ts';
import type { Clock } from './wait.ts';

/**
 * What an error of the cloud means to the engine:
 * `busy`: something still uses the thing, ask again for as long as the step's timeout allows;
 * `propagating`: a thing made a moment ago is not visible everywhere yet;
 * `unknown`: the call may or may not have been carried out (connection lost, 5xx after a create);
 * `final`: anything else, access denied above all.
 */
export type ErrorKind = 'busy' | 'propagating' | 'unknown' | 'final';

/** Everything a run of the engine needs besides the steps. */
export interface EngineContext<Cloud, Config> {
  readonly cloud: Cloud;
  readonly config: Config;
  readonly owner: Owner;
  readonly session: Session;
  readonly clock: Clock;
  readonly signal?: AbortSignal | undefined;
  readonly emit: Emit;
  /** Wraps every look that is made only because something takes its time, so that the caller can count them apart. */
  readonly polling: <T>(look: () => Promise<T>) => Promise<T>;
  readonly classify: (error: unknown) => ErrorKind;
  readonly newToken: () => string;
  /** Mutating calls at once; EC2 throttles accounts that send many. */
  readonly concurrency: number;
  /** Milliseconds until the second look at something that takes its time: 1000 against AWS. Steps' usual times are in it. */
  readonly pollMs: number;
  /** Milliseconds by which a tag search may lag behind a create. */
  readonly tagLagMs: number;
  /** Milliseconds after which a wait that is stuck for one and the same reason is given up. */
  readonly stuckMs: number;
  /** Milliseconds after which a wait in which nothing moves is given up, although nothing says that it is stuck. */
  readonly standstillMs: number;
}

/** How long a create or update is repeated because something new is not visible yet (IAM mostly). */
export const PROPAGATION_MS = 120_000;

/** A list of steps bound to the cloud and config they are written for. */
export type Steps<Cloud, Config> = readonly AnyStep<Cloud, Config>[];
