import {
  DeregisterScalableTargetCommand,
  DescribeScalableTargetsCommand,
} from '@aws-sdk/client-application-auto-scaling';
import { DeleteAlarmsCommand, DescribeAlarmsCommand } from '@aws-sdk/client-cloudwatch';
import { DeleteLogGroupCommand, DescribeLogGroupsCommand } from '@aws-sdk/client-cloudwatch-logs';
import {
  DeleteNatGatewayCommand,
  DeleteVpcEndpointsCommand,
  DescribeAddressesCommand,
  DescribeNatGatewaysCommand,
  DescribeVpcEndpointsCommand,
  ReleaseAddressCommand,
} from '@aws-sdk/client-ec2';
import { DeleteRepositoryCommand, DescribeRepositoriesCommand, ListImagesCommand } from '@aws-sdk/client-ecr';
import {
  DeleteClusterCommand,
  DeleteServiceCommand,
  DescribeClustersCommand,
  DescribeServicesCommand,
} from '@aws-sdk/client-ecs';
import { DeleteRoleCommand, DeleteRolePolicyCommand, GetRoleCommand } from '@aws-sdk/client-iam';
import { DeleteBucketCommand, HeadBucketCommand } from '@aws-sdk/client-s3';
import { DeleteSecretCommand, GetSecretValueCommand } from '@aws-sdk/client-secrets-manager';
import { describe } from 'vitest';
import { eventually } from '../helpers/emulator.ts';
import { type Drift, idOf, itPutsBack, useSteps } from './stage.ts';

const stage = useSteps();
const cluster = 'temporal-fargate-dev';

/** Whether there is something to answer about. */
const found = (answer: Promise<unknown>): Promise<boolean> =>
  answer.then(
    () => true,
    () => false,
  );

async function serviceStatus(): Promise<string | undefined> {
  const answer = await stage.emulator.clients.ecs.send(new DescribeServicesCommand({ cluster, services: ['worker'] }));
  return answer.services?.[0]?.status;
}

async function deleteService(): Promise<void> {
  await stage.emulator.clients.ecs.send(new DeleteServiceCommand({ cluster, service: 'worker', force: true }));
  await eventually('the service is gone', async () => (await serviceStatus()) === 'INACTIVE');
}

const CREATED = ['create'];
const ALARMS = {
  'scaling/alarm/worker-cpu-high': ['update', 'action'],
  'scaling/alarm/worker-cpu-low': ['update', 'action'],
};
const REDEPLOYED = {
  'compute/task-definition/worker': ['update', 'image', 'environment'],
  'compute/service/worker': ['update', 'taskDefinition'],
};

describe('a part of the network deleted by hand', () => {
  itPutsBack(stage, (at) => {
    const ec2 = () => stage.emulator.clients.ec2;
    const id = (step: string) => idOf(at(), `network/${step}`);
    const alive = async () => {
      const Filter = [{ Name: 'state', Values: ['available', 'pending'] }];
      return (await ec2().send(new DescribeNatGatewaysCommand({ Filter }))).NatGateways ?? [];
    };
    const deleteNat = async () => {
      const NatGatewayId = id('nat-gateway/a');
      await ec2().send(new DeleteNatGatewayCommand({ NatGatewayId }));
      const Filter = [
        { Name: 'nat-gateway-id', Values: [NatGatewayId] },
        { Name: 'state', Values: ['deleted'] },
      ];
      await eventually('the NAT gateway is deleted', async () => {
        const { NatGateways } = await ec2().send(new DescribeNatGatewaysCommand({ Filter }));
        return NatGateways?.length === 1;
      });
    };
    const addresses = async () => (await ec2().send(new DescribeAddressesCommand({}))).Addresses?.length;
    return [
      {
        field: 'NAT gateway, which leaves the private route a black hole',
        plan: { 'network/nat-gateway/a': CREATED, 'network/route-table/private': ['update', 'defaultRoute'] },
        read: async () => (await alive()).length,
        spoil: deleteNat,
      },
      {
        field: 'NAT gateway and its address',
        plan: {
          'network/elastic-ip/a': CREATED,
          'network/nat-gateway/a': CREATED,
          'network/route-table/private': ['update', 'defaultRoute'],
        },
        read: async () => [(await alive()).length, await addresses()],
        spoil: async () => {
          await deleteNat();
          await ec2().send(new ReleaseAddressCommand({ AllocationId: id('elastic-ip/a') }));
        },
      },
      {
        field: 'S3 endpoint',
        plan: { 'network/s3-endpoint': CREATED },
        read: async () => {
          const { VpcEndpoints } = await ec2().send(new DescribeVpcEndpointsCommand({}));
          return VpcEndpoints?.map(({ RouteTableIds }) => RouteTableIds);
        },
        spoil: async () => {
          const VpcEndpointIds = [id('s3-endpoint')];
          await ec2().send(new DeleteVpcEndpointsCommand({ VpcEndpointIds }));
          const gone = async () => !(await found(ec2().send(new DescribeVpcEndpointsCommand({ VpcEndpointIds }))));
          await eventually('the endpoint is gone', gone);
        },
      },
    ];
  });
});

describe('a service or what it needs, deleted by hand', () => {
  itPutsBack(stage, (at) => [...storage(at), ...compute()]);
});

function storage(at: () => Parameters<typeof idOf>[0]): Drift[] {
  const clients = () => stage.emulator.clients;
  const repositoryName = 'temporal-fargate/dev';
  const SecretId = 'temporal-fargate/dev/temporal';
  const logGroupName = '/temporal-fargate/dev';
  const Bucket = () => idOf(at(), 'data/bucket');
  const roles = ['execution', 'task'].map((kind): Drift => {
    const RoleName = `temporal-fargate-us-east-1-dev-${kind}`;
    return {
      field: `${kind} role`,
      plan: {
        [`identity/${kind}-role`]: CREATED,
        // It turns out to have the same ARN, which nobody knows before it is made.
        'compute/task-definition/worker': ['update', kind === 'execution' ? 'executionRole' : 'taskRole'],
        'compute/service/worker': ['update', 'taskDefinition'],
      },
      read: () => found(clients().iam.send(new GetRoleCommand({ RoleName }))),
      spoil: async () => {
        await clients().iam.send(new DeleteRolePolicyCommand({ RoleName, PolicyName: 'temporal-fargate' }));
        await clients().iam.send(new DeleteRoleCommand({ RoleName }));
      },
    };
  });
  return [
    {
      field: 'log group',
      plan: {
        'compute/log-group': CREATED,
        'identity/execution-role': ['update', 'policy'],
        'compute/task-definition/worker': ['update', 'container'],
        'compute/service/worker': ['update', 'taskDefinition'],
      },
      read: async () => {
        const answer = await clients().logs.send(new DescribeLogGroupsCommand({ logGroupNamePrefix: logGroupName }));
        return answer.logGroups?.map(({ retentionInDays }) => retentionInDays);
      },
      spoil: () => clients().logs.send(new DeleteLogGroupCommand({ logGroupName })),
    },
    {
      field: 'repository with the image in it',
      plan: {
        'image/repository': CREATED,
        'image/worker-image/worker': CREATED,
        'identity/execution-role': ['update', 'policy'],
        ...REDEPLOYED,
      },
      read: async () =>
        (await found(clients().ecr.send(new DescribeRepositoriesCommand({ repositoryNames: [repositoryName] })))) &&
        (await clients().ecr.send(new ListImagesCommand({ repositoryName }))).imageIds,
      spoil: () => clients().ecr.send(new DeleteRepositoryCommand({ repositoryName, force: true })),
    },
    {
      field: 'secret, for good',
      plan: {
        'secrets/temporal': CREATED,
        'identity/execution-role': ['update', 'policy'],
        'compute/task-definition/worker': ['update', 'secrets', 'container'],
        'compute/service/worker': ['update', 'taskDefinition'],
      },
      read: () =>
        clients()
          .secrets.send(new GetSecretValueCommand({ SecretId }))
          .then(
            ({ SecretString }) => SecretString,
            ({ name }: Error) => name,
          ),
      spoil: () => clients().secrets.send(new DeleteSecretCommand({ SecretId, ForceDeleteWithoutRecovery: true })),
    },
    ...roles,
    {
      field: 'data bucket',
      plan: {
        'data/bucket': CREATED,
        'identity/task-role': ['update', 'policy'],
        'compute/task-definition/worker': ['update', 'environment'],
        'compute/service/worker': ['update', 'taskDefinition'],
      },
      read: () => found(clients().s3.send(new HeadBucketCommand({ Bucket: Bucket() }))),
      spoil: () => clients().s3.send(new DeleteBucketCommand({ Bucket: Bucket() })),
    },
  ];
}

function compute(): Drift[] {
  const TARGET = {
    ServiceNamespace: 'ecs',
    ScalableDimension: 'ecs:service:DesiredCount',
    ResourceId: `service/${cluster}/worker`,
  } as const;
  const names = ['high', 'low'].map((kind) => `temporal-fargate-dev_worker-cpu-${kind}`);
  const target = async () => {
    const { ServiceNamespace, ResourceId } = TARGET;
    const answer = await stage.emulator.clients.autoscaling.send(
      new DescribeScalableTargetsCommand({ ServiceNamespace, ResourceIds: [ResourceId] }),
    );
    return answer.ScalableTargets?.map(({ MinCapacity, MaxCapacity }) => [MinCapacity, MaxCapacity]);
  };
  return [
    {
      field: 'scalable target with its policies',
      plan: { 'scaling/target/worker': CREATED, ...ALARMS },
      read: target,
      spoil: () => stage.emulator.clients.autoscaling.send(new DeregisterScalableTargetCommand(TARGET)),
    },
    {
      field: 'both alarms',
      plan: { 'scaling/alarm/worker-cpu-high': CREATED, 'scaling/alarm/worker-cpu-low': CREATED },
      read: async () => {
        const { MetricAlarms } = await stage.emulator.clients.cloudwatch.send(new DescribeAlarmsCommand({}));
        return MetricAlarms?.map(({ AlarmName, Threshold }) => `${AlarmName}: ${Threshold}`).sort();
      },
      spoil: () => stage.emulator.clients.cloudwatch.send(new DeleteAlarmsCommand({ AlarmNames: names })),
    },
    {
      field: 'service',
      plan: { 'compute/service/worker': CREATED },
      read: serviceStatus,
      spoil: deleteService,
    },
    {
      field: 'cluster and service',
      plan: { 'compute/cluster': CREATED, 'compute/service/worker': CREATED },
      read: async () => {
        const answer = await stage.emulator.clients.ecs.send(new DescribeClustersCommand({ clusters: [cluster] }));
        return answer.clusters?.map(({ status }) => status);
      },
      spoil: async () => {
        await deleteService();
        await stage.emulator.clients.ecs.send(new DeleteClusterCommand({ cluster }));
      },
    },
  ];
}
