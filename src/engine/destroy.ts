import pLimit from 'p-limit';
import type { EngineContext, Steps } from './context.ts';
import { named, throwAll } from './failure.ts';
import { dependants } from './graph.ts';
import { assertOwned } from './ownership.ts';
import { findRecorded, type Patience, patience } from './recorded.ts';
import { remove } from './remove.ts';
import { runTasks, type Task } from './schedule.ts';
import { searchForIntent } from './search.ts';
import { type AnyStep, type DestroyOptions, type Live, needsOf } from './step.ts';

export interface Kept {
  readonly step: AnyStep;
  readonly live: Live;
  readonly reason: string;
}

export interface Leftover {
  readonly step: AnyStep;
  readonly live: Live;
}

export interface Destroyed {
  /** Kept on purpose, or deleted and for a while restorable: still on record. */
  readonly kept: readonly Kept[];
  /** Still there although AWS accepted its deletion; empty is the proof that nothing is left. */
  readonly left: readonly Leftover[];
}

/**
 * Takes everything down, dependants first. Works from the records and from tags alike: whatever carries a step's tags
 * goes, be it recorded, forgotten or doubled. Kept things stay on record.
 *
 * Throws every error of the run together; the same call again continues.
 */
export async function destroy<Cloud, Config>(
  context: EngineContext<Cloud, Config>,
  steps: Steps<Cloud, Config>,
  options: DestroyOptions,
): Promise<Destroyed> {
  const kept: Kept[] = [];
  /** Ids that were seen to be gone, not only accepted for deletion. */
  const gone = new Set<string>();
  const limit = pLimit(context.concurrency);
  const patient = patience(context, context.tagLagMs);
  const needing = dependants(steps);
  const own = steps.filter((step) => step.goesWith === undefined);
  const tasks = own.map((step): Task => {
    const base = { id: step.id, title: step.title };
    return {
      ...base,
      after: (needing.get(step.id) ?? []).map((id) => ({ id, until: 'ready' })),
      skip: (reason) => context.emit({ type: 'skipped', ...base, reason }),
      run: async () => {
        const startedAt = context.clock.now();
        try {
          const lives = await named('looking for', step, undefined, () => findAll(context, step, patient));
          for (const live of lives) {
            context.emit({ type: 'started', ...base, action: 'delete' });
            const result = await limit(() => remove(context, step, live, options));
            if (result.outcome === 'kept') {
              kept.push({ step, live, reason: result.reason });
              context.emit({ type: 'kept', ...base, resource: live.id, reason: result.reason });
            } else {
              if (step.lingers) gone.add(live.id);
              const elapsedMs = context.clock.now() - startedAt;
              context.emit({ type: 'done', ...base, action: 'delete', resource: live.id, elapsedMs });
            }
          }
        } catch (error) {
          context.emit({ type: 'failed', ...base, action: 'delete', error: error as Error });
          throw error;
        }
      },
    };
  });
  throwAll(await runTasks(tasks, context.signal), context.signal);
  const left: Leftover[] = [];
  for (const { step, live } of await confirmGone(context, own, kept, gone)) {
    const reason: string | undefined = step.remains?.(live);
    if (reason === undefined) left.push({ step, live });
    else kept.push({ step, live, reason });
  }
  await context.session.update((draft) => {
    for (const step of steps) {
      const need = needsOf(step).find(({ key }) => key === step.goesWith);
      if (need && !draft.steps[need.step.id]) delete draft.steps[step.id];
    }
  });
  return { kept, left };
}

/**
 * Everything that is this step's, found by tag and by record. Refuses what the record names without our tags.
 *
 * @param patient absent for the last look: what this run has deleted needs no waiting for
 * @param isGone given for the last look: whether this thing, which is on record, is known to be gone without another one
 */
async function findAll<Cloud, Config>(
  context: EngineContext<Cloud, Config>,
  step: AnyStep<Cloud, Config>,
  patient: Patience | undefined,
  isGone?: (id: string) => Promise<boolean>,
): Promise<Live[]> {
  const { cloud, owner, session } = context;
  const record = session.document.steps[step.id];
  const recorded = record?.id;
  const byName = step.repeatable === 'name';
  if (isGone && byName && recorded !== undefined && (await isGone(recorded))) return [];
  const lives =
    record && recorded === undefined
      ? await searchForIntent(context, step, record, !byName)
      : ((await step.findOwned(cloud, { stack: owner.stack, stepId: step.id })) as Live[]);
  // A thing with a unique name was just looked for by it; any other may have lost its tags.
  const known = recorded === undefined || lives.some((live) => live.id === recorded);
  if (!known && !(isGone && (byName || (await isGone(recorded))))) {
    const live: Live | undefined =
      record && patient
        ? await findRecorded(cloud, step, { ...record, id: recorded }, patient)
        : await step.findById(cloud, recorded);
    if (live) lives.push(live);
  }
  for (const live of lives) assertOwned(live, owner, step);
  return lives;
}

/**
 * Looks once more at every step, all at once, and drops the records of what is confirmed gone: a record is the last
 * trace of a thing that costs money. AWS goes on listing some things for a moment after their deletion, so what is
 * still seen is looked at again for as long as reads may lag.
 *
 * @returns what is still there although it was not kept on purpose.
 */
async function confirmGone<Cloud, Config>(
  context: EngineContext<Cloud, Config>,
  steps: Steps<Cloud, Config>,
  kept: readonly Kept[],
  gone: ReadonlySet<string>,
): Promise<Leftover[]> {
  const isKept = (live: Live): boolean => kept.some((entry) => entry.live.id === live.id);
  const stays = (step: AnyStep, live: Live): boolean => isKept(live) || step.remains?.(live) !== undefined;
  const { clock, signal, tagLagMs, polling } = context;
  type Own = Steps<Cloud, Config>[number];
  const looks = new Map<string, Promise<Live[]>>();
  const look = (step: Own): Promise<Live[]> => {
    const underway =
      looks.get(step.id) ??
      named('looking for', step, undefined, () => findAll(context, step, undefined, (id) => isGone(step, id)));
    looks.set(step.id, underway);
    return underway;
  };
  const isGone = async (step: Own, id: string): Promise<boolean> => {
    if (gone.has(id)) return true;
    const held = needsOf(step).find(({ key }) => key === step.holds)?.step;
    const isRecorded = held && context.session.document.steps[held.id]?.id !== undefined;
    return isRecorded ? (await look(held)).length === 0 : false;
  };
  const seen = new Map<Own, Live[]>();
  let deadline: number | undefined;
  for (let open = steps; ; ) {
    for (const { id } of open) looks.delete(id);
    const lookAtAll = () => Promise.all(open.map(async (step) => seen.set(step, await look(step))));
    await (deadline === undefined ? lookAtAll() : polling(lookAtAll));
    open = open.filter((step) => seen.get(step)?.some((live) => !stays(step, live)));
    // From the end of the first look, which may have taken as long itself.
    deadline ??= clock.now() + tagLagMs;
    if (open.length === 0 || clock.now() >= deadline) break;
    await clock.sleep(tagLagMs / 15, signal);
  }
  await context.session.update((draft) => {
    for (const [step, lives] of seen) if (lives.length === 0) delete draft.steps[step.id];
  });
  return [...seen].flatMap(([step, lives]) => lives.filter((live) => !isKept(live)).map((live) => ({ step, live })));
}
