import type { WorkerConfig } from '../../config/schema.ts';

/** The smallest and the largest number of tasks that may run of a worker. */
export const taskRange = ({
  paused,
  scaling,
}: Pick<WorkerConfig, 'paused' | 'scaling'>): { min: number; max: number } =>
  paused ? { min: 0, max: 0 } : { min: scaling.min, max: scaling.max };
