import type { Client } from '@temporalio/client';
import { temporal } from '@temporalio/proto';

/** A worker that asked a task queue for work. */
export interface Poller {
  /** `<stack>/<task id>/<image digest, 12>` for our workers. */
  readonly identity: string;
  readonly lastSeen: Date;
}

/** What waits in a task queue, as far as the server counts: sticky and eager tasks are not in it. */
export interface Backlog {
  readonly workflowTasks: number;
  readonly activities: number;
  /** How long the oldest of them has been waiting, in milliseconds; 0 when nothing waits. */
  readonly oldestMs: number;
}

export interface TaskQueueReport {
  readonly pollers: readonly Poller[];
  /** `undefined` when the server does not tell. */
  readonly backlog: Backlog | undefined;
}

/** A poll is held open for up to 60 s and renewed at once; a poller older than this has gone away. */
const STALE_MS = 90_000;

/** One call for each of the queue's two halves, for workflow tasks and for activities. */
export async function reportTaskQueue(client: Client, taskQueue: string): Promise<TaskQueueReport> {
  const { TaskQueueType } = temporal.api.enums.v1;
  const describe = (taskQueueType: temporal.api.enums.v1.TaskQueueType) =>
    client.workflowService.describeTaskQueue({
      namespace: client.options.namespace,
      taskQueue: { name: taskQueue },
      taskQueueType,
      reportStats: true,
    });
  const [workflows, activities] = await Promise.all([
    describe(TaskQueueType.TASK_QUEUE_TYPE_WORKFLOW),
    describe(TaskQueueType.TASK_QUEUE_TYPE_ACTIVITY),
  ]);
  const told = workflows.stats && activities.stats;
  return {
    pollers: pollersIn([...(workflows.pollers ?? []), ...(activities.pollers ?? [])]),
    backlog: told
      ? {
          workflowTasks: Number(workflows.stats?.approximateBacklogCount ?? 0),
          activities: Number(activities.stats?.approximateBacklogCount ?? 0),
          oldestMs: Math.max(
            milliseconds(workflows.stats?.approximateBacklogAge),
            milliseconds(activities.stats?.approximateBacklogAge),
          ),
        }
      : undefined,
  };
}

function pollersIn(answers: readonly temporal.api.taskqueue.v1.IPollerInfo[]): Poller[] {
  const newest = new Map<string, number>();
  for (const { identity, lastAccessTime } of answers) {
    const at = milliseconds(lastAccessTime);
    if (identity && Date.now() - at < STALE_MS) newest.set(identity, Math.max(at, newest.get(identity) ?? 0));
  }
  return [...newest].map(([identity, at]) => ({ identity, lastSeen: new Date(at) }));
}

/** A protobuf Duration, or a Timestamp since 1970. */
const milliseconds = (value: { seconds?: unknown; nanos?: number | null } | null | undefined): number =>
  Number(value?.seconds ?? 0) * 1000 + Math.round((value?.nanos ?? 0) / 1e6);
