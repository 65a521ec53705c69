import type { EngineContext } from './context.ts';
import type { AnyStep } from './step.ts';

/** Tells of every look at a step that is not there yet, or not gone yet. */
export function waiting(
  { emit }: EngineContext<unknown, unknown>,
  step: AnyStep,
  until: 'ready' | 'gone',
): (reason: string, elapsedMs: number) => void {
  const { id, title } = step;
  const deadlineMs = step.timeouts[until] * 60_000;
  const usualSeconds = step.usual?.[until];
  return (reason, elapsedMs) => emit({ type: 'waiting', id, title, reason, elapsedMs, deadlineMs, usualSeconds });
}
