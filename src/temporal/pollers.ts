import type { Client } from '@temporalio/client';
import { temporal } from '@temporalio/proto';

/** A worker that asked a task queue for work. */
export interface Poller {
  /** `<stack>/<task id>/<image digest, 12>` for our workers. */
  readonly identity: string;
  readonly lastSeen: Date;
}

/** A poll is held open for up to 60 s and renewed at once; a poller older than this has gone away. */
const STALE_MS = 90_000;

/** Workers that poll the queue now, for workflow tasks and for activities alike. */
export async function pollersOf(client: Client, taskQueue: string): Promise<Poller[]> {
  const { TaskQueueType } = temporal.api.enums.v1;
  const types = [TaskQueueType.TASK_QUEUE_TYPE_WORKFLOW, TaskQueueType.TASK_QUEUE_TYPE_ACTIVITY];
  const answers = await Promise.all(
    types.map((taskQueueType) =>
      client.workflowService.describeTaskQueue({
        namespace: client.options.namespace,
        taskQueue: { name: taskQueue },
        taskQueueType,
      }),
    ),
  );
  const newest = new Map<string, number>();
  for (const { identity, lastAccessTime } of answers.flatMap((answer) => answer.pollers ?? [])) {
    const at = Number(lastAccessTime?.seconds ?? 0) * 1000;
    if (identity && Date.now() - at < STALE_MS) newest.set(identity, Math.max(at, newest.get(identity) ?? 0));
  }
  return [...newest].map(([identity, at]) => ({ identity, lastSeen: new Date(at) }));
}

/** Our worker's identity: of this stack, this image, and one of these tasks. */
export function isPollerOf(poller: Poller, stack: string, imageDigest: string, taskIds: readonly string[]): boolean {
  const [theirStack, taskId, digest] = poller.identity.split('/');
  return (
    theirStack === stack &&
    digest === imageDigest.replace(/^sha256:/, '').slice(0, 12) &&
    taskIds.includes(taskId ?? '')
  );
}
