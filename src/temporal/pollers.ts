import type { Client } from '@temporalio/client';
import { type Poller, reportTaskQueue } from './task-queue.ts';

/** Workers that poll the queue now, for workflow tasks and for activities alike. */
export const pollersOf = async (client: Client, taskQueue: string): Promise<readonly Poller[]> =>
  (await reportTaskQueue(client, taskQueue)).pollers;

/** Our worker's identity: of this stack, this image, and one of these tasks. */
export function isPollerOf(poller: Poller, stack: string, imageDigest: string, taskIds: readonly string[]): boolean {
  const [theirStack, taskId, digest] = poller.identity.split('/');
  return (
    theirStack === stack &&
    digest === imageDigest.replace(/^sha256:/, '').slice(0, 12) &&
    taskIds.includes(taskId ?? '')
  );
}
