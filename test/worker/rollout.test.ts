import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { DescribeServiceDeploymentsCommand, ListServiceDeploymentsCommand } from '@aws-sdk/client-ecs';
import { Client, Connection, type WorkflowHandle } from '@temporalio/client';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { WorkerImage } from '../../src/aws/aws.ts';
import { reportService } from '../../src/aws/service-report.ts';
import { hostPlatform } from '../../src/image/platform.ts';
import type { ImageSource } from '../../src/image/source.ts';
import { clusterName } from '../../src/steps/compute/cluster.ts';
import { pollersOf } from '../../src/temporal/pollers.ts';
import { AwsStack, referenceConfig } from '../helpers/aws-stack.ts';
import { eventually, useEmulator } from '../helpers/emulator.ts';
import { useFronts } from '../helpers/temporal-front.ts';
import { only } from '../steps/stage.ts';
import { AWKWARD_ACTIVITIES } from './stage.ts';
import { appSource, imageContext, imageSource } from './worker-process.ts';

const fronts = useFronts();
const emulator = useEmulator({ tasks: 'process', delaySeconds: 0.2 });
const scratch = mkdtempSync(join(tmpdir(), 'rollout-'));
const QUEUE = 'test-queue';
let connection: Connection;
let client: Client;
let stack: AwsStack;
let image: WorkerImage;

beforeAll(async () => {
  connection = await Connection.connect({ address: fronts.backend.address });
  client = new Client({ connection });
  image = await imageOf(await imageSource(scratch, AWKWARD_ACTIVITIES));
  stack = new AwsStack(emulator.address, scratch, image);
  // Of the 120 seconds that a task has to stop, 90 are for its activities; of these 4, it is 3.
  stack.config = referenceConfig({ temporalAddress: fronts.backend.address, stopTimeout: 4, onDemandWeight: 0 });
  await stack.up();
}, 300_000);
afterAll(async () => {
  stack.close();
  await connection.close();
  rmSync(scratch, { recursive: true, force: true });
});

async function imageOf(source: ImageSource): Promise<WorkerImage> {
  const platform = hostPlatform();
  return { inputHash: await source.inputHash(platform), build: () => source.build(platform, imageContext) };
}

/** The worker's dependencies with a main program that cannot be loaded. */
function crashingImage(): Promise<WorkerImage> {
  const folder = mkdtempSync(join(scratch, 'app-'));
  writeFileSync(join(folder, 'main.js'), "import 'package-of-nowhere';");
  return imageOf(appSource(folder));
}

/** Makes the next `up` a deployment of a new revision. */
function revise(): void {
  const workers = stack.config.workers.map((worker) => ({ ...worker, memory: worker.memory === 2048 ? 4096 : 2048 }));
  stack.config = { ...stack.config, workers };
}

async function report() {
  const found = await reportService(stack.aws, clusterName('dev'), 'worker');
  if (!found) throw new Error('there is no service');
  return found;
}

/** Ids of the tasks that run and are not about to stop. */
const tasksNow = async () => (await report()).tasks.map(({ id }) => id);

/** The task that an activity of a finished workflow ran on. */
async function taskOf(handle: WorkflowHandle | undefined): Promise<string | undefined> {
  const { events } = (await handle?.fetchHistory()) ?? {};
  const ended = events?.find((event) => event.activityTaskCompletedEventAttributes);
  return ended?.activityTaskCompletedEventAttributes?.identity?.split('/')[1];
}

/**
 * Starts a workflow every 100 ms and looks who polls, for as long as `work` takes.
 * @returns the workflows, in order, and of each look how many of the stack's tasks polled
 */
async function underTraffic(name: string, work: () => Promise<void>) {
  const handles: WorkflowHandle[] = [];
  const polling: number[] = [];
  let over = false;
  const start = async (): Promise<void> => {
    for (let turn = 0; !over; turn += 1) {
      const options = { taskQueue: QUEUE, workflowId: `${name}-${turn}`, args: [{ message: `turn ${turn}` }] };
      handles.push(await client.workflow.start('MessageWorkflow', options));
      await sleep(100);
    }
  };
  const look = async (): Promise<void> => {
    while (!over) {
      const [tasks, pollers] = await Promise.all([tasksNow(), pollersOf(client, QUEUE)]);
      // The server remembers pollers for minutes: one counts for as long as its task runs.
      polling.push(pollers.filter(({ identity }) => tasks.includes(identity.split('/')[1] ?? '')).length);
      await sleep(100);
    }
  };
  const others = [start(), look()];
  await work().finally(() => {
    over = true;
  });
  await Promise.all(others);
  return { handles, polling, results: await Promise.all(handles.map((handle) => handle.result() as Promise<string>)) };
}

describe('a deployment while workflows are started every 100 ms', () => {
  it('fails none of them, and at every look one of our tasks polls', async () => {
    const before = only(await tasksNow());
    revise();
    const { handles, polling, results } = await underTraffic('rolled', () => stack.up());
    const after = only(await tasksNow());
    expect(after).not.toBe(before);
    expect(results).toEqual(handles.map((_, turn) => `turn ${turn}`));
    expect(Math.min(...polling)).toBeGreaterThan(0);
    expect([await taskOf(handles[0]), await taskOf(handles.at(-1))]).toEqual([before, after]);
  }, 120_000);

  it('that crashes at import is rolled back at the third failed task, and nobody notices', async () => {
    const before = only(await tasksNow());
    const { taskDefinition } = await report();
    stack.image = await crashingImage();
    const { handles, polling, results } = await underTraffic('refused', () =>
      expect(stack.up()).rejects.toMatchObject({
        message: expect.stringMatching(
          /the deployment ended as ROLLBACK_SUCCESSFUL: .*circuit breaker(.*\n)*Cause: the worker crashed when it started: package-of-nowhere is not in the image \(imported from \/app\/main\.js\)\./,
        ),
        fix: expect.stringContaining('package.json'),
      }),
    );
    const reportedAt = Date.now();
    stack.image = image;
    expect(only(await tasksNow())).toBe(before);
    expect(results).toEqual(handles.map((_, turn) => `turn ${turn}`));
    expect(Math.min(...polling)).toBeGreaterThan(0);

    const { ecs } = emulator.clients;
    const service = { cluster: clusterName('dev'), service: 'worker' };
    const { serviceDeployments } = await ecs.send(new ListServiceDeploymentsCommand(service));
    const serviceDeploymentArns = [serviceDeployments?.[0]?.serviceDeploymentArn ?? ''];
    const described = await ecs.send(new DescribeServiceDeploymentsCommand({ serviceDeploymentArns }));
    const [deployment] = described.serviceDeployments ?? [];
    expect(deployment).toMatchObject({
      status: 'ROLLBACK_SUCCESSFUL',
      deploymentCircuitBreaker: { status: 'TRIGGERED', failureCount: 3, threshold: 3 },
    });
    const { stopped, taskDefinition: inForce } = await report();
    expect(inForce).toBe(taskDefinition);
    const failed = stopped.filter(({ stopCode }) => stopCode === 'EssentialContainerExited');
    expect(failed).toHaveLength(3);
    const third = Math.max(...failed.map(({ stoppedAt }) => stoppedAt?.getTime() ?? 0));
    const ended = deployment?.finishedAt?.getTime() ?? 0;
    expect(ended).toBeGreaterThanOrEqual(third);
    expect(reportedAt - third).toBeLessThan(60_000);
  }, 120_000);
});

describe('a deployment whose worker runs and never polls', () => {
  it('is stopped and rolled back when nothing has moved for long enough', async () => {
    const before = only(await tasksNow());
    const { config } = stack;
    stack.config = { ...config, temporal: { ...config.temporal, address: '127.0.0.1:9' } };
    // Far less than its first health check counts after.
    stack.stuckMs = 5000;
    await expect(stack.up()).rejects.toMatchObject({
      code: 'STUCK',
      message: expect.stringMatching(
        /become ready: nothing has moved for .*\n(.*\n)*Cause: the worker cannot use Temporal: nothing listens there\.\nTask \w+: RUNNING, UNKNOWN.*\n(.*\n)*.*was stopped, and the one before is rolled back to: .*ROLLBACK_SUCCESSFUL/,
      ),
      fix: expect.stringContaining('TEMPORAL_ADDRESS'),
    });
    stack.config = config;
    expect(only(await tasksNow())).toBe(before);
  }, 120_000);
});

describe('an activity that needs longer than its task has to stop', () => {
  it('goes on with the next task where its last heartbeat was', async () => {
    const before = only(await tasksNow());
    // Ten seconds, of which a task that has to stop grants three: as 300 of 90.
    const options = { taskQueue: QUEUE, workflowId: 'long', args: [{ message: 'count 100' }] };
    const handle = await client.workflow.start('MessageWorkflow', options);
    const pending = async () => (await handle.describe()).raw.pendingActivities?.[0];
    await eventually('the running activity', async () => (await pending())?.state === 2);
    await emulator.ask('POST', 'spot-interruption', { task: before });
    const [, from = ''] = /^(\d+) to 100$/.exec(await handle.result()) ?? [];
    expect(Number(from)).toBeGreaterThan(10);
    const after = only(await tasksNow());
    expect(after).not.toBe(before);
    expect(await taskOf(handle)).toBe(after);
    const { events } = await handle.fetchHistory();
    const started = only(events?.flatMap((event) => event.activityTaskStartedEventAttributes ?? []));
    expect(started).toMatchObject({
      attempt: 2,
      lastFailure: { applicationFailureInfo: { type: 'WorkerShutdown' } },
    });
  }, 120_000);
});
