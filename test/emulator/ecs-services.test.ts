import { DeleteSubnetCommand, DescribeNetworkInterfacesCommand } from '@aws-sdk/client-ec2';
import {
  DeleteClusterCommand,
  DeleteServiceCommand,
  DescribeServicesCommand,
  ListServicesCommand,
  UpdateServiceCommand,
  type UpdateServiceCommandInput,
} from '@aws-sdk/client-ecs';
import { beforeEach, describe, expect, it } from 'vitest';
import { eventually, refusal, useEmulator } from '../helpers/emulator.ts';
import { breaker, cluster, createService, deploymentIs, register, type Stage, setStage, tasksOf } from './ecs-stage.ts';

const emulator = useEmulator({ strict: ['off'] });
let stage: Stage;
let definition: string;

beforeEach(async () => {
  await emulator.reset();
  stage = await setStage(emulator);
  definition = await register(emulator, stage);
});

const create = (more = {}) => createService(emulator, stage, 'worker', definition, more);
const look = async () => {
  const command = new DescribeServicesCommand({ cluster, services: ['worker'], include: ['TAGS'] });
  return (await emulator.clients.ecs.send(command)).services?.[0];
};
const update = (more: Partial<UpdateServiceCommandInput>) =>
  emulator.clients.ecs.send(new UpdateServiceCommand({ cluster, service: 'worker', ...more }));
const remove = (force: boolean) =>
  emulator.clients.ecs.send(new DeleteServiceCommand({ cluster, service: 'worker', force }));
const statusIs = (status: string) => eventually(`service ${status}`, async () => (await look())?.status === status);
const interfaces = async () =>
  (await emulator.clients.ec2.send(new DescribeNetworkInterfacesCommand({}))).NetworkInterfaces ?? [];
const running = (count: number) =>
  eventually(`${count} tasks running`, async () => {
    const tasks = (await tasksOf(emulator, 'worker')).filter((task) => task.desiredStatus === 'RUNNING');
    return tasks.length === count && tasks.every((task) => task.lastStatus === 'RUNNING') && tasks;
  });

describe('CreateService', () => {
  it('keeps what was asked and fills in the defaults of AWS', async () => {
    const tags = [{ key: 'team', value: 'a' }];
    await create({
      deploymentConfiguration: breaker(5, true),
      enableExecuteCommand: true,
      enableECSManagedTags: true,
      propagateTags: 'SERVICE',
      tags,
    });
    expect(await look()).toMatchObject({
      status: 'ACTIVE',
      desiredCount: 1,
      capacityProviderStrategy: [{ capacityProvider: 'FARGATE_SPOT', weight: 1, base: 0 }],
      deploymentConfiguration: { maximumPercent: 200, minimumHealthyPercent: 100, ...breaker(5, true) },
      networkConfiguration: { awsvpcConfiguration: { subnets: stage.subnets, assignPublicIp: 'ENABLED' } },
      platformVersion: 'LATEST',
      enableExecuteCommand: true,
      availabilityZoneRebalancing: 'ENABLED',
      deploymentController: { type: 'ECS' },
      schedulingStrategy: 'REPLICA',
      tags,
    });
    const [task] = await running(1);
    expect(task?.tags).toEqual([
      { key: 'aws:ecs:clusterName', value: cluster },
      { key: 'aws:ecs:serviceName', value: 'worker' },
      ...tags,
    ]);
  });

  it.each([
    ['a launch type beside a strategy', { launchType: 'FARGATE' }],
    ['a subnet that does not exist', { networkConfiguration: { awsvpcConfiguration: { subnets: ['subnet-0'] } } }],
    ['no network', { networkConfiguration: undefined }],
    ['no desired count', { desiredCount: undefined }],
    ['a provider that does not exist', { capacityProviderStrategy: [{ capacityProvider: 'MINE', weight: 1 }] }],
  ])('refuses %s (InvalidParameterException)', async (_what, more) => {
    expect((await refusal(create(more))).name).toBe('InvalidParameterException');
  });

  it('refuses a security group that does not exist, by AWS words', async () => {
    const awsvpcConfiguration = { subnets: stage.subnets, securityGroups: ['sg-00000000000000000'] };
    const error = await refusal(create({ networkConfiguration: { awsvpcConfiguration } }));
    expect(error.message).toContain('InvalidGroup.NotFound');
  });

  it('refuses a missing task definition and a missing cluster', async () => {
    expect((await refusal(create({ taskDefinition: 'lost:1' }))).name).toBe('ClientException');
    expect((await refusal(create({ cluster: 'lost' }))).name).toBe('ClusterNotFoundException');
  });

  it('is not idempotent by name, but by client token', async () => {
    const clientToken = 'b8a1f7c4-6d8e-4a54-9c1f-0f1f6b1d7a11';
    const first = await create({ clientToken });
    expect((await create({ clientToken }))?.serviceArn).toBe(first?.serviceArn);
    expect(await refusal(create())).toMatchObject({
      name: 'InvalidParameterException',
      message: 'Creation of service was not idempotent.',
    });
  });
});

describe('tasks of a service', () => {
  it('are split by the weights of the strategy, after its base', async () => {
    await create({
      desiredCount: 6,
      capacityProviderStrategy: [
        { capacityProvider: 'FARGATE', base: 1, weight: 1 },
        { capacityProvider: 'FARGATE_SPOT', weight: 4 },
      ],
    });
    const providers = (await running(6)).map((task) => task.capacityProviderName);
    expect(providers.filter((name) => name === 'FARGATE_SPOT')).toHaveLength(4);
  });

  it('have a network interface that keeps the subnet until they have stopped', async () => {
    await create();
    const [task] = await running(1);
    const [first] = await interfaces();
    expect(first).toMatchObject({ RequesterManaged: true, Status: 'in-use', SubnetId: stage.subnets[0] });
    expect(first?.Description).toBe(`arn:aws:ecs:us-east-1:123456789012:attachment/${task?.attachments?.[0]?.id}`);
    const removeSubnet = () => emulator.clients.ec2.send(new DeleteSubnetCommand({ SubnetId: stage.subnets[0] }));
    expect((await refusal(removeSubnet())).name).toBe('DependencyViolation');
    await remove(true);
    await statusIs('INACTIVE');
    expect(await interfaces()).toEqual([]);
    await removeSubnet();
  });

  it('follow the desired count both ways', async () => {
    await create({ desiredCount: 2 });
    await deploymentIs(emulator, 'worker', 'SUCCESSFUL');
    await update({ desiredCount: 3 });
    await running(3);
    await update({ desiredCount: 1 });
    await running(1);
    const stopped = (await tasksOf(emulator, 'worker')).find((task) => task.desiredStatus === 'STOPPED');
    expect(stopped?.stopCode).toBe('ServiceSchedulerInitiated');
    expect(stopped?.stoppedReason).toMatch(/^Scaling activity initiated by \(deployment ecs-svc\/\d+\)$/);
  });

  it('are told in events, newest first', async () => {
    await create();
    await deploymentIs(emulator, 'worker', 'SUCCESSFUL');
    const steady = await eventually('steady', async () => {
      const messages = (await look())?.events?.map(({ message = '' }) => message) ?? [];
      return messages[0] === '(service worker) has reached a steady state.' && messages;
    });
    expect(steady.at(-1)).toMatch(/^\(service worker\) has started 1 tasks: \(task [0-9a-f]{32}\)\.$/);
  });
});

describe('UpdateService', () => {
  it('keeps members that are left out and replaces nested ones', async () => {
    await create({ deploymentConfiguration: { ...breaker(5, true), minimumHealthyPercent: 50 } });
    await update({ deploymentConfiguration: { deploymentCircuitBreaker: { enable: true, rollback: false } } });
    const service = await look();
    expect(service?.deploymentConfiguration).toMatchObject({ minimumHealthyPercent: 50, maximumPercent: 200 });
    expect(service?.deploymentConfiguration?.deploymentCircuitBreaker).toEqual({ enable: true, rollback: false });
    expect(service?.deployments).toHaveLength(1);
  });

  it('starts a new deployment when forced', async () => {
    await create();
    await deploymentIs(emulator, 'worker', 'SUCCESSFUL');
    const before = (await look())?.deployments?.[0]?.id;
    await update({ forceNewDeployment: true });
    expect((await look())?.deployments?.map(({ status }) => status)).toEqual(['PRIMARY', 'ACTIVE']);
    await deploymentIs(emulator, 'worker', 'SUCCESSFUL');
    expect((await look())?.deployments?.map(({ id, rolloutState }) => [id === before, rolloutState])).toEqual([
      [false, 'COMPLETED'],
    ]);
  });

  it('refuses a service that is missing or not active', async () => {
    expect((await refusal(update({ desiredCount: 1 }))).name).toBe('ServiceNotFoundException');
    await create();
    await remove(true);
    expect((await refusal(update({ desiredCount: 1 }))).name).toBe('ServiceNotActiveException');
  });
});

describe('DeleteService', () => {
  it('wants force while the service is scaled above 0', async () => {
    await create();
    expect((await refusal(remove(false))).message).toBe('The service cannot be stopped while it is scaled above 0.');
    await update({ desiredCount: 0 });
    await remove(false);
    expect((await look())?.status).toBe('DRAINING');
  });

  it('drains, keeps name and cluster meanwhile, and is described as INACTIVE later', async () => {
    await create();
    await running(1);
    await remove(true);
    expect((await refusal(create())).message).toBe('Unable to Start a service that is still Draining.');
    const { ecs } = emulator.clients;
    expect((await refusal(ecs.send(new DeleteClusterCommand({ cluster })))).name).toBe(
      'ClusterContainsServicesException',
    );
    await statusIs('INACTIVE');
    expect((await ecs.send(new ListServicesCommand({ cluster }))).serviceArns).toEqual([]);
    expect((await refusal(remove(true))).name).toBe('ServiceNotFoundException');
    expect((await create())?.status).toBe('ACTIVE');
  });
});
