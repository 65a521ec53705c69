import type { Client } from '@temporalio/client';
import type { Aws } from '../aws/aws.ts';
import { explainFailure } from '../aws/deployment-failure.ts';
import { runningTasks, type TaskReport } from '../aws/service-report.ts';
import type { StackConfig, WorkerConfig } from '../config/schema.ts';
import { poll } from '../engine/wait.ts';
import { UserError, withExplanation } from '../errors.ts';
import { clusterName } from '../steps/compute/cluster.ts';
import { logGroupName } from '../steps/compute/log-group.ts';
import type { Connection } from './connect.ts';
import type { CommandInput } from './input.ts';
import { POLL_MS } from './stack-run.ts';

export interface Proof {
  readonly worker: string;
  /** Whether a task of it was seen to poll, or to be healthy. */
  readonly isProven: boolean;
  /** How long it was waited for. */
  readonly elapsedMs: number;
  /** One line that says what was seen. */
  readonly text: string;
}

const VERIFY_TIMEOUT_MS = 5 * 60_000;

/**
 * Waits until the deployment is proven: Temporal reports a poller that is one of its running tasks. Without a client
 * (Temporal cannot be reached from here), or where a worker of the user's polls under another identity than the
 * contract's, the container's own health check stands in, which is healthy only once the worker polls.
 *
 * @returns what is known of each worker now
 */
export async function verifyWorkers(
  input: CommandInput,
  connection: Connection,
  aws: Aws,
  config: StackConfig,
  digestOf: (worker: string) => string,
  client: Client | undefined,
): Promise<Proof[]> {
  const proofs: Proof[] = [];
  for (const worker of config.workers) {
    const unseen = { worker: worker.name, isProven: false, elapsedMs: 0 };
    if (worker.paused) {
      proofs.push({ ...unseen, text: `${worker.name}: it is paused, so no task was waited for.` });
      continue;
    }
    if (worker.scaling.min === 0) {
      proofs.push({ ...unseen, text: `${worker.name}: no task is asked for (--min-tasks 0), so none was waited for.` });
      continue;
    }
    const cluster = clusterName(config.stack);
    const imageDigest = worker.imageDigest ?? digestOf(worker.name);
    const base = {
      id: `compute/service/${worker.name}`,
      title: `${client ? 'Temporal poller' : 'health check'} (${worker.name})`,
    };
    input.io.step({ type: 'started', ...base, action: 'none' });
    const startedAt = connection.clock.now();
    const text = await connection.polling(() =>
      poll<string>({
        what: `${worker.name} to poll task queue ${worker.taskQueue}`,
        clock: connection.clock,
        intervalMs: POLL_MS * connection.timeScale,
        signal: input.signal,
        timeoutMs: VERIFY_TIMEOUT_MS,
        onWaiting: (reason, elapsedMs) =>
          input.io.step({ type: 'waiting', ...base, reason, elapsedMs, deadlineMs: VERIFY_TIMEOUT_MS }),
        probe: async () => {
          const tasks = await runningTasks(aws, cluster, worker.name);
          return client
            ? byPoller(client, config.stack, worker, imageDigest, tasks)
            : byHealth(worker.name, imageDigest, tasks);
        },
      }).catch(async (error: unknown) => {
        throw await unproven(aws, config, worker.name, error);
      }),
    );
    const elapsedMs = connection.clock.now() - startedAt;
    input.io.step({ type: 'done', ...base, action: 'none', resource: worker.name, elapsedMs });
    proofs.push({ worker: worker.name, isProven: true, elapsedMs, text });
  }
  return proofs;
}

/** The error with what the worker says itself; the lookup is best effort. */
async function unproven(aws: Aws, config: StackConfig, service: string, error: unknown): Promise<unknown> {
  if (!(error instanceof UserError) || error.code !== 'WAIT_TIMEOUT') return error;
  const where = { cluster: clusterName(config.stack), service, logGroup: logGroupName(config.stack) };
  const why = await explainFailure(aws, where).catch(() => undefined);
  return withExplanation(error, {
    lines: why?.lines ?? [],
    fix: why?.fix ?? 'The log lines say what the worker does; does it poll this task queue, in this namespace?',
  });
}

type Look = { done: true; value: string } | { done: false; reason: string };

async function byPoller(
  client: Client,
  stack: string,
  { name, taskQueue, source }: WorkerConfig,
  digest: string,
  tasks: readonly TaskReport[],
): Promise<Look> {
  const ids = tasks.filter((task) => task.status === 'RUNNING').map((task) => task.id);
  const { isPollerOf, pollersOf } = await import('../temporal/pollers.ts');
  const pollers = await pollersOf(client, taskQueue);
  const ours = pollers.find((poller) => isPollerOf(poller, stack, digest, ids));
  if (ours) return { done: true, value: `Temporal reports ${ours.identity} as a poller of ${taskQueue}.` };
  // An image of the user's may go by another name: then it is its health file that says that it polls.
  const healthy = source === undefined ? undefined : healthyTask(digest, tasks);
  if (healthy && pollers.length > 0) {
    const value = `${name}: task ${healthy.id} is healthy, and ${taskQueue} has pollers. None of them has the identity by which it could be told (docs/worker-contract.md).`;
    return { done: true, value };
  }
  return { done: false, reason: `${ids.length} tasks running, none of them polls ${taskQueue} yet` };
}

const healthyTask = (digest: string, tasks: readonly TaskReport[]): TaskReport | undefined =>
  tasks.find((task) => task.health === 'HEALTHY' && task.imageDigest === digest);

function byHealth(name: string, digest: string, tasks: readonly TaskReport[]): Look {
  const healthy = healthyTask(digest, tasks);
  if (healthy) {
    return { done: true, value: `${name}: task ${healthy.id} is healthy. Temporal itself was not asked.` };
  }
  return { done: false, reason: `${tasks.length} tasks, none healthy yet` };
}
