import {
  type CapacityProviderStrategyItem,
  CreateServiceCommand,
  DeleteServiceCommand,
  type DeploymentConfiguration,
  ListServiceDeploymentsCommand,
  UpdateServiceCommand,
} from '@aws-sdk/client-ecs';
import { explainFailure } from '../../aws/deployment-failure.ts';
import { blockerOfService } from '../../aws/ecs-blockers.ts';
import { ifThere, orUndefined } from '../../aws/errors.ts';
import { retagEcs } from '../../aws/retag.ts';
import { lowerTags } from '../../aws/tags.ts';
import type { WorkerConfig } from '../../config/schema.ts';
import type { Change, Readiness } from '../../engine/step.ts';
import { changesOf, defineStep, must } from '../define.ts';
import type { NatGatewayStep } from '../network/nat-gateway.ts';
import type { RouteTableStep } from '../network/route-table.ts';
import type { SecurityGroupStep } from '../network/security-group.ts';
import type { SubnetStep } from '../network/subnet.ts';
import { type ClusterStep, clusterName } from './cluster.ts';
import {
  deploymentText,
  findService,
  type LiveService,
  rolloutOf,
  strategyText,
  toLiveService,
} from './live-service.ts';
import { logGroupName } from './log-group.ts';
import { SERVICE_ACTIONS } from './permissions.ts';
import { stopDeployment } from './stop-deployment.ts';
import { taskCosts } from './task-cost.ts';
import type { TaskDefinitionStep } from './task-definition.ts';
import { taskRange } from './task-range.ts';

type ServiceNeeds = {
  cluster: ClusterStep;
  taskDefinition: TaskDefinitionStep;
  securityGroup: SecurityGroupStep;
  [route: `table${string}`]: RouteTableStep;
  [gateway: `nat${string}`]: NatGatewayStep;
  [subnet: `subnet${string}`]: SubnetStep;
};

/** Where its tasks run. */
interface Placement {
  readonly publicAddresses: boolean;
  /** Subnets that are no steps of this stack. */
  readonly subnetIds: readonly string[];
}

/**
 * Spot and on demand by the service's own capacity provider strategy: a launch type would switch Spot off without a
 * word. `desiredCount` belongs to auto scaling and is only given at the start.
 */
export const service = (worker: WorkerConfig, { publicAddresses, subnetIds }: Placement, needs: ServiceNeeds) =>
  defineStep({
    id: `compute/service/${worker.name}`,
    title: `ECS service (${worker.name})`,
    needs,
    replacedWith: ['cluster', ...Object.keys(needs).filter(isSubnetKey), 'securityGroup'],
    repeatable: 'name',
    lingers: true,
    timeouts: { ready: 15, gone: 20 },
    usual: { ready: [60, 240], gone: [30, 180] },
    monthlyCost: () => taskCosts(worker, publicAddresses),
    actions: SERVICE_ACTIONS,
    want: (_config, from) => {
      const lives = Object.entries(from as Record<string, { id: string }>);
      return {
        cluster: from.cluster.id,
        name: worker.name,
        taskDefinition: from.taskDefinition.id,
        subnetIds: [...subnetIds, ...lives.flatMap(([key, { id }]) => (isSubnetKey(key) ? [id] : []))].sort(),
        securityGroupIds: [from.securityGroup.id, ...(worker.securityGroupIds ?? [])].sort(),
        assignPublicIp: publicAddresses ? 'ENABLED' : 'DISABLED',
        strategy: strategyText(strategyOf(worker)),
        deployment: deploymentText(DEPLOYMENT),
        ...SETTINGS,
        initialCount: taskRange(worker).min,
      };
    },
    findById: findService,
    async findOwned(aws) {
      // The cluster is looked at anyway: without it there is no service.
      if (aws.surveying && !(await aws.clusterNamed(clusterName(aws.stack)))) return [];
      return [await findService(aws, worker.name)].flatMap((found) => found ?? []);
    },
    async load(aws, live): Promise<LiveService> {
      // "running = desired" is also true after a rollback: the service deployment's own status is what counts. A
      // completed rollout of a service that is only looked at needs no second opinion.
      if (aws.surveying && live.rollout === 'COMPLETED')
        return { ...live, latest: { status: 'SUCCESSFUL', reason: '' } };
      const answer = await orUndefined(
        aws.clients.ecs.send(
          new ListServiceDeploymentsCommand({ cluster: clusterName(aws.stack), service: live.id, maxResults: 1 }),
        ),
      );
      const [latest] = answer?.serviceDeployments ?? [];
      return latest ? { ...live, latest: { status: latest.status ?? '', reason: latest.statusReason ?? '' } } : live;
    },
    diff: (want, live): Change[] => [
      ...changesOf(want, live, {
        taskDefinition: 'update',
        subnetIds: 'update',
        securityGroupIds: 'update',
        assignPublicIp: 'update',
        strategy: 'update',
        deployment: 'update',
        availabilityZoneRebalancing: 'update',
        enableECSManagedTags: 'update',
        propagateTags: 'update',
      }),
      // The circuit breaker has stopped launching: nothing happens until somebody deploys again.
      ...(live.rollout === 'FAILED'
        ? [{ field: 'rollout', from: 'FAILED', to: 'a new deployment', how: 'update' as const }]
        : []),
    ],
    async create(aws, want, { tags, token }) {
      const answer = await aws.clients.ecs.send(
        new CreateServiceCommand({
          cluster: want.cluster,
          serviceName: want.name,
          taskDefinition: want.taskDefinition,
          desiredCount: want.initialCount,
          clientToken: token,
          capacityProviderStrategy: strategyOf(worker),
          platformVersion: 'LATEST',
          networkConfiguration: networkOf(want),
          deploymentController: { type: 'ECS' },
          deploymentConfiguration: DEPLOYMENT,
          ...SETTINGS,
          tags: lowerTags(tags),
        }),
      );
      return { ...toLiveService(must(answer.service, 'the service')), tags };
    },
    async update(aws, live, want, changes) {
      const changed = (...fields: string[]): boolean => changes.some(({ field }) => fields.includes(field));
      // What is left out stays as it is: a deploy must not take back what somebody has changed by hand meanwhile.
      await aws.clients.ecs.send(
        new UpdateServiceCommand({
          cluster: want.cluster,
          service: live.id,
          taskDefinition: want.taskDefinition,
          ...(changed('strategy') && { capacityProviderStrategy: strategyOf(worker) }),
          ...(changed(...NETWORK) && { networkConfiguration: networkOf(want) }),
          // Nested objects are replaced, not merged: always whole.
          ...(changed('deployment') && { deploymentConfiguration: DEPLOYMENT }),
          ...(changed(...Object.keys(SETTINGS)) && SETTINGS),
          ...(changed('strategy', 'rollout') && { forceNewDeployment: true }),
        }),
      );
      return undefined;
    },
    readiness: (live, want): Readiness => {
      if (live.status === 'DRAINING') return { state: 'leaving', detail: `draining, ${live.running} tasks running` };
      if (want === undefined) return { state: 'ready', detail: live.status };
      return rolloutOf(live, want.taskDefinition);
    },
    explain: (aws, live) =>
      explainFailure(aws, { cluster: clusterName(aws.stack), service: live.id, logGroup: logGroupName(aws.stack) }),
    blockedBy: (aws, live) => blockerOfService(aws, clusterName(aws.stack), live.id),
    stop: (aws, live) => stopDeployment(aws, live),
    handsTagsOn: true,
    retag: (aws, { id }, change) => retagEcs(aws, aws.arn('ecs', `service/${clusterName(aws.stack)}/${id}`), change),
    destroy: (aws, live) =>
      ifThere(
        aws.clients.ecs.send(
          new DeleteServiceCommand({ cluster: clusterName(aws.stack), service: live.id, force: true }),
        ),
      ),
  });

const isSubnetKey = (key: string): key is `subnet${string}` => key.startsWith('subnet');

export type ServiceStep = ReturnType<typeof service>;

/** Three failed launches are enough for a service of a few tasks; AWS's own default waits for many more. */
const DEPLOYMENT: DeploymentConfiguration = {
  strategy: 'ROLLING',
  minimumHealthyPercent: 100,
  maximumPercent: 200,
  deploymentCircuitBreaker: {
    enable: true,
    rollback: true,
    resetOnHealthyTask: true,
    thresholdConfiguration: { type: 'COUNT', value: 3 },
  },
};

/** Tasks carry the service's tags: the bill and a sweep by tag need them. */
const SETTINGS = {
  availabilityZoneRebalancing: 'ENABLED',
  enableECSManagedTags: true,
  propagateTags: 'SERVICE',
} as const;

const NETWORK = ['subnetIds', 'securityGroupIds', 'assignPublicIp'];

interface NetworkWant {
  readonly subnetIds: string[];
  readonly securityGroupIds: string[];
  readonly assignPublicIp: string;
}

const networkOf = ({ subnetIds, securityGroupIds, assignPublicIp }: NetworkWant) => ({
  awsvpcConfiguration: {
    subnets: subnetIds,
    securityGroups: securityGroupIds,
    assignPublicIp: assignPublicIp === 'ENABLED' ? ('ENABLED' as const) : ('DISABLED' as const),
  },
});

function strategyOf({ spotWeight, onDemandWeight, onDemandBase }: WorkerConfig): CapacityProviderStrategyItem[] {
  return [
    { capacityProvider: 'FARGATE_SPOT', weight: spotWeight },
    { capacityProvider: 'FARGATE', weight: onDemandWeight, base: onDemandBase },
  ];
}
