import type { StepRecord } from '../../state/document.ts';
import { type EngineContext, PROPAGATION_MS } from './context.ts';
import { TAG } from './ownership.ts';
import type { AnyStep, Live } from './step.ts';
import type { Clock } from './wait.ts';

/**
 * What a record this young names may have been made without being visible yet. The record is older than the thing by
 * as long as its create was refused for the same reason.
 */
const FRESH_MS = PROPAGATION_MS + 60_000;

export const isFresh = (record: Pick<StepRecord, 'startedAt'>): boolean =>
  Date.now() - Date.parse(record.startedAt) < FRESH_MS;

/** Whether this thing was to be deleted so short a time ago that AWS may still list what is gone. */
const isLeaving = ({ deletion }: StepRecord, id: string): boolean =>
  deletion?.id === id && isFresh({ startedAt: deletion.at });

/** Until when what AWS shows may not be so yet: not there, or no longer. One for all looks of a run. */
export interface Patience {
  readonly clock: Clock;
  readonly polling: EngineContext<unknown, unknown>['polling'];
  readonly signal?: AbortSignal | undefined;
  /** By `clock`. */
  readonly until: number;
  readonly intervalMs: number;
}

export const patience = (
  { clock, polling, signal }: Pick<Patience, 'clock' | 'polling' | 'signal'>,
  lagMs: number,
): Patience => ({ clock, polling, signal, until: clock.now() + lagMs, intervalMs: lagMs / 15 });

/**
 * Looks at the thing with this id until AWS shows it with its tags, which come later than the thing. When patience is
 * at its end, what was seen last is the truth: nothing, or something that is not ours.
 */
export const findPatiently = <Cloud>(
  cloud: Cloud,
  step: AnyStep<Cloud>,
  id: string,
  patient: Patience,
): Promise<Live | undefined> => lookUntil(cloud, step, id, patient, isShown);

/**
 * Looks at what a record names: once, or patiently when it may have been made a moment ago and be not shown yet, or
 * deleted a moment ago and be shown still.
 */
export function findRecorded<Cloud>(
  cloud: Cloud,
  step: AnyStep<Cloud>,
  record: StepRecord & { readonly id: string },
  patient: Patience,
): Promise<Live | undefined> {
  const fresh = isFresh(record);
  const leaving = isLeaving(record, record.id);
  return lookUntil(cloud, step, record.id, patient, (live) => {
    if (live === undefined) return !fresh;
    if (leaving) return step.readiness?.(live).state === 'leaving';
    return !fresh || isShown(live);
  });
}

const isShown = (live: Live | undefined): boolean => live?.tags[TAG.managed] !== undefined;

async function lookUntil<Cloud>(
  cloud: Cloud,
  step: AnyStep<Cloud>,
  id: string,
  { clock, polling, signal, until, intervalMs }: Patience,
  believable: (live: Live | undefined) => boolean,
): Promise<Live | undefined> {
  let live: Live | undefined = await step.findById(cloud, id);
  for (let left = until - clock.now(); left > 0 && !believable(live); left = until - clock.now()) {
    await clock.sleep(Math.min(intervalMs, left), signal);
    live = await polling(() => step.findById(cloud, id));
  }
  return live;
}

/**
 * What a search found, without the thing that was here before and is still listed. What is known by its name has the same
 * one again when it was made anew: that it is there is believed.
 */
export const withoutPredecessor = (
  { repeatable }: Pick<AnyStep, 'repeatable'>,
  lives: readonly Live[],
  record: StepRecord | undefined,
): Live[] => lives.filter(({ id }) => repeatable === 'name' || id !== record?.deletion?.id);
