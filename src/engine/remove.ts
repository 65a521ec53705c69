import type { EngineContext } from './context.ts';
import { named, reasonOf } from './failure.ts';
import { assertOwned } from './ownership.ts';
import type { AnyStep, DestroyOptions, Live } from './step.ts';
import { poll } from './wait.ts';
import { waiting } from './waiting.ts';

/** How often `blockedBy` may be asked while a delete is refused; each look is a call. */
const LOOK_FOR_BLOCKER_MS = 15_000;

/**
 * Deletes one live thing of ours: reads it, checks its tags, asks for its deletion until AWS accepts it, and waits
 * until it is gone where others depend on that. Emits what it waits for, with the blocker's name.
 *
 * @returns `kept` with the reason when the step keeps it, else `deleted` (also when it was gone already).
 */
export async function remove<Cloud>(
  context: EngineContext<Cloud, unknown>,
  step: AnyStep<Cloud>,
  found: Live,
  options: DestroyOptions,
): Promise<{ outcome: 'deleted' } | { outcome: 'kept'; reason: string }> {
  const { cloud, owner, session, clock, signal, classify, polling } = context;
  assertOwned(found, owner, step);
  return named('deleting', step, found.id, async () => {
    const kept = await step.keep?.(cloud, found, options);
    if (kept !== undefined) return { outcome: 'kept', reason: kept } as const;

    let accepted = false;
    let live: Live | undefined = found;
    let blocker: { text: string | undefined; at: number } | undefined;
    await poll({
      what: `${step.title} ${found.id} to be gone`,
      clock,
      intervalMs: context.pollMs,
      signal,
      timeoutMs: step.timeouts.gone * 60_000,
      onWaiting: waiting(context, step, 'gone'),
      probe: async () => {
        // The first look is the caller's own read, made a moment ago.
        live ??= await polling(() => step.findById(cloud, found.id));
        if (live === undefined) return { done: true, value: undefined };
        assertOwned(live, owner, step);
        const current = live;
        live = undefined;
        if (!accepted) {
          try {
            session.assertHeld();
            await step.destroy(cloud, current, options);
            accepted = true;
            return step.lingers ? { done: false, reason: 'deletion accepted' } : { done: true, value: undefined };
          } catch (error) {
            // "Not settled yet" is a reason to wait here as well.
            if (!['busy', 'propagating'].includes(classify(error))) throw error;
            if (blocker === undefined || clock.now() - blocker.at > LOOK_FOR_BLOCKER_MS) {
              blocker = { text: await step.blockedBy?.(cloud, current), at: clock.now() };
            }
            return { done: false, reason: blocker.text ?? `AWS refuses: ${reasonOf(error)}`, cause: error };
          }
        }
        const reason = step.readiness?.(current).detail ?? 'deleting';
        return { done: false, reason };
      },
    });
    return { outcome: 'deleted' } as const;
  });
}
