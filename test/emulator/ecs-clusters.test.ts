import {
  CreateClusterCommand,
  DeleteClusterCommand,
  DescribeCapacityProvidersCommand,
  DescribeClustersCommand,
  PutClusterCapacityProvidersCommand,
  RunTaskCommand,
  StopTaskCommand,
  UpdateClusterCommand,
} from '@aws-sdk/client-ecs';
import { beforeEach, describe, expect, it } from 'vitest';
import { eventually, refusal, useEmulator } from '../helpers/emulator.ts';
import { cluster, register, setStage } from './ecs-stage.ts';

const emulator = useEmulator({ strict: ['off'] });
const clusterName = 'workers';
const capacityProviders = ['FARGATE', 'FARGATE_SPOT'];
const create = (more = {}) =>
  emulator.clients.ecs.send(new CreateClusterCommand({ clusterName, capacityProviders, ...more }));
const look = async (name = clusterName) =>
  (await emulator.clients.ecs.send(new DescribeClustersCommand({ clusters: [name], include: ['TAGS', 'SETTINGS'] }))) ??
  {};
const remove = (name = clusterName) => emulator.clients.ecs.send(new DeleteClusterCommand({ cluster: name }));

beforeEach(() => emulator.reset());

describe('clusters', () => {
  it('answers providers, strategy, settings and tags', async () => {
    const tags = [{ key: 'team', value: 'a' }];
    const strategy = [{ capacityProvider: 'FARGATE_SPOT', weight: 4 }];
    await create({ tags, defaultCapacityProviderStrategy: strategy });
    expect((await look()).clusters?.[0]).toMatchObject({
      status: 'ACTIVE',
      capacityProviders,
      defaultCapacityProviderStrategy: [{ capacityProvider: 'FARGATE_SPOT', weight: 4, base: 0 }],
      settings: [{ name: 'containerInsights', value: 'disabled' }],
      tags,
    });
  });

  it('answers the existing cluster to a second create and keeps its providers', async () => {
    await create();
    const again = await create({ capacityProviders: undefined });
    expect(again.cluster?.capacityProviders).toEqual(capacityProviders);
  });

  it('refuses a capacity provider that does not exist', async () => {
    const error = await refusal(create({ capacityProviders: ['FARGATE_SPOTTY'] }));
    expect(error.name).toBe('InvalidParameterException');
    expect(error.message).toContain('FARGATE_SPOTTY');
  });

  it.each([
    ['a provider that the cluster lacks', ['FARGATE'], [{ capacityProvider: 'FARGATE_SPOT', weight: 1 }]],
    ['weights that are all zero', capacityProviders, [{ capacityProvider: 'FARGATE', weight: 0 }]],
    [
      'two bases',
      capacityProviders,
      capacityProviders.map((capacityProvider) => ({ capacityProvider, base: 1, weight: 1 })),
    ],
  ])('refuses a strategy with %s', async (_what, providers, strategy) => {
    await create();
    const input = { cluster: clusterName, capacityProviders: providers, defaultCapacityProviderStrategy: strategy };
    const error = await refusal(emulator.clients.ecs.send(new PutClusterCapacityProvidersCommand(input)));
    expect(error.name).toBe('InvalidParameterException');
  });

  it('replaces providers and settings', async () => {
    await create();
    const { ecs } = emulator.clients;
    const providers = { capacityProviders: ['FARGATE'], defaultCapacityProviderStrategy: [] };
    await ecs.send(new PutClusterCapacityProvidersCommand({ cluster: clusterName, ...providers }));
    const settings = [{ name: 'containerInsights', value: 'enabled' } as const];
    await ecs.send(new UpdateClusterCommand({ cluster: clusterName, settings }));
    expect((await look()).clusters?.[0]).toMatchObject({ capacityProviders: ['FARGATE'], settings });
  });

  it('lists a missing cluster as a failure and a deleted one as INACTIVE', async () => {
    expect((await look()).failures?.[0]?.reason).toBe('MISSING');
    await create();
    await remove();
    expect((await look()).clusters?.[0]?.status).toBe('INACTIVE');
    expect((await refusal(remove())).name).toBe('ClusterNotFoundException');
    expect((await create()).cluster?.status).toBe('ACTIVE');
  });

  it('is kept while a task of no service runs (ClusterContainsTasksException)', async () => {
    const stage = await setStage(emulator);
    const taskDefinition = await register(emulator, stage);
    const { ecs } = emulator.clients;
    const networkConfiguration = { awsvpcConfiguration: { subnets: stage.subnets } };
    const run = new RunTaskCommand({ cluster, taskDefinition, launchType: 'FARGATE', networkConfiguration });
    const { tasks } = await ecs.send(run);
    expect((await refusal(remove(cluster))).name).toBe('ClusterContainsTasksException');
    await ecs.send(new StopTaskCommand({ cluster, task: tasks?.[0]?.taskArn }));
    const gone = await eventually('cluster deleted', () => remove(cluster).catch(() => undefined));
    expect(gone.cluster?.status).toBe('INACTIVE');
  });

  it('knows the two Fargate providers', async () => {
    const command = new DescribeCapacityProvidersCommand({ capacityProviders: ['FARGATE_SPOT', 'mine'] });
    const answer = await emulator.clients.ecs.send(command);
    expect(answer.capacityProviders?.map(({ name }) => name)).toEqual(['FARGATE_SPOT']);
    expect(answer.failures?.[0]?.reason).toBe('MISSING');
  });
});
