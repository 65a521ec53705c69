import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { DescribeTasksCommand, ListTasksCommand, type Task } from '@aws-sdk/client-ecs';
import { Client, Connection, type WorkflowHandle } from '@temporalio/client';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { WorkerConfig } from '../../src/config/schema.ts';
import { hostPlatform } from '../../src/image/platform.ts';
import { AwsStack, referenceConfig } from '../helpers/aws-stack.ts';
import { eventually, useEmulator } from '../helpers/emulator.ts';
import { useFronts } from '../helpers/temporal-front.ts';
import { idOf, only } from '../steps/stage.ts';
import { imageContext, imageSource } from './worker-process.ts';

const fronts = useFronts();
const emulator = useEmulator({ tasks: 'process', delaySeconds: 0.2 });
const scratch = mkdtempSync(join(tmpdir(), 'long-activity-'));
let connection: Connection;
let client: Client;
beforeAll(async () => {
  connection = await Connection.connect({ address: fronts.backend.address });
  client = new Client({ connection });
});
afterAll(async () => {
  await connection.close();
  rmSync(scratch, { recursive: true, force: true });
});

async function tasksOf(worker: string): Promise<Task[]> {
  const { ecs } = emulator.clients;
  const cluster = 'temporal-fargate-dev';
  const lists = await Promise.all(
    (['RUNNING', 'STOPPED'] as const).map((desiredStatus) =>
      ecs.send(new ListTasksCommand({ cluster, family: `temporal-fargate-dev_${worker}`, desiredStatus })),
    ),
  );
  const tasks = lists.flatMap(({ taskArns = [] }) => taskArns);
  return (await ecs.send(new DescribeTasksCommand({ cluster, tasks }))).tasks ?? [];
}

interface Running {
  readonly handle: WorkflowHandle;
  /** The task that runs the activity. */
  readonly task: Task;
}

async function startActivity(worker: string): Promise<Running> {
  const args = [{ message: `in flight on ${worker}` }];
  const handle = await client.workflow.start('MessageWorkflow', { taskQueue: worker, workflowId: worker, args });
  await eventually(
    'the running activity',
    async () => (await handle.describe()).raw.pendingActivities?.[0]?.state === 2,
  );
  return { handle, task: only(await tasksOf(worker)) };
}

const signalled = ({ handle, task }: Running) =>
  eventually(
    'the stop signal',
    async () =>
      (await tasksOf(handle.workflowId)).some((now) => now.taskArn === task.taskArn && now.desiredStatus === 'STOPPED'),
    50,
  );

/** Checks that the activity's first attempt outlived its task's stop signal and was the only one. */
async function expectSurvival({ handle, task }: Running): Promise<Task> {
  expect(await handle.result()).toContain(`/messages/${handle.workflowId}/`);
  const { events } = await handle.fetchHistory();
  const started = only(events?.flatMap((event) => event.activityTaskStartedEventAttributes ?? []));
  const completed = only(events?.filter((event) => event.activityTaskCompletedEventAttributes));
  expect(started.attempt).toBe(1);
  expect(completed.activityTaskCompletedEventAttributes?.identity).toContain(task.taskArn?.split('/').at(-1));
  const ended = await eventually('the end of the task', async () =>
    (await tasksOf(handle.workflowId)).find((now) => now.taskArn === task.taskArn && now.lastStatus === 'STOPPED'),
  );
  expect(ended.containers?.[0]?.exitCode).toBe(0);
  return ended;
}

describe('a 20-second activity', () => {
  it('survives a rolling update and a Spot interruption of its task, in its first attempt', async () => {
    const source = await imageSource(scratch);
    const platform = hostPlatform();
    const image = { inputHash: await source.inputHash(platform), build: () => source.build(platform, imageContext) };
    const stack = new AwsStack(emulator.address, scratch, image);
    const config = referenceConfig({ temporalAddress: fronts.backend.address, onDemandWeight: 0 });
    const worker = only(config.workers);
    const named = (name: string, more: Partial<WorkerConfig> = {}) => ({ ...worker, name, taskQueue: name, ...more });
    stack.config = { ...config, workers: [named('rolled'), named('interrupted')] };
    await stack.up();

    const put = { service: 's3', operation: 'PutObject', role: idOf(stack, 'identity/task-role') };
    await emulator.fault({ kind: 'hang', times: 2, match: put });
    const [rolled, interrupted] = await Promise.all([startActivity('rolled'), startActivity('interrupted')]);
    const twentySeconds = sleep(20_000);
    stack.config = { ...config, workers: [named('rolled', { memory: 4096 }), named('interrupted')] };
    const rollout = stack.up();
    await emulator.ask('POST', 'spot-interruption', { task: interrupted.task.taskArn });
    // S3 answers neither activity before both tasks have their signal, however slow this machine is.
    await Promise.all([signalled(rolled), signalled(interrupted), twentySeconds]);
    await emulator.clearFaults();
    await rollout;

    expect(await expectSurvival(rolled)).toMatchObject({ stopCode: 'ServiceSchedulerInitiated' });
    expect(await expectSurvival(interrupted)).toMatchObject({ stopCode: 'SpotInterruption' });
    expect((await emulator.calls()).filter(({ operation }) => operation === 'PutObject')).toHaveLength(2);
    const next = (await tasksOf('rolled')).find(({ lastStatus }) => lastStatus === 'RUNNING');
    expect(next?.taskDefinitionArn).toMatch(/:2$/);
    stack.close();
  }, 180_000);
});
