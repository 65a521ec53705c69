import type { WorkerConfig } from '../config/schema.ts';
import { ok, type Verdict, warn } from './check.ts';

/** Whether a task stays when Spot has no capacity: weights split, they do not fail over. */
export function judgeSpot(workers: readonly WorkerConfig[]): Verdict {
  if (workers.every(({ spotWeight }) => spotWeight === 0)) return ok('all tasks run on demand');
  const without = workers.filter(({ spotWeight, onDemandBase }) => spotWeight > 0 && onDemandBase === 0);
  if (without.length === 0) return ok('some tasks always run on demand');
  return warn(
    'no task is sure to run when Spot has no capacity: nothing fails over to on-demand',
    'For one that is, give --on-demand-base 1; temporal-fargate cost shows what it costs.',
  );
}
