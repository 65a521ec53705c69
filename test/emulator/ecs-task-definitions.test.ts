import {
  type ContainerDefinition,
  DeleteTaskDefinitionsCommand,
  DeregisterTaskDefinitionCommand,
  DescribeTaskDefinitionCommand,
  ListTaskDefinitionFamiliesCommand,
  ListTaskDefinitionsCommand,
  RegisterTaskDefinitionCommand,
  type RegisterTaskDefinitionCommandInput,
} from '@aws-sdk/client-ecs';
import { CreateRoleCommand } from '@aws-sdk/client-iam';
import { beforeEach, describe, expect, it } from 'vitest';
import { eventually, refusal, useEmulator } from '../helpers/emulator.ts';

const emulator = useEmulator({ strict: ['off'] });
const image = '123456789012.dkr.ecr.us-east-1.amazonaws.com/app:v1';
const roleArn = 'arn:aws:iam::123456789012:role/execution';

const registerIt = (
  more: Partial<RegisterTaskDefinitionCommandInput> = {},
  container: Partial<ContainerDefinition> = {},
) =>
  emulator.clients.ecs.send(
    new RegisterTaskDefinitionCommand({
      family: 'worker',
      requiresCompatibilities: ['FARGATE'],
      networkMode: 'awsvpc',
      cpu: '1024',
      memory: '2048',
      executionRoleArn: roleArn,
      containerDefinitions: [{ name: 'main', image, ...container }],
      ...more,
    }),
  );
const describeIt = (taskDefinition: string) =>
  emulator.clients.ecs.send(new DescribeTaskDefinitionCommand({ taskDefinition, include: ['TAGS'] }));
const deregister = (taskDefinition: string) =>
  emulator.clients.ecs.send(new DeregisterTaskDefinitionCommand({ taskDefinition }));
const deleteThem = (taskDefinitions: string[]) =>
  emulator.clients.ecs.send(new DeleteTaskDefinitionsCommand({ taskDefinitions }));

beforeEach(async () => {
  await emulator.reset();
  const AssumeRolePolicyDocument = JSON.stringify({
    Version: '2012-10-17',
    Statement: [{ Effect: 'Allow', Principal: { Service: 'ecs-tasks.amazonaws.com' }, Action: 'sts:AssumeRole' }],
  });
  await emulator.clients.iam.send(new CreateRoleCommand({ RoleName: 'execution', AssumeRolePolicyDocument }));
});

describe('RegisterTaskDefinition', () => {
  it('refuses a variable that is given both by its value and from a secret', async () => {
    const secrets = [{ name: 'TOKEN', valueFrom: 'arn:aws:secretsmanager:us-east-1:123456789012:secret:a-AbCdEf' }];
    expect(await refusal(registerIt({}, { environment: [{ name: 'TOKEN', value: 'x' }], secrets }))).toMatchObject({
      name: 'ClientException',
      message: expect.stringContaining("such as 'TOKEN'"),
    });
  });

  it('answers the defaults that AWS fills in', async () => {
    const { taskDefinition, tags } = await registerIt(
      { tags: [{ key: 'a', value: 'b' }] },
      { healthCheck: { command: ['CMD', 'x'] } },
    );
    expect(taskDefinition).toMatchObject({
      revision: 1,
      status: 'ACTIVE',
      compatibilities: ['EC2', 'FARGATE'],
      volumes: [],
      placementConstraints: [],
    });
    expect(taskDefinition?.containerDefinitions?.[0]).toMatchObject({
      cpu: 0,
      essential: true,
      environment: [],
      mountPoints: [],
      portMappings: [],
      systemControls: [],
      volumesFrom: [],
      healthCheck: { command: ['CMD', 'x'], interval: 30, timeout: 5, retries: 3 },
    });
    expect(taskDefinition?.requiresAttributes).toContainEqual({ name: 'com.amazonaws.ecs.capability.ecr-auth' });
    expect(tags).toEqual([{ key: 'a', value: 'b' }]);
    expect((await describeIt('worker')).tags).toEqual(tags);
  });

  it.each([
    ['256', '512'],
    ['256', '2048'],
    ['512', '4096'],
    ['4096', '30720'],
    ['8192', '20480'],
    ['16384', '122880'],
    ['1 vCPU', '3 GB'],
  ])('takes %s CPU with %s memory', async (cpu, memory) => {
    expect((await registerIt({ cpu, memory })).taskDefinition?.status).toBe('ACTIVE');
  });

  it.each([
    ['256', '4096'],
    ['1024', '1024'],
    ['1024', '2500'],
    ['8192', '17408'],
    ['300', '512'],
  ])('refuses %s CPU with %s memory (No Fargate configuration)', async (cpu, memory) => {
    expect(await refusal(registerIt({ cpu, memory }))).toMatchObject({
      name: 'ClientException',
      message: 'No Fargate configuration exists for given values.',
    });
  });

  it.each<[string, Partial<RegisterTaskDefinitionCommandInput>, Partial<ContainerDefinition>]>([
    ['a stopTimeout above 120', {}, { stopTimeout: 121 }],
    ['a stopTimeout below 2', {}, { stopTimeout: 1 }],
    ['an ECR image without an execution role', { executionRoleArn: undefined }, {}],
    ['a task role that does not exist', { taskRoleArn: `${roleArn}-lost` }, {}],
    ['a Fargate task without awsvpc', { networkMode: 'bridge' }, {}],
    ['a Fargate task without cpu', { cpu: undefined }, {}],
    ['no essential container', {}, { essential: false }],
    [
      'awslogs without a stream prefix',
      {},
      { logConfiguration: { logDriver: 'awslogs', options: { 'awslogs-group': '/g' } } },
    ],
    ['a health check interval below 5', {}, { healthCheck: { command: ['CMD', 'x'], interval: 4 } }],
  ])('refuses %s (ClientException)', async (_what, more, container) => {
    expect((await refusal(registerIt(more, container))).name).toBe('ClientException');
  });
});

describe('revisions', () => {
  it('counts on after a revision was deleted', async () => {
    await registerIt();
    await deregister('worker:1');
    await deleteThem(['worker:1']);
    expect((await registerIt()).taskDefinition?.revision).toBe(2);
  });

  it('describes the newest active revision of a family, and a deregistered one by its number', async () => {
    await registerIt();
    await registerIt();
    await deregister('worker:2');
    expect((await describeIt('worker')).taskDefinition?.revision).toBe(1);
    expect((await describeIt('worker:2')).taskDefinition?.status).toBe('INACTIVE');
    expect(await refusal(describeIt('other'))).toMatchObject({
      name: 'ClientException',
      message: 'Unable to describe task definition.',
    });
  });

  it('deletes only what was deregistered, over DELETE_IN_PROGRESS', async () => {
    await registerIt();
    expect((await deleteThem(['worker:1'])).failures?.[0]?.reason).toContain('ACTIVE');
    await deregister('worker:1');
    expect((await deleteThem(['worker:1'])).taskDefinitions?.[0]?.status).toBe('DELETE_IN_PROGRESS');
    const error = await eventually('definition gone', () =>
      describeIt('worker:1').then(
        () => undefined,
        (e: Error) => e,
      ),
    );
    expect(error.name).toBe('ClientException');
  });

  it('deletes at most ten at once', async () => {
    const names = Array.from({ length: 11 }, (_, index) => `worker:${index + 1}`);
    expect((await refusal(deleteThem(names))).name).toBe('InvalidParameterException');
  });

  it('lists by family and status', async () => {
    await registerIt();
    await registerIt();
    await registerIt({ family: 'worker-b' });
    await deregister('worker:1');
    const { ecs } = emulator.clients;
    const list = async (status: 'ACTIVE' | 'INACTIVE') =>
      (await ecs.send(new ListTaskDefinitionsCommand({ familyPrefix: 'worker', status }))).taskDefinitionArns;
    expect(await list('ACTIVE')).toEqual(['arn:aws:ecs:us-east-1:123456789012:task-definition/worker:2']);
    expect(await list('INACTIVE')).toEqual(['arn:aws:ecs:us-east-1:123456789012:task-definition/worker:1']);
    expect((await ecs.send(new ListTaskDefinitionFamiliesCommand({ familyPrefix: 'worker' }))).families).toEqual([
      'worker',
      'worker-b',
    ]);
  });
});
