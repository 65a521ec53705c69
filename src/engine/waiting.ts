import type { EngineContext } from './context.ts';
import type { AnyStep } from './step.ts';

/** When a step's wait usually ends, in milliseconds from its start. Emulators whose first pause is shorter are so much quicker. */
export function usualMs(
  { pollMs }: Pick<EngineContext<unknown, unknown>, 'pollMs'>,
  step: AnyStep,
  until: 'ready' | 'gone',
): readonly [number, number] | undefined {
  const [from, to] = step.usual?.[until] ?? [];
  return from === undefined || to === undefined ? undefined : [from * pollMs, to * pollMs];
}

/**
 * Tells of every look at a step that is not there yet, or not gone yet. `stuckUntilMs` is set while nothing goes on: the
 * wait is given up then, before its timeout, and is not a usual one.
 */
export function waiting(
  { emit }: EngineContext<unknown, unknown>,
  step: AnyStep,
  until: 'ready' | 'gone',
): (reason: string, elapsedMs: number, stuckUntilMs?: number) => void {
  const { id, title } = step;
  const deadlineMs = step.timeouts[until] * 60_000;
  const usualSeconds = step.usual?.[until];
  return (reason, elapsedMs, stuckUntilMs) =>
    emit({
      type: 'waiting',
      id,
      title,
      reason,
      elapsedMs,
      ...(stuckUntilMs === undefined
        ? { deadlineMs, usualSeconds }
        : { deadlineMs: Math.min(deadlineMs, stuckUntilMs) }),
    });
}
