import type { StepRecord } from '../../state/document.ts';
import type { EngineContext } from './context.ts';
import { isFresh, withoutPredecessor } from './recorded.ts';
import type { AnyStep, Live } from './step.ts';
import { poll } from './wait.ts';

/**
 * Looks for what an intent without an id may have made. With `patient`, a fresh intent is searched for longer than
 * reads by tag lag behind.
 */
export async function searchForIntent<Cloud>(
  context: EngineContext<Cloud, unknown>,
  step: AnyStep<Cloud>,
  record: StepRecord,
  patient: boolean,
): Promise<Live[]> {
  const { cloud, owner, clock, signal, tagLagMs } = context;
  const lagMs = patient && isFresh(record) ? tagLagMs : 0;
  const startedAt = clock.now();
  return poll<Live[]>({
    what: `${step.title} to appear`,
    clock,
    signal,
    timeoutMs: tagLagMs * 2,
    intervalMs: tagLagMs / 5,
    onWaiting: (reason, elapsedMs) =>
      context.emit({ type: 'waiting', id: step.id, title: step.title, reason, elapsedMs, deadlineMs: tagLagMs }),
    probe: async () => {
      const tagged: Live[] = await context.polling(() =>
        step.findOwned(cloud, { stack: owner.stack, stepId: step.id }),
      );
      const found = withoutPredecessor(step, tagged, record);
      if (found.length > 0 || clock.now() - startedAt >= lagMs) return { done: true, value: found };
      return { done: false, reason: 'an interrupted run may have made it; looking by tag' };
    },
  });
}
