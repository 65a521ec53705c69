import pLimit, { type LimitFunction } from 'p-limit';
import { asError, Bug, Cancelled, UserError } from '../errors.ts';
import type { EngineContext } from './context.ts';
import { converge } from './converge.ts';
import type { StepAction } from './events.ts';
import { NeverReady, remedyOf, throwAll } from './failure.ts';
import { dependants } from './graph.ts';
import { observe } from './observe.ts';
import { makePlan, type Plan, retiresLate, summarize } from './plan.ts';
import { patience } from './recorded.ts';
import { remove } from './remove.ts';
import { runTasks, type Task } from './schedule.ts';
import { type AnyStep, type Live, needsOf } from './step.ts';

/**
 * Makes the cloud what the plan says. What is replaced goes first, backwards; then everything is created, updated and
 * awaited forwards, each step as soon as its needs are met. What is no longer wanted goes first as well, unless
 * something that stays still uses it: then it goes when that has been moved off it.
 *
 * @returns every live thing by step id.
 *
 * Throws every error of the run together; what succeeded is in the state, so the same call again continues. That is
 * what it does by itself, a few times, where AWS has given up a thing for a reason that may pass.
 */
export async function apply<Cloud, Config>(
  context: EngineContext<Cloud, Config>,
  plan: Plan<Cloud, Config>,
): Promise<ReadonlyMap<string, Live>> {
  for (let round = 1, current = plan; ; round += 1) {
    try {
      return await applyOnce(context, current);
    } catch (error) {
      const remedy = remedyOf(error);
      if ((remedy !== 'remake' && remedy !== 'retry') || round === ROUNDS) throw error;
      const next = await planAgain(context, current);
      // What nobody has agreed to is for the next run's plan to show.
      if (next.problems.length > 0 || summarize(next).destructive) throw error;
      current = next;
    }
  }
}

/** Things that fail for AWS's own reasons are made so many times. */
const ROUNDS = 3;

async function planAgain<Cloud, Config>(
  context: EngineContext<Cloud, Config>,
  { items, earlier }: Plan<Cloud, Config>,
): Promise<Plan<Cloud, Config>> {
  const { cloud, config, owner, session, tagLagMs } = context;
  const records = session.document.steps;
  const of = (retired: boolean) =>
    items.flatMap(({ step, action }) => ((action === 'retire') === retired ? [step] : []));
  const steps = of(false);
  const retired = of(true).filter(({ id }) => records[id]);
  const observed = await observe(cloud, owner, [...steps, ...retired], records, patience(context, tagLagMs));
  return makePlan({ config, steps, earlier, records, observed });
}

async function applyOnce<Cloud, Config>(
  context: EngineContext<Cloud, Config>,
  plan: Plan<Cloud, Config>,
): Promise<ReadonlyMap<string, Live>> {
  throwAll(plan.problems);
  const limit = pLimit(context.concurrency);
  const late = retiresLate(plan);
  await retire(context, plan, limit, late ? ['replace'] : ['replace', 'retire']);
  const lives = await build(context, plan, limit);
  if (late) await retire(context, plan, limit, ['retire']);
  return lives;
}

async function retire<Cloud, Config>(
  context: EngineContext<Cloud, Config>,
  plan: Plan<Cloud, Config>,
  limit: LimitFunction,
  actions: readonly ('replace' | 'retire')[],
): Promise<void> {
  // A service that moves to another network still runs in the old one, although it no longer needs it.
  const needing = dependants([...plan.items.map((item) => item.step), ...plan.earlier]);
  const tasks = plan.items.flatMap(({ step, action, live, duplicates }): Task[] => {
    const leaves = action === 'replace' || action === 'retire';
    // Duplicates of what stays go in the first round.
    if (!actions.includes(leaves ? action : 'replace')) return [];
    const skip = (reason: string): void => context.emit({ type: 'skipped', id: step.id, title: step.title, reason });
    const extra = duplicates.map((duplicate) => ({
      id: `${step.id} ${duplicate.id}`,
      title: step.title,
      after: [],
      skip,
      run: () => retireOne(context, step, duplicate, limit),
    }));
    if (!leaves) return extra;
    const own = {
      id: step.id,
      title: step.title,
      after: (needing.get(step.id) ?? []).map((id) => ({ id, until: 'ready' as const })),
      skip,
      run: async () => {
        await retireOne(context, step, live, limit);
        // A replaced step keeps its record: its id is gone, which the next run would find out by itself.
        if (action === 'retire') await forget(context, step);
      },
    };
    return [own, ...extra];
  });
  throwAll(await runTasks(tasks, context.signal), context.signal);
}

async function retireOne<Cloud>(
  context: EngineContext<Cloud, unknown>,
  step: AnyStep<Cloud>,
  live: Live | undefined,
  limit: LimitFunction,
): Promise<void> {
  if (live === undefined) return;
  await reporting(context, step, 'delete', async () => {
    const found = await step.findById(context.cloud, live.id);
    if (found) {
      const result = await limit(() => remove(context, step, found, { purge: false, deleteData: false }));
      if (result.outcome === 'kept') throw keptInTheWay(step, found, result.reason);
    }
    return live.id;
  });
}

function keptInTheWay(step: AnyStep, live: Live, reason: string): UserError {
  return new UserError({
    code: 'KEPT',
    message: `deleting ${step.title} ${live.id}: it ${reason} and is not deleted by an update`,
    fix: 'Move the data away and empty it, or take the change back.',
  });
}

/** Drops the record of what is gone. */
async function forget(context: EngineContext<unknown, unknown>, step: AnyStep): Promise<void> {
  await context.session.update((draft) => {
    delete draft.steps[step.id];
  });
}

async function build<Cloud, Config>(
  context: EngineContext<Cloud, Config>,
  plan: Plan<Cloud, Config>,
  limit: LimitFunction,
): Promise<ReadonlyMap<string, Live>> {
  const lives = new Map<string, Live>();
  const items = plan.items.filter((item) => item.action !== 'retire');
  const tasks = items.map((item): Task => {
    const { step } = item;
    return {
      id: step.id,
      title: step.title,
      after: needsOf(step).map((need) => ({ id: need.step.id, until: need.until })),
      skip: (reason) => context.emit({ type: 'skipped', id: step.id, title: step.title, reason }),
      run: (reached) =>
        reporting(context, step, item.action === 'retire' ? 'delete' : item.action, async () => {
          const from = Object.fromEntries(needsOf(step).map((need) => [need.key, mustHave(lives, need.step.id)]));
          const existing = item.action === 'replace' || item.action === 'create' ? undefined : item.live;
          const leaving = item.action === 'create' ? item.live : undefined;
          const onReached = (until: 'created' | 'ready', live: Live): void => {
            lives.set(step.id, live);
            reached(until);
          };
          const want = step.want(context.config, from);
          const { id } = await converge(context, step, want, existing, limit, onReached, leaving);
          return id;
        }),
    };
  });
  const errors = await runTasks(tasks, context.signal);
  // Only now that nothing runs any more: something may just have been pointed at what has failed.
  for (const error of errors) {
    if (error instanceof NeverReady && error.remedy && error.remedy !== 'retry') await discard(context, error);
  }
  throwAll(errors, context.signal);
  return lives;
}

/** Deletes what will never be of use and drops its record; where that fails, the next run finds both. */
async function discard(context: EngineContext<unknown, unknown>, { step, live }: NeverReady): Promise<void> {
  try {
    await remove(context, step, live, { purge: false, deleteData: false });
  } catch (error) {
    const text = `${live.id} failed and could not be deleted: ${asError(error).message}`;
    context.emit({ type: 'note', id: step.id, title: step.title, text });
    return;
  }
  await forget(context, step);
}

function mustHave(lives: ReadonlyMap<string, Live>, id: string): Live {
  const live = lives.get(id);
  if (!live) throw new Bug(`step ${id} counts as met, but nothing live is known of it`);
  return live;
}

/** Wraps a step's work in its started, done and failed events. */
async function reporting(
  context: EngineContext<unknown, unknown>,
  step: AnyStep,
  action: StepAction,
  work: () => Promise<string>,
): Promise<void> {
  const { emit, clock } = context;
  const base = { id: step.id, title: step.title };
  const startedAt = clock.now();
  emit({ type: 'started', ...base, action });
  try {
    const id = await work();
    emit({ type: 'done', ...base, action, resource: id, elapsedMs: clock.now() - startedAt });
  } catch (error) {
    if (error instanceof Cancelled)
      emit({ type: 'skipped', ...base, reason: 'interrupted; what was done is recorded' });
    else emit({ type: 'failed', ...base, action, error: error as Error });
    throw error;
  }
}
