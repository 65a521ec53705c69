import { hostname } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import type { WorkerConfig } from './config.ts';
import { log } from './logging.ts';

/**
 * The name under which Temporal lists this worker: `<stack>/<ECS task id>/<first 12 hex digits of the image digest>`.
 * It lets an operator (and the tool that deployed it) tell which task and which image a poller is.
 */
export async function workerIdentity(config: WorkerConfig): Promise<string> {
  const task = config.taskMetadataUri === undefined ? hostname() : await ecsTaskId(config.taskMetadataUri);
  return [config.stack, task, config.imageDigest?.slice('sha256:'.length, 'sha256:'.length + 12) ?? 'local'].join('/');
}

/** Asks the ECS agent; the worker runs without its answer too, so after five tries the host's name stands in. */
async function ecsTaskId(metadataUri: string): Promise<string> {
  for (let attempt = 1; attempt <= 5; attempt += 1) {
    try {
      const response = await fetch(`${metadataUri}/task`, { signal: AbortSignal.timeout(2_000) });
      const { TaskARN } = (await response.json()) as { TaskARN?: string };
      const id = TaskARN?.split('/').at(-1);
      if (id) return id;
      log.warn('the ECS metadata endpoint names no task', { attempt, status: response.status });
    } catch (error) {
      log.warn('the ECS metadata endpoint does not answer', { attempt, reason: String(error) });
    }
    await sleep(500 * attempt);
  }
  return hostname();
}
