import { currentProblem } from '../aws/deployment-failure.ts';
import { reportService, type ServiceReport } from '../aws/service-report.ts';
import type { WorkerConfig } from '../config/schema.ts';
import { EXIT } from '../errors.ts';
import { clusterName } from '../steps/compute/cluster.ts';
import { type Poller, pollersOf } from '../temporal/pollers.ts';
import { formatStatus, type WorkerStatus } from '../ui/format-status.ts';
import { type ExistingStack, withExistingStack } from './existing-stack.ts';
import type { CommandInput } from './input.ts';
import { temporalOf } from './temporal-access.ts';

/** `status`: what runs, what Temporal says of it, and what was written last. Fails when a worker does not poll. */
export async function status(input: CommandInput): Promise<number> {
  return withExistingStack(input, async (stack) => {
    const { connection, config, document } = stack;
    const aws = connection.aws();
    const pollers = await pollersByQueue(input, stack);
    const workers = await Promise.all(
      config.workers.map(async (worker): Promise<WorkerStatus> => {
        const service = await reportService(aws, clusterName(config.stack), worker.name);
        return {
          worker: worker.name,
          taskQueue: worker.taskQueue,
          service,
          problem: service && currentProblem(service),
          pollers: ours(pollers, worker, service),
        };
      }),
    );
    const holder = await stack.store.holder();
    input.io.result(
      formatStatus({
        stack: config.stack,
        region: connection.region,
        address: config.temporal.address,
        namespace: config.temporal.namespace,
        dataBucket: document.steps['data/bucket']?.id ?? '',
        temporalProblem: pollers instanceof Error ? pollers.message : undefined,
        lockedBy: holder && `${holder.holder.user}@${holder.holder.host}: ${holder.holder.command}`,
        workers,
      }),
      {
        stack: config.stack,
        region: connection.region,
        ...(pollers instanceof Error ? { temporalProblem: pollers.message } : {}),
        workers,
      },
    );
    const healthy = workers.every(
      ({ service, pollers: seen }) => service && (service.desired === 0 || (seen?.length ?? 1) > 0),
    );
    return healthy ? EXIT.done : EXIT.failed;
  });
}

type Pollers = ReadonlyMap<string, readonly Poller[]> | Error;

async function pollersByQueue(input: CommandInput, { config, document, connection }: ExistingStack): Promise<Pollers> {
  try {
    const secretArn = document.steps['secrets/temporal']?.id;
    const client = await temporalOf(input, config, { aws: connection.aws(), secretArn });
    try {
      const queues = config.workers.map((worker) => worker.taskQueue);
      return new Map(await Promise.all(queues.map(async (queue) => [queue, await pollersOf(client, queue)] as const)));
    } finally {
      await client.connection.close();
    }
  } catch (error) {
    // The rest of the status is worth seeing all the same.
    return error as Error;
  }
}

/** Pollers that are running tasks of this service; `undefined` when Temporal could not be asked. */
function ours(
  pollers: Pollers,
  worker: WorkerConfig,
  service: ServiceReport | undefined,
): readonly Poller[] | undefined {
  if (pollers instanceof Error) return undefined;
  const tasks = new Set(service?.tasks.map((task) => task.id));
  return (pollers.get(worker.taskQueue) ?? []).filter((poller) => tasks.has(poller.identity.split('/')[1] ?? ''));
}
