import { DescribeServicesCommand, RunTaskCommand, UpdateServiceCommand } from '@aws-sdk/client-ecs';
import { beforeEach, describe, expect, it } from 'vitest';
import { eventually, useEmulator } from '../helpers/emulator.ts';
import {
  breaker,
  cluster,
  createService,
  deploymentIs,
  newestDeployment,
  register,
  type Stage,
  setStage,
  tasksOf,
  taskWhere,
} from './ecs-stage.ts';

const emulator = useEmulator({ delaySeconds: 0.1, strict: ['off'] });
let stage: Stage;
let definition: string;

beforeEach(async () => {
  await emulator.reset();
  stage = await setStage(emulator);
  definition = await register(emulator, stage);
});

const SPOT = { capacityProvider: 'FARGATE_SPOT', weight: 4 };
const ON_DEMAND = { capacityProvider: 'FARGATE', weight: 1, base: 1 };
const limit = (limits: { capacityProvider: string; capacity?: number; quota?: number; seconds?: number }) =>
  emulator.ask('POST', 'fargate', limits);
const newestEvent = async () => {
  const { services } = await emulator.clients.ecs.send(new DescribeServicesCommand({ cluster, services: ['worker'] }));
  return services?.[0]?.events?.[0]?.message;
};

describe('Fargate without room', () => {
  it.each([
    ['capacity', /^\(service worker\) was unable to place a task\. Reason: Capacity is unavailable at this time\./],
    [
      'quota',
      /^\(service worker\) was unable to place a task\. Reason: You've reached the limit on the number of vCPUs/,
    ],
  ])('(%s) is told in an event; no task fails, and the deployment waits until there is room', async (kind, words) => {
    await limit({ capacityProvider: 'FARGATE_SPOT', [kind]: 0.5 });
    await createService(emulator, stage, 'worker', definition, {
      desiredCount: 3,
      deploymentConfiguration: breaker(1, true),
    });
    await eventually('the event', async () => words.test((await newestEvent()) ?? ''));
    expect(await newestDeployment(emulator, 'worker')).toMatchObject({
      status: 'IN_PROGRESS',
      deploymentCircuitBreaker: { status: 'MONITORING', failureCount: 0 },
      targetServiceRevision: { requestedTaskCount: 3 },
    });
    // Two tasks of a quarter vCPU each fit into what there is.
    expect(await tasksOf(emulator, 'worker')).toHaveLength(2);
    await limit({ capacityProvider: 'FARGATE_SPOT' });
    await deploymentIs(emulator, 'worker', 'SUCCESSFUL');
  });

  it('of one provider is not made good by the other: the base runs on demand, the rest is missing', async () => {
    await limit({ capacityProvider: 'FARGATE_SPOT', capacity: 0 });
    await createService(emulator, stage, 'worker', definition, {
      desiredCount: 3,
      capacityProviderStrategy: [SPOT, ON_DEMAND],
    });
    await eventually('the event', async () => /Capacity is unavailable/.test((await newestEvent()) ?? ''));
    const tasks = await tasksOf(emulator, 'worker');
    expect(tasks.map(({ capacityProviderName }) => capacityProviderName)).toEqual(['FARGATE']);
  });

  it('is a failure in the answer of RunTask', async () => {
    await limit({ capacityProvider: 'FARGATE', quota: 0.25 });
    const { tasks, failures } = await emulator.clients.ecs.send(
      new RunTaskCommand({
        cluster,
        taskDefinition: definition,
        launchType: 'FARGATE',
        count: 2,
        networkConfiguration: { awsvpcConfiguration: { subnets: stage.subnets, assignPublicIp: 'ENABLED' } },
      }),
    );
    expect(tasks).toHaveLength(1);
    expect(failures?.map(({ reason }) => reason)).toEqual([expect.stringMatching(/limit on the number of vCPUs/)]);
  });
});

describe('a Spot interruption', () => {
  const interrupt = (task?: string) => emulator.ask('POST', 'spot-interruption', { task });

  it('stops the task in AWS words, fails no deployment, and another task takes its place', async () => {
    await createService(emulator, stage, 'worker', definition, { deploymentConfiguration: breaker(1, true) });
    await deploymentIs(emulator, 'worker', 'SUCCESSFUL');
    const [first] = await tasksOf(emulator, 'worker');
    await interrupt(first?.taskArn);
    // The warning: it is to stop and still runs.
    const warned = await taskWhere(emulator, 'worker', 'warned', ({ taskArn }) => taskArn === first?.taskArn);
    expect(warned).toMatchObject({
      desiredStatus: 'STOPPED',
      stopCode: 'SpotInterruption',
      stoppedReason: 'Your Spot Task was interrupted.',
    });
    await taskWhere(
      emulator,
      'worker',
      'replaced',
      ({ taskArn, lastStatus }) => taskArn !== first?.taskArn && lastStatus === 'RUNNING',
    );
    await taskWhere(emulator, 'worker', 'gone', ({ lastStatus }) => lastStatus === 'STOPPED');
    expect((await newestDeployment(emulator, 'worker')).status).toBe('SUCCESSFUL');
    // What EventBridge delivers at the moment of the warning.
    const { events } = (await emulator.ask('GET', 'events')) as { events: readonly Record<string, unknown>[] };
    expect(events).toMatchObject([
      {
        source: 'aws.ecs',
        'detail-type': 'ECS Task State Change',
        resources: [first?.taskArn],
        detail: {
          lastStatus: 'RUNNING',
          desiredStatus: 'STOPPED',
          stopCode: 'SpotInterruption',
          stoppedReason: 'Your Spot Task was interrupted.',
        },
      },
    ]);
  });

  it('leaves tasks on demand alone, and a shortage keeps the place empty', async () => {
    await createService(emulator, stage, 'worker', definition, {
      desiredCount: 2,
      capacityProviderStrategy: [SPOT, ON_DEMAND],
    });
    await deploymentIs(emulator, 'worker', 'SUCCESSFUL');
    await limit({ capacityProvider: 'FARGATE_SPOT', capacity: 0, seconds: 2 });
    await interrupt();
    await eventually('the event', async () => /Capacity is unavailable/.test((await newestEvent()) ?? ''));
    const tasks = await tasksOf(emulator, 'worker');
    const running = tasks.filter(({ desiredStatus }) => desiredStatus === 'RUNNING');
    expect(running.map(({ capacityProviderName }) => capacityProviderName)).toEqual(['FARGATE']);
    // The shortage ends by itself.
    await taskWhere(
      emulator,
      'worker',
      'back on Spot',
      (task) => task.capacityProviderName === 'FARGATE_SPOT' && task.lastStatus === 'RUNNING',
    );
  });
});

describe('the percentages of a rolling update', () => {
  it('bound the tasks from below and above while four are replaced', async () => {
    const deploymentConfiguration = { minimumHealthyPercent: 50, maximumPercent: 125 };
    await createService(emulator, stage, 'worker', definition, { desiredCount: 4, deploymentConfiguration });
    await deploymentIs(emulator, 'worker', 'SUCCESSFUL');
    const next = await register(emulator, stage);
    await emulator.clients.ecs.send(new UpdateServiceCommand({ cluster, service: 'worker', taskDefinition: next }));
    const seen: { running: number; all: number }[] = [];
    await eventually('the update', async () => {
      const { services } = await emulator.clients.ecs.send(
        new DescribeServicesCommand({ cluster, services: ['worker'] }),
      );
      const { runningCount = 0, pendingCount = 0, deployments = [] } = services?.[0] ?? {};
      seen.push({ running: runningCount, all: runningCount + pendingCount });
      return deployments.length === 1 && deployments[0]?.rolloutState === 'COMPLETED';
    });
    expect(Math.min(...seen.map(({ running }) => running))).toBeGreaterThanOrEqual(2);
    expect(Math.max(...seen.map(({ all }) => all))).toBeLessThanOrEqual(5);
  });
});
