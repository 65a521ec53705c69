import {
  type Cluster,
  CreateClusterCommand,
  DeleteClusterCommand,
  PutClusterCapacityProvidersCommand,
} from '@aws-sdk/client-ecs';
import type { Aws } from '../../aws/aws.ts';
import { blockerOfCluster } from '../../aws/ecs-blockers.ts';
import { ifThere } from '../../aws/errors.ts';
import { retagEcs } from '../../aws/retag.ts';
import { fromLowerTags, lowerTags } from '../../aws/tags.ts';
import type { Readiness } from '../../engine/step.ts';
import { changesOf, defineStep, must } from '../define.ts';
import { free } from '../monthly-cost.ts';
import { arnIn, may, type Scope } from '../permission.ts';
import { ensureServiceLinkedRole, mayMakeServiceLinkedRole } from './service-linked-role.ts';

const PROVIDERS = ['FARGATE', 'FARGATE_SPOT'];

export const cluster = () =>
  defineStep({
    id: 'compute/cluster',
    title: 'ECS cluster',
    needs: {},
    repeatable: 'name',
    timeouts: { ready: 10, gone: 10 },
    usual: { ready: [5, 30], gone: [5, 30] },
    monthlyCost: free,
    actions: {
      find: [may(CLUSTER, 'ecs:DescribeClusters')],
      create: [...mayMakeServiceLinkedRole('ecs.amazonaws.com'), may(CLUSTER, 'ecs:CreateCluster', 'ecs:TagResource')],
      update: [may(CLUSTER, 'ecs:PutClusterCapacityProviders')],
      retag: [may(CLUSTER, 'ecs:TagResource', 'ecs:UntagResource')],
      explain: [
        may(CLUSTER, 'ecs:DescribeServices', 'ecs:DescribeTasks'),
        may(IN_CLUSTER, 'ecs:ListServices', 'ecs:ListTasks'),
      ],
      destroy: [may(CLUSTER, 'ecs:DeleteCluster')],
    },
    want: (config) => ({ name: clusterName(config.stack), capacityProviders: PROVIDERS }),
    findById: find,
    findOwned: async (aws, { stack }) => [await find(aws, clusterName(stack))].flatMap((found) => found ?? []),
    diff: (want, live) => changesOf(want, live, { capacityProviders: 'update' }),
    async create(aws, want, { tags }) {
      await ensureServiceLinkedRole(aws, 'ecs.amazonaws.com');
      const answer = await aws.clients.ecs.send(
        new CreateClusterCommand({
          clusterName: want.name,
          capacityProviders: want.capacityProviders,
          tags: lowerTags(tags),
        }),
      );
      return { ...toLive(must(answer.cluster, 'the cluster')), tags, capacityProviders: PROVIDERS };
    },
    async update(aws, live, want) {
      await aws.clients.ecs.send(
        new PutClusterCapacityProvidersCommand({
          cluster: live.id,
          capacityProviders: want.capacityProviders,
          // Both lists are required and replace what is there. Our services bring their own strategy.
          defaultCapacityProviderStrategy: live.defaultStrategy,
        }),
      );
      return undefined;
    },
    readiness: (live): Readiness => {
      if (live.status === 'FAILED') return { state: 'failed', detail: 'cluster is FAILED' };
      const settled = live.status === 'ACTIVE' && live.attachments !== 'UPDATE_IN_PROGRESS';
      return settled
        ? { state: 'ready', detail: 'ACTIVE' }
        : { state: 'waiting', detail: live.attachments || live.status };
    },
    blockedBy: (aws, live) => blockerOfCluster(aws, live.id),
    retag: (aws, { arn }, change) => retagEcs(aws, arn, change),
    destroy: (aws, live) => ifThere(aws.clients.ecs.send(new DeleteClusterCommand({ cluster: live.id }))),
  });

export type ClusterStep = ReturnType<typeof cluster>;

export const clusterName = (stack: string): string => `temporal-fargate-${stack}`;

/**
 * The cluster and all that is in it: what is in a cluster has its name as a part of its own between slashes, so that no
 * other stack's begins like it.
 */
export const CLUSTER: Scope = {
  sid: 'Cluster',
  resources: (place) => {
    const name = clusterName(place.stack);
    const inside = ['service', 'service-deployment', 'task'].map((kind) => `${kind}/${name}/*`);
    return [`cluster/${name}`, ...inside].map((resource) => arnIn(place, 'ecs', resource));
  },
};

/** Listing what is in the cluster: that names no thing, so that a condition has to say in which. */
export const IN_CLUSTER: Scope = {
  sid: 'InCluster',
  resources: () => ['*'],
  conditions: (place) => ({ ArnLike: { 'ecs:cluster': [arnIn(place, 'ecs', `cluster/${clusterName(place.stack)}`)] } }),
};

async function find(aws: Aws, name: string) {
  const found = await aws.clusterNamed(name);
  // A deleted cluster is described as INACTIVE for a while.
  return found && found.status !== 'INACTIVE' ? toLive(found) : undefined;
}

function toLive(found: Cluster) {
  return {
    id: must(found.clusterName, 'a cluster name'),
    tags: fromLowerTags(found.tags),
    arn: found.clusterArn ?? '',
    status: found.status ?? '',
    attachments: found.attachmentsStatus ?? '',
    capacityProviders: [...(found.capacityProviders ?? [])].sort(),
    defaultStrategy: found.defaultCapacityProviderStrategy ?? [],
  };
}
