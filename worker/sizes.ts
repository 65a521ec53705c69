import type { WorkerOptions } from '@temporalio/worker';

/** How much this worker takes on at once. What is not given the SDK decides. */
export type Sizes = Pick<
  WorkerOptions,
  | 'maxCachedWorkflows'
  | 'maxConcurrentWorkflowTaskExecutions'
  | 'maxConcurrentActivityTaskExecutions'
  | 'maxConcurrentLocalActivityExecutions'
>;

/** The task definition's numbers, which follow from the size of the task. */
export function readSizes(env: Record<string, string>, problems: string[]): Sizes {
  const number = (name: string): number | undefined => {
    const text = env[name];
    if (text === undefined) return undefined;
    if (!/^[1-9]\d{0,5}$/.test(text)) problems.push(`${name} is "${text}", not a whole number from 1 on`);
    return Number(text);
  };
  const cached = number('TEMPORAL_FARGATE_CACHED_WORKFLOWS');
  const workflowTasks = number('TEMPORAL_FARGATE_WORKFLOW_TASK_SLOTS');
  const activities = number('TEMPORAL_FARGATE_ACTIVITY_SLOTS');
  return {
    ...(cached && { maxCachedWorkflows: cached }),
    ...(workflowTasks && { maxConcurrentWorkflowTaskExecutions: workflowTasks }),
    ...(activities && {
      maxConcurrentActivityTaskExecutions: activities,
      maxConcurrentLocalActivityExecutions: activities,
    }),
  };
}
