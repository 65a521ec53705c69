import pLimit, { type LimitFunction } from 'p-limit';
import { Bug, Cancelled, UserError } from '../errors.ts';
import type { EngineContext } from './context.ts';
import { createOptions, createThing, retryPropagation, saveId } from './create.ts';
import type { StepAction } from './events.ts';
import { named, throwAll } from './failure.ts';
import { dependants } from './graph.ts';
import { loaded } from './observe.ts';
import { assertOwned } from './ownership.ts';
import { type Plan, retiresLate } from './plan.ts';
import { remove } from './remove.ts';
import { runTasks, type Task } from './schedule.ts';
import { type AnyStep, type Live, needsOf } from './step.ts';
import { poll } from './wait.ts';

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
          const live = await converge(context, step, step.want(context.config, from), existing, limit, (first) => {
            lives.set(step.id, first);
            created();
          });
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

/** Observe, ensure, sync, wait: one path for a thing that is new, found, drifted or already right. */
async function converge<Cloud>(
  context: EngineContext<Cloud, unknown>,
  step: AnyStep<Cloud>,
  want: unknown,
  existing: Live | undefined,
  limit: LimitFunction,
  created: (live: Live) => void,
): Promise<Live> {
  let live: Live;
  let fresh = false;
  if (existing) {
    live = existing;
    if (context.session.document.steps[step.id]?.id !== live.id) await saveId(context, step, live);
  } else {
    await awaitGone(context, step);
    ({ live, fresh } = await limit(() => createThing(context, step, want)));
  }
  created(live);

  if (step.diff(want, live).length > 0) {
    live = await limit(() => sync(context, step, want, live, fresh));
  }
  return awaitReady(context, step, want, live);
}

/** Reads the thing, checks that it is ours, and changes what differs. A thing made a moment ago needs no reading. */
async function sync<Cloud>(
  context: EngineContext<Cloud, unknown>,
  step: AnyStep<Cloud>,
  want: unknown,
  known: Live,
  fresh: boolean,
): Promise<Live> {
  const { cloud, owner, session } = context;
  const current = fresh ? known : await reread(context, step, known.id);
  assertOwned(current, owner, step);
  const changes = step.diff(want, current);
  const [fixed] = changes.filter((change) => change.how === 'replace' || !step.update);
  if (fixed) throw changedMeanwhile(step, current, fixed.field);
  if (changes.length === 0) return current;
  const token = context.newToken();
  const newId = await named('updating', step, current.id, () =>
    retryPropagation(context, step, () => {
      session.assertHeld();
      return (
        step.update?.(cloud, current, want, changes, createOptions(context, step, token)) ?? Promise.resolve(undefined)
      );
    }),
  );
  const id = newId ?? current.id;
  const updated = await reread(context, step, id);
  if (id !== current.id) await saveId(context, step, updated);
  return updated;
}

async function reread<Cloud>(context: EngineContext<Cloud, unknown>, step: AnyStep<Cloud>, id: string): Promise<Live> {
  const live = await step.findById(context.cloud, id);
  if (live) return loaded(context.cloud, step, live);
  throw new UserError({
    code: 'VANISHED',
    message: `${step.title} ${id} was deleted while this command ran`,
    fix: 'Run the command again: it makes a new one.',
  });
}

function changedMeanwhile(step: AnyStep, live: Live, field: string): UserError {
  return new UserError({
    code: 'PLAN_STALE',
    message: `${step.title} ${live.id} would have to be replaced (${field}), which the plan did not say`,
    fix: 'Run the command again and look at its new plan.',
  });
}

/** A predecessor of the same name that AWS is still deleting has to be gone first. */
async function awaitGone<Cloud>(context: EngineContext<Cloud, unknown>, step: AnyStep<Cloud>): Promise<void> {
  const id = context.session.document.steps[step.id]?.id;
  if (!step.readiness || id === undefined) return;
  await poll<void>({
    what: `${step.title} ${id} to be gone`,
    clock: context.clock,
    intervalMs: context.pollMs,
    signal: context.signal,
    timeoutMs: step.timeouts.gone * 60_000,
    onWaiting: waiting(context, step, step.timeouts.gone),
    probe: async () => {
      const live = await context.polling(() => step.findById(context.cloud, id));
      const readiness = live && step.readiness?.(live);
      if (readiness?.state === 'leaving') return { done: false, reason: readiness.detail };
      return { done: true, value: undefined };
    },
  });
}

async function awaitReady<Cloud>(
  context: EngineContext<Cloud, unknown>,
  step: AnyStep<Cloud>,
  want: unknown,
  first: Live,
): Promise<Live> {
  if (!step.readiness) return first;
  let live: Live | undefined = first;
  return poll<Live>({
    what: `${step.title} ${first.id} to become ready`,
    clock: context.clock,
    intervalMs: context.pollMs,
    signal: context.signal,
    timeoutMs: step.timeouts.ready * 60_000,
    onWaiting: waiting(context, step, step.timeouts.ready),
    probe: async () => {
      const current: Live = live ?? (await context.polling(() => reread(context, step, first.id)));
      live = undefined;
      const readiness = step.readiness?.(current, want);
      if (!readiness || readiness.state === 'ready') return { done: true, value: current };
      if (readiness.state === 'waiting') return { done: false, reason: readiness.detail };
      throw new UserError({
        code: 'NEVER_READY',
        message: `waiting for ${step.title} ${first.id} to become ready: ${readiness.detail}`,
        fix: 'Mend the cause and run the command again: it replaces what failed.',
      });
    },
  });
}

function waiting(context: EngineContext<unknown, unknown>, step: AnyStep, minutes: number) {
  return (reason: string, elapsedMs: number): void =>
    context.emit({ type: 'waiting', id: step.id, title: step.title, reason, elapsedMs, deadlineMs: minutes * 60_000 });
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
