import type { LimitFunction } from 'p-limit';
import { UserError } from '../errors.ts';
import { awaitReady } from './await-ready.ts';
import type { EngineContext } from './context.ts';
import { createOptions, createThing, retryPropagation, saveId } from './create.ts';
import { named } from './failure.ts';
import { loaded } from './observe.ts';
import { assertOwned } from './ownership.ts';
import { findPatiently, isFresh, patience } from './recorded.ts';
import type { AnyStep, Live } from './step.ts';
import { poll } from './wait.ts';
import { usualMs, waiting } from './waiting.ts';

/**
 * Observe, ensure, sync, wait: one path for a thing that is new, found, drifted or already right. `leaving` is one of
 * the same name that AWS was still deleting when it was looked at.
 *
 * @param reached is told when the thing exists and when it is ready; its id is stored when all is done
 */
export async function converge<Cloud>(
  context: EngineContext<Cloud, unknown>,
  step: AnyStep<Cloud>,
  want: unknown,
  existing: Live | undefined,
  limit: LimitFunction,
  reached: (until: 'created' | 'ready', live: Live) => void,
  leaving?: Live,
): Promise<Live> {
  let live: Live;
  let fresh = false;
  let stored: Promise<void> | undefined;
  if (existing) {
    live = existing;
    const record = context.session.document.steps[step.id];
    if (record?.id !== live.id || record.deletion?.id === live.id) await saveId(context, step, live);
  } else {
    await awaitGone(context, step, leaving?.id ?? context.session.document.steps[step.id]?.id);
    ({ live, fresh, stored } = await limit(() => createThing(context, step, want)));
  }
  reached('created', live);

  if (step.diff(want, live).length > 0) {
    live = await limit(() => sync(context, step, want, live, fresh));
  }
  live = await awaitReady(context, step, want, live, () => reread(context, step, live.id));
  reached('ready', live);
  await stored;
  return live;
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
  const told = await named('updating', step, current.id, () =>
    retryPropagation(context, step, async (): Promise<Live | undefined> => {
      await session.assertHeld();
      return step.update?.(cloud, current, want, changes, createOptions(context, step, token));
    }),
  );
  const updated = told ?? (await reread(context, step, current.id));
  if (updated.id !== current.id) await saveId(context, step, updated);
  return updated;
}

/** A thing is gone when AWS does not show it twice in a row; one made a moment ago when it has had the time to appear. */
async function reread<Cloud>(context: EngineContext<Cloud, unknown>, step: AnyStep<Cloud>, id: string): Promise<Live> {
  const { pollMs, tagLagMs } = context;
  const record = context.session.document.steps[step.id];
  const lagMs = record && isFresh(record) ? tagLagMs : pollMs;
  const live = await findPatiently(context.cloud, step, id, patience(context, lagMs));
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
async function awaitGone<Cloud>(
  context: EngineContext<Cloud, unknown>,
  step: AnyStep<Cloud>,
  id: string | undefined,
): Promise<void> {
  if (!step.readiness || id === undefined) return;
  await poll<void>({
    what: `${step.title} ${id} to be gone`,
    clock: context.clock,
    intervalMs: context.pollMs,
    usualMs: usualMs(context, step, 'gone'),
    signal: context.signal,
    timeoutMs: step.timeouts.gone * 60_000,
    onWaiting: waiting(context, step, 'gone'),
    probe: async () => {
      const live = await context.polling(() => step.findById(context.cloud, id));
      const readiness = live && step.readiness?.(live);
      if (readiness?.state === 'leaving') return { done: false, reason: readiness.detail };
      return { done: true, value: undefined };
    },
  });
}
