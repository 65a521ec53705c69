import pLimit, { type LimitFunction } from 'p-limit';
import { Bug, Cancelled, UserError } from '../errors.ts';
import type { EngineContext } from './context.ts';
import { converge } from './converge.ts';
import type { StepAction } from './events.ts';
import { throwAll } from './failure.ts';
import { dependants } from './graph.ts';
import { type Plan, retiresLate } from './plan.ts';
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
 * Throws every error of the run together; what succeeded is in the state, so the same call again continues.
 */
export async function apply<Cloud, Config>(
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
  const needing = dependants(plan.items.map((item) => item.step));
  const tasks = plan.items.flatMap(({ step, action, live, duplicates }): Task[] => {
    const leaves = action === 'replace' || action === 'retire';
    // Duplicates of what stays go in the first round.
    if (!actions.includes(leaves ? action : 'replace')) return [];
    const skip = (reason: string): void => context.emit({ type: 'skipped', id: step.id, title: step.title, reason });
    const extra = duplicates.map((duplicate) => ({
      id: `${step.id} ${duplicate.id}`,
      after: [],
      skip,
      run: () => retireOne(context, step, duplicate, limit),
    }));
    if (!leaves) return extra;
    const own = {
      id: step.id,
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
    message: `replacing ${step.title} ${live.id}: it ${reason} and is not deleted by an update`,
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
      after: needsOf(step).map((need) => ({ id: need.step.id, until: need.until })),
      skip: (reason) => context.emit({ type: 'skipped', id: step.id, title: step.title, reason }),
      run: (created) =>
        reporting(context, step, item.action === 'retire' ? 'delete' : item.action, async () => {
          const from = Object.fromEntries(needsOf(step).map((need) => [need.key, mustHave(lives, need.step.id)]));
          const existing = item.action === 'replace' || item.action === 'create' ? undefined : item.live;
          const leaving = item.action === 'create' ? item.live : undefined;
          const onCreated = (first: Live): void => {
            lives.set(step.id, first);
            created();
          };
          const want = step.want(context.config, from);
          const live = await converge(context, step, want, existing, limit, onCreated, leaving);
          lives.set(step.id, live);
          return live.id;
        }),
    };
  });
  throwAll(await runTasks(tasks, context.signal), context.signal);
  return lives;
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
