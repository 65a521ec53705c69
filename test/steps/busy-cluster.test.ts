import {
  DeleteServiceCommand,
  DescribeServicesCommand,
  ListTasksCommand,
  RunTaskCommand,
  StopTaskCommand,
} from '@aws-sdk/client-ecs';
import { beforeEach, describe, expect, it } from 'vitest';
import type { AwsStack } from '../helpers/aws-stack.ts';
import { eventually } from '../helpers/emulator.ts';
import { idOf, useSteps } from './stage.ts';

const stage = useSteps({ delaySeconds: 0.3 });
const cluster = 'temporal-fargate-dev';
let stack: AwsStack;

beforeEach(async () => {
  stack = await stage.fresh();
  await stack.up();
});

describe('A service that was deleted by hand and still drains', () => {
  it.each([
    ['known to the state', false],
    ['found without it', true],
  ])('(%s) is waited for, because AWS takes no new one of its name until then', async (_, lost) => {
    const { ecs } = stage.emulator.clients;
    await ecs.send(new DeleteServiceCommand({ cluster, service: 'worker', force: true }));
    if (lost) stack.loseState();
    await stage.emulator.clearCalls();
    await stack.up();
    const { services } = await ecs.send(new DescribeServicesCommand({ cluster, services: ['worker'] }));
    expect(services?.[0]).toMatchObject({ status: 'ACTIVE', runningCount: 1 });
    const creates = (await stage.emulator.calls()).filter(({ operation }) => operation === 'CreateService');
    expect(creates.map(({ error }) => error)).toEqual([null]);
    expect(stack.events).toContainEqual(
      expect.objectContaining({ type: 'waiting', reason: expect.stringMatching(/^draining, \d+ tasks running$/) }),
    );
  });
});

describe('A cluster in which somebody else runs a task', () => {
  it('is not deleted meanwhile: destroy names the task, waits, and goes on when it has ended', async () => {
    const { ecs } = stage.emulator.clients;
    await ecs.send(
      new RunTaskCommand({
        cluster,
        taskDefinition: idOf(stack, 'compute/task-definition/worker'),
        launchType: 'FARGATE',
        networkConfiguration: { awsvpcConfiguration: { subnets: [idOf(stack, 'network/subnet/private-a')] } },
      }),
    );
    const { taskArns } = await ecs.send(new ListTasksCommand({ cluster }));
    const down = stack.down({ purge: true, deleteData: true });
    const named = await eventually('the stranger is named', async () =>
      stack.events.find((event) => event.type === 'waiting' && /not started by this stack/.test(event.reason)),
    );
    const task = taskArns?.find((arn) => 'reason' in named && named.reason.includes(arn.split('/').at(-1) ?? ''));
    expect(named).toMatchObject({
      id: 'compute/cluster',
      reason: `task ${task?.split('/').at(-1)} (family:temporal-fargate-dev_worker) runs in it, not started by this stack: stop it with aws ecs stop-task --cluster ${cluster} --task ${task?.split('/').at(-1)}`,
    });
    await ecs.send(new StopTaskCommand({ cluster, task }));
    expect(await down).toEqual({ kept: [], left: [] });
  });
});
