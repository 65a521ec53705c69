import type { StepRecord } from '../../state/document.ts';
import { asError, ManyErrors } from '../errors.ts';
import { named } from './failure.ts';
import { type Claim, isOwned, notOwned } from './ownership.ts';
import { findRecorded, type Patience, withoutPredecessor } from './recorded.ts';
import type { AnyStep, Live } from './step.ts';

/** What the cloud holds for one step. */
export type Observed =
  | { readonly kind: 'absent' /** The record names a thing that is gone. */; readonly vanished: boolean }
  | { readonly kind: 'present'; readonly live: Live /** Found by tag, not by its record. */; readonly found: boolean }
  | { readonly kind: 'several'; readonly lives: readonly Live[] };

export type ObservedSteps = ReadonlyMap<string, Observed>;
export type Records = Readonly<Record<string, StepRecord>>;

/**
 * Looks at every step at once. The recorded id is a hint, the cloud is the truth: a record whose thing is gone is
 * searched by tag like a step without a record. What was made a moment ago is not gone because AWS does not show it yet.
 *
 * Throws `ManyErrors` with everything that could not be read or is not ours.
 */
export async function observe<Cloud>(
  cloud: Cloud,
  owner: Claim,
  steps: readonly AnyStep<Cloud>[],
  records: Records,
  patient: Patience,
): Promise<ObservedSteps> {
  const errors: Error[] = [];
  const entries = await Promise.all(
    steps.map(async (step) => {
      try {
        const seen = await named('looking for', step, undefined, () =>
          observeStep(cloud, owner, step, records[step.id], patient),
        );
        return [step.id, seen] as const;
      } catch (error) {
        errors.push(asError(error));
        return undefined;
      }
    }),
  );
  if (errors.length > 0) throw new ManyErrors(errors);
  return new Map(entries.filter((entry) => entry !== undefined));
}

async function observeStep<Cloud>(
  cloud: Cloud,
  owner: Claim,
  step: AnyStep<Cloud>,
  record: StepRecord | undefined,
  patient: Patience,
): Promise<Observed> {
  const id = record?.id;
  if (record && id !== undefined) {
    const live = await findRecorded(cloud, step, { ...record, id }, patient);
    if (live) {
      if (!isOwned(live.tags, owner, step.id)) throw notOwned(live, owner, step);
      return { kind: 'present', live: await loaded(cloud, step, live), found: false };
    }
  }
  const tagged: Live[] = await step.findOwned(cloud, { stack: owner.stack, stepId: step.id });
  const candidates = withoutPredecessor(step, tagged, record);
  for (const live of candidates) if (!isOwned(live.tags, owner, step.id)) throw notOwned(live, owner, step);
  const [first, ...others] = candidates;
  if (first === undefined) return { kind: 'absent', vanished: record?.id !== undefined };
  if (others.length > 0) return { kind: 'several', lives: candidates };
  return { kind: 'present', live: await loaded(cloud, step, first), found: true };
}

export async function loaded<Cloud>(cloud: Cloud, step: AnyStep<Cloud>, live: Live): Promise<Live> {
  return step.load ? step.load(cloud, live) : live;
}

/**
 * Of two things of our own, the one that is in use: the one that another live thing of the stack refers to by id.
 * `undefined` when none or several are in use; then a person has to decide.
 */
export function pickUsed(step: AnyStep, lives: readonly Live[], observed: ObservedSteps): Live | undefined {
  const others = [...observed].flatMap(([id, entry]) =>
    id === step.id ? [] : entry.kind === 'present' ? [entry.live] : entry.kind === 'several' ? entry.lives : [],
  );
  const text = JSON.stringify(others);
  const used = lives.filter((live) => mentions(text, live.id));
  return used.length === 1 ? used[0] : undefined;
}

/** Whether JSON text contains this id. */
export const mentions = (json: string, id: string): boolean => json.includes(JSON.stringify(id).slice(1, -1));
