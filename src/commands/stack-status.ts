import type { Client } from '@temporalio/client';
import { currentProblem } from '../aws/deployment-failure.ts';
import { type Egress, egressOf } from '../aws/egress.ts';
import { isDenied } from '../aws/errors.ts';
import { explainAwsError } from '../aws/explain.ts';
import { reportScaling } from '../aws/scaling-report.ts';
import { reportService } from '../aws/service-report.ts';
import { asError } from '../errors.ts';
import { clusterName } from '../steps/compute/cluster.ts';
import { reportTaskQueue, type TaskQueueReport } from '../temporal/task-queue.ts';
import type { StackStatus, WorkerStatus } from '../ui/stack-status.ts';
import type { ExistingStack } from './existing-stack.ts';
import type { CommandInput } from './input.ts';
import { planStack } from './stack-run.ts';
import { storedConfig } from './stored-config.ts';
import { heldLock } from './stored-stacks.ts';
import { temporalOf } from './temporal-access.ts';

export type Drift = NonNullable<StackStatus['drift']>;

/** Looks at one stack, once or again and again; to be closed by its owner. */
export class StatusReader {
  private readonly input: CommandInput;
  private stack: ExistingStack;
  private client: Client | undefined;

  constructor(input: CommandInput, stack: ExistingStack) {
    this.input = input;
    this.stack = stack;
  }

  /** What ECS, auto scaling and Temporal say now, all asked at once. Throws when AWS cannot be asked. */
  async look(): Promise<Omit<StackStatus, 'drift'>> {
    const { connection, config, document, store } = this.stack;
    const aws = connection.aws();
    const cluster = clusterName(config.stack);
    const [queues, services, scalings, seen] = await Promise.all([
      this.queues(),
      Promise.all(config.workers.map(({ name }) => reportService(aws, cluster, name))),
      Promise.all(config.workers.map(({ name }) => reportScaling(aws, cluster, name).catch(ifDenied))),
      store.holder(),
    ]);
    const workers = config.workers.map((worker, at): WorkerStatus => {
      const [service, scaling] = [services[at], scalings[at]];
      const queue = queues instanceof Error ? undefined : queues.get(worker.taskQueue);
      return {
        worker: worker.name,
        taskQueue: worker.taskQueue,
        paused: worker.paused === true,
        service: service ?? null,
        problem: (service && currentProblem(service)) ?? null,
        scaling: scaling instanceof Error ? null : (scaling ?? null),
        scalingProblem: scaling instanceof Error ? scaling.message : null,
        pollers: queue?.pollers ?? null,
        backlog: queue?.backlog ?? null,
      };
    });
    return {
      stack: config.stack,
      region: connection.region,
      address: config.temporal.address,
      namespace: config.temporal.namespace,
      dataBucket: document.steps['data/bucket']?.id ?? null,
      egress: await egressOf(
        aws,
        services.flatMap((service) => service ?? []),
      ).catch(notTold),
      temporalProblem: queues instanceof Error ? queues.message : null,
      lock: heldLock(seen),
      workers,
    };
  }

  /**
   * What `plan` would find without an image being built and without other answers. Reads the state anew; changes nothing
   * and never throws: the rest of the status is worth seeing all the same.
   */
  async drift(): Promise<Drift> {
    const { connection, store } = this.stack;
    try {
      const [document, seen] = await Promise.all([store.read(), store.holder()]);
      const config = storedConfig(document?.configs.at(-1));
      if (!document || !config) return { differences: null, problem: 'the stack has no state any more' };
      this.stack = { ...this.stack, document, config };
      // What a run that is at work has not come to yet is no drift.
      const lock = heldLock(seen);
      if (lock) return { differences: null, problem: `${lock.command} is at work on it` };
      const { plan } = await planStack(connection, config, document, {}, connection.aws());
      const touched = plan.items.filter(({ action, duplicates }) => action !== 'none' || duplicates.length > 0);
      return { differences: touched.length, problem: plan.problems[0]?.message ?? null };
    } catch (error) {
      // Of many the first: one cause, such as a permission, often has many victims.
      const [problem = ''] = asError(explainAwsError(error)).message.split('\n');
      return { differences: null, problem };
    }
  }

  async close(): Promise<void> {
    await this.client?.connection.close();
    this.client = undefined;
  }

  private async queues(): Promise<ReadonlyMap<string, TaskQueueReport> | Error> {
    const { config, connection, document } = this.stack;
    try {
      const secretArn = document.steps['secrets/temporal']?.id;
      this.client ??= await temporalOf(this.input, config, { aws: connection.aws(), secretArn });
      const { client } = this;
      const names = [...new Set(config.workers.map(({ taskQueue }) => taskQueue))];
      return new Map(
        await Promise.all(names.map(async (name) => [name, await reportTaskQueue(client, name)] as const)),
      );
    } catch (error) {
      // The rest of the status is worth seeing all the same. The next look connects anew.
      await this.close();
      return asError(explainAwsError(error));
    }
  }
}

/** Who may see tasks may not see everything: what cannot be asked is said in its place. Throws any other error. */
function ifDenied(error: unknown): Error {
  if (!isDenied(error)) throw error;
  return asError(explainAwsError(error));
}

const notTold = (error: unknown): Egress => ({
  via: null,
  addresses: [],
  problem: asError(explainAwsError(error)).message,
});
