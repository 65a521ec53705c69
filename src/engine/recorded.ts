import type { StepRecord } from '../../state/document.ts';
import { PROPAGATION_MS } from './context.ts';
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

/** Until when a thing that AWS does not show may all the same be there. One for all looks of a run. */
export interface Patience {
  readonly clock: Clock;
  readonly signal?: AbortSignal | undefined;
  /** By `clock`. */
  readonly until: number;
  readonly intervalMs: number;
}

export const patience = (clock: Clock, lagMs: number, signal?: AbortSignal): Patience => ({
  clock,
  signal,
  until: clock.now() + lagMs,
  intervalMs: lagMs / 15,
});

/**
 * Looks at the thing with this id until AWS shows it with its tags, which come later than the thing. When patience is
 * at its end, what was seen last is the truth: nothing, or something that is not ours.
 */
export async function findPatiently<Cloud>(
  cloud: Cloud,
  step: AnyStep<Cloud>,
  id: string,
  { clock, signal, until, intervalMs }: Patience,
): Promise<Live | undefined> {
  for (;;) {
    const live: Live | undefined = await step.findById(cloud, id);
    const left = until - clock.now();
    if (live?.tags[TAG.managed] !== undefined || left <= 0) return live;
    await clock.sleep(Math.min(intervalMs, left), signal);
  }
}

/** Looks at what a record names: once, or patiently when that may have been made a moment ago. */
export async function findRecorded<Cloud>(
  cloud: Cloud,
  step: AnyStep<Cloud>,
  record: StepRecord & { readonly id: string },
  patient: Patience,
): Promise<Live | undefined> {
  return isFresh(record) ? findPatiently(cloud, step, record.id, patient) : step.findById(cloud, record.id);
}
