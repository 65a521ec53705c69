import { Cancelled } from '../errors.ts';
import type { EngineContext } from './context.ts';
import { recordIn } from './create.ts';
import { named, reasonOf } from './failure.ts';
import { assertOwned } from './ownership.ts';
import type { AnyStep, DestroyOptions, Live } from './step.ts';
import { pausable, poll } from './wait.ts';
import { usualMs, waiting } from './waiting.ts';

/** How long after a refusal it is enough to see the blocker still there, instead of asking for the deletion again. */
const BELIEVE_BLOCKER_MS = 60_000;

/** How old the note of a deletion may be when its call is sent again. */
const NOTE_AGE_MS = 60_000;

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

    const deadline = pausable(clock);
    const usual = usualMs(context, step, 'gone');
    let acceptedAt: number | undefined;
    let live: Live | undefined = found;
    let notedAt = Number.NEGATIVE_INFINITY;
    let refused: { readonly at: number; readonly by: string | undefined } | undefined;
    const lookForBlocker = (current: Live): Promise<string | undefined> =>
      polling(async () => step.blockedBy?.(cloud, current));
    await poll({
      what: `${step.title} ${found.id} to be gone`,
      clock: deadline,
      intervalMs: context.pollMs,
      usualMs: usual,
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
        if (acceptedAt === undefined) {
          if (refused?.by !== undefined && clock.now() - refused.at < BELIEVE_BLOCKER_MS) {
            const still = await lookForBlocker(current);
            if (still !== undefined) return { done: false, reason: still };
          }
          try {
            // However long it takes: only the wait for AWS has a deadline.
            await deadline.pausedDuring(() => clear(context, step, current, options));
            if (clock.now() - notedAt > NOTE_AGE_MS) {
              await noteDeletion(context, step, found.id);
              notedAt = clock.now();
            }
            await session.assertHeld();
            await step.destroy(cloud, current, options);
            acceptedAt = clock.now();
            return step.lingers ? { done: false, reason: 'deletion accepted' } : { done: true, value: undefined };
          } catch (error) {
            // "Not settled yet" is a reason to wait here as well.
            if (!['busy', 'propagating'].includes(classify(error))) throw error;
            refused = { at: clock.now(), by: await lookForBlocker(current) };
            return { done: false, reason: refused.by ?? `AWS refuses: ${reasonOf(error)}`, cause: error };
          }
        }
        const detail = step.readiness?.(current).detail ?? 'deleting';
        // Where all goes as usual nobody asks what it waits for.
        const late = clock.now() - acceptedAt > (usual?.[1] ?? 0);
        const blocker = late ? await lookForBlocker(current) : undefined;
        return { done: false, reason: blocker === undefined ? detail : `${detail}; ${blocker}` };
      },
    });
    return { outcome: 'deleted' } as const;
  });
}

/** Has the step take away, part by part, what keeps the thing from being deleted, and tells how far it is. */
async function clear<Cloud>(
  context: EngineContext<Cloud, unknown>,
  step: AnyStep<Cloud>,
  live: Live,
  options: DestroyOptions,
): Promise<void> {
  if (!step.clear) return;
  const { cloud, clock, session, signal } = context;
  const startedAt = clock.now();
  const tell = waiting(context, step, 'gone');
  for (;;) {
    await session.assertHeld();
    const progress = await step.clear(cloud, live, options);
    if (progress === undefined) return;
    if (signal?.aborted) throw new Cancelled();
    tell(progress, clock.now() - startedAt);
  }
}

/** Intent first, as for a create: a run that comes after this one knows what AWS may list although it is gone. */
async function noteDeletion(
  context: Pick<EngineContext<unknown, unknown>, 'session' | 'newToken'>,
  step: AnyStep,
  id: string,
): Promise<void> {
  const deletion = { id, at: new Date().toISOString() };
  await context.session.update((draft) => {
    draft.steps[step.id] = { id, ...recordIn(context, draft, step), deletion };
  });
}
