import * as z from 'zod';

/** One time that a worker was deployed. */
export const deploymentRecord = z.strictObject({
  worker: z.string(),
  /** ARN of the task definition's revision; absent until it is known. */
  taskDefinition: z.string().optional(),
  /** `sha256:…` of the image; absent until it is known. */
  image: z.string().optional(),
  /** "init", "deploy", "rollback" */
  command: z.string(),
  /** Whose credentials: an ARN without its account. Empty where that was not kept. */
  by: z.string(),
  /** ISO 8601, by the clock of the machine that deployed. */
  startedAt: z.string(),
  /** By the same clock; absent while it is under way. */
  endedAt: z.string().optional(),
  /**
   * `completed`: ECS has done it, and the worker was seen to poll, or to be healthy. `unproven`: ECS has done it, and
   * nobody has seen that. `rolled-back`: ECS went back to the revision before. `stopped`: ECS gave it up, with nothing
   * to go back to. `failed`: it ended before ECS had done it. `interrupted`: the command ended before it did.
   */
  outcome: z.enum(['underway', 'completed', 'unproven', 'rolled-back', 'stopped', 'failed', 'interrupted']),
});

export type DeploymentRecord = z.infer<typeof deploymentRecord>;
export type Outcome = DeploymentRecord['outcome'];
/** Oldest first. */
export type History = readonly DeploymentRecord[];

/** How many are kept of each worker. */
export const MOST_RECORDS = 50;

/** With new deployments under way. What was so before is not any more: there is one run at a time. */
export function begun(
  history: History,
  workers: readonly string[],
  run: Pick<DeploymentRecord, 'command' | 'by' | 'startedAt'>,
): DeploymentRecord[] {
  const ended = history.map((record) =>
    record.outcome === 'underway' ? { ...record, outcome: 'interrupted' as const } : record,
  );
  const all = [...ended, ...workers.map((worker) => ({ worker, ...run, outcome: 'underway' as const }))];
  return all.filter(
    ({ worker }, at) => all.slice(at).filter((later) => later.worker === worker).length <= MOST_RECORDS,
  );
}

/** With the newest deployment of a worker changed. */
export function amended(history: History, worker: string, change: Partial<DeploymentRecord>): DeploymentRecord[] {
  const last = history.findLastIndex((record) => record.worker === worker);
  return history.map((record, at) => (at === last ? { ...record, ...change } : record));
}
