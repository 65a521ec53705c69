import { DescribeSecurityGroupsCommand } from '@aws-sdk/client-ec2';
import {
  type CapacityProviderStrategyItem,
  DeleteTaskDefinitionsCommand,
  DeregisterTaskDefinitionCommand,
  DescribeServicesCommand,
  DescribeTaskDefinitionCommand,
  RegisterTaskDefinitionCommand,
  type Service,
  UpdateServiceCommand,
  type UpdateServiceCommandInput,
} from '@aws-sdk/client-ecs';
import { describe } from 'vitest';
import { type Drift, idOf, itPutsBack, only, useSteps } from './stage.ts';

const stage = useSteps();
const ecs = () => stage.emulator.clients.ecs;
const cluster = 'temporal-fargate-dev';
const family = 'temporal-fargate-dev_worker';

async function service(): Promise<Service> {
  return only((await ecs().send(new DescribeServicesCommand({ cluster, services: ['worker'] }))).services);
}

/** An image, size and secret, without what AWS counts up and dates. */
async function definition() {
  const { taskDefinition } = await service();
  const answer = await ecs().send(new DescribeTaskDefinitionCommand({ taskDefinition }));
  const { containerDefinitions, cpu, memory, taskRoleArn, executionRoleArn, status } = answer.taskDefinition ?? {};
  return { containerDefinitions, cpu, memory, taskRoleArn, executionRoleArn, status };
}

describe('an ECS service changed by hand', () => {
  itPutsBack(stage, (at) => {
    const update = (changes: Partial<UpdateServiceCommandInput>) =>
      ecs().send(new UpdateServiceCommand({ cluster, service: 'worker', ...changes }));
    const drift = (
      field: string,
      change: string,
      read: (live: Service) => unknown,
      spoil: () => Promise<Partial<UpdateServiceCommandInput>>,
    ): Drift => ({
      field,
      plan: { 'compute/service/worker': ['update', change] },
      read: async () => read(await service()),
      spoil: async () => update(await spoil()),
    });
    const id = (step: string) => idOf(at(), `network/${step}`);
    const network = ({ networkConfiguration }: Service) => networkConfiguration?.awsvpcConfiguration;
    const placed = async (changes: object) => {
      const subnets = [id('subnet/private-a'), id('subnet/private-b')];
      const right = { subnets, securityGroups: [id('security-group')], assignPublicIp: 'DISABLED' as const };
      return { networkConfiguration: { awsvpcConfiguration: { ...right, ...changes } } };
    };
    const strategy = (live: Service) =>
      (live.capacityProviderStrategy ?? [])
        .map(({ capacityProvider, weight, base }) => `${capacityProvider} ${weight} ${base}`)
        .sort();
    const split = async (...capacityProviderStrategy: CapacityProviderStrategyItem[]) => ({ capacityProviderStrategy });
    const deployment = ({ deploymentConfiguration }: Service) => deploymentConfiguration;
    const deployed = async (changes: object) => {
      const { deploymentConfiguration: right } = await service();
      return { deploymentConfiguration: { ...right, ...changes } };
    };
    return [
      drift('capacity provider strategy that is all on demand', 'strategy', strategy, () =>
        split({ capacityProvider: 'FARGATE', weight: 1 }),
      ),
      drift('capacity provider strategy with other weights', 'strategy', strategy, () =>
        split({ capacityProvider: 'FARGATE_SPOT', weight: 1 }, { capacityProvider: 'FARGATE', weight: 1, base: 1 }),
      ),
      drift('subnets of the service', 'subnetIds', network, () => placed({ subnets: [id('subnet/private-a')] })),
      drift('security groups of the service', 'securityGroupIds', network, async () =>
        placed({ securityGroups: [await defaultGroup(id('vpc'))] }),
      ),
      drift('public addresses for tasks', 'assignPublicIp', network, () => placed({ assignPublicIp: 'ENABLED' })),
      drift('circuit breaker off', 'deployment', deployment, () =>
        deployed({ deploymentCircuitBreaker: { enable: false, rollback: false } }),
      ),
      drift('circuit breaker without rollback', 'deployment', deployment, async () => {
        const { deploymentConfiguration: right } = await service();
        return deployed({
          deploymentCircuitBreaker: { enable: true, ...right?.deploymentCircuitBreaker, rollback: false },
        });
      }),
      drift('circuit breaker with another threshold', 'deployment', deployment, async () => {
        const { deploymentConfiguration: right } = await service();
        const thresholdConfiguration = { type: 'COUNT' as const, value: 9 };
        return deployed({
          deploymentCircuitBreaker: {
            enable: true,
            rollback: true,
            ...right?.deploymentCircuitBreaker,
            thresholdConfiguration,
          },
        });
      }),
      drift('percentages of a rollout', 'deployment', deployment, () =>
        deployed({ minimumHealthyPercent: 0, maximumPercent: 150 }),
      ),
      drift(
        'zone rebalancing off',
        'availabilityZoneRebalancing',
        (live) => live.availabilityZoneRebalancing,
        async () => ({ availabilityZoneRebalancing: 'DISABLED' }),
      ),
      drift(
        'tasks without the tags of the service',
        'propagateTags',
        (live) => live.propagateTags,
        async () => ({ propagateTags: 'NONE' }),
      ),
      drift(
        'tasks without the tags of ECS',
        'enableECSManagedTags',
        (live) => live.enableECSManagedTags,
        async () => ({ enableECSManagedTags: false }),
      ),
      {
        field: 'task definition of somebody else in the service',
        plan: { 'compute/service/worker': ['update', 'taskDefinition'] },
        read: definition,
        spoil: async () => {
          const right = await definition();
          const made = await ecs().send(
            new RegisterTaskDefinitionCommand({
              family: 'somebody',
              requiresCompatibilities: ['FARGATE'],
              networkMode: 'awsvpc',
              ...right,
              cpu: '256',
              memory: '512',
            }),
          );
          const taskDefinition = made.taskDefinition?.taskDefinitionArn ?? '';
          await update({ taskDefinition });
          await ecs().send(new DeregisterTaskDefinitionCommand({ taskDefinition }));
          // Somebody cleans up after themselves: ECS deletes it once the service has let go of it.
          await ecs().send(new DeleteTaskDefinitionsCommand({ taskDefinitions: [taskDefinition] }));
        },
      },
      {
        field: 'task definition deregistered',
        plan: {
          'compute/task-definition/worker': ['create'],
          'compute/service/worker': ['update', 'taskDefinition'],
        },
        read: definition,
        spoil: () =>
          ecs().send(
            new DeregisterTaskDefinitionCommand({ taskDefinition: idOf(at(), 'compute/task-definition/worker') }),
          ),
      },
      {
        field: 'task definition registered anew by somebody',
        plan: {
          'compute/task-definition/worker': ['update', 'cpu'],
          'compute/service/worker': ['update', 'taskDefinition'],
        },
        read: definition,
        spoil: async () => {
          // Without the recorded revision the newest of the family is looked at.
          const taskDefinition = idOf(at(), 'compute/task-definition/worker');
          const answer = await ecs().send(new DescribeTaskDefinitionCommand({ taskDefinition, include: ['TAGS'] }));
          const { containerDefinitions, memory, taskRoleArn, executionRoleArn, runtimePlatform } =
            answer.taskDefinition ?? {};
          const { taskDefinition: made } = await ecs().send(
            new RegisterTaskDefinitionCommand({
              family,
              requiresCompatibilities: ['FARGATE'],
              networkMode: 'awsvpc',
              cpu: '512',
              ...{ containerDefinitions, memory, taskRoleArn, executionRoleArn, runtimePlatform },
              tags: answer.tags,
            }),
          );
          await update({ taskDefinition: made?.taskDefinitionArn ?? '' });
          await ecs().send(new DeregisterTaskDefinitionCommand({ taskDefinition }));
        },
      },
    ];
  });
});

async function defaultGroup(vpc: string): Promise<string> {
  const Filters = [
    { Name: 'vpc-id', Values: [vpc] },
    { Name: 'group-name', Values: ['default'] },
  ];
  const { SecurityGroups } = await stage.emulator.clients.ec2.send(new DescribeSecurityGroupsCommand({ Filters }));
  return only(SecurityGroups).GroupId ?? '';
}
