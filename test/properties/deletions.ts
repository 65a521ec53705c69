import { DeregisterScalableTargetCommand } from '@aws-sdk/client-application-auto-scaling';
import { DeleteAlarmsCommand } from '@aws-sdk/client-cloudwatch';
import { DeleteLogGroupCommand } from '@aws-sdk/client-cloudwatch-logs';
import {
  DeleteInternetGatewayCommand,
  DeleteNatGatewayCommand,
  DeleteRouteTableCommand,
  DeleteSecurityGroupCommand,
  DeleteSubnetCommand,
  DeleteVpcCommand,
  DeleteVpcEndpointsCommand,
  DescribeRouteTablesCommand,
  DetachInternetGatewayCommand,
  DisassociateRouteTableCommand,
  ReleaseAddressCommand,
} from '@aws-sdk/client-ec2';
import { BatchDeleteImageCommand, DeleteRepositoryCommand } from '@aws-sdk/client-ecr';
import { DeleteClusterCommand, DeleteServiceCommand, DeregisterTaskDefinitionCommand } from '@aws-sdk/client-ecs';
import { DeleteRoleCommand, DeleteRolePolicyCommand } from '@aws-sdk/client-iam';
import { DeleteBucketCommand } from '@aws-sdk/client-s3';
import { DeleteSecretCommand } from '@aws-sdk/client-secrets-manager';
import {
  cluster,
  type Deed,
  dataBucket,
  idOf,
  logGroupName,
  repositoryName,
  roleName,
  SecretId,
  TARGET,
} from './by-hand.ts';

/** Which of the reference stack's things somebody deletes. */
export const DELETIONS: readonly Deed[] = [
  {
    text: 'aws ec2 delete-nat-gateway',
    act: (at) => at.clients.ec2.send(new DeleteNatGatewayCommand({ NatGatewayId: idOf(at, 'network/nat-gateway/a') })),
  },
  {
    text: 'aws ec2 release-address',
    act: (at) => at.clients.ec2.send(new ReleaseAddressCommand({ AllocationId: idOf(at, 'network/elastic-ip/a') })),
  },
  {
    text: 'aws ec2 delete-vpc-endpoints',
    act: (at) =>
      at.clients.ec2.send(new DeleteVpcEndpointsCommand({ VpcEndpointIds: [idOf(at, 'network/s3-endpoint')] })),
  },
  {
    text: 'aws ec2 disassociate-route-table for each subnet, aws ec2 delete-route-table (the public one)',
    act: async (at) => {
      const RouteTableId = idOf(at, 'network/route-table/public');
      const { RouteTables } = await at.clients.ec2.send(
        new DescribeRouteTablesCommand({ RouteTableIds: [RouteTableId] }),
      );
      for (const { RouteTableAssociationId: AssociationId } of RouteTables?.[0]?.Associations ?? [])
        await at.clients.ec2.send(new DisassociateRouteTableCommand({ AssociationId }));
      await at.clients.ec2.send(new DeleteRouteTableCommand({ RouteTableId }));
    },
  },
  {
    text: 'aws ec2 detach-internet-gateway, aws ec2 delete-internet-gateway',
    act: async (at) => {
      const gateway = { InternetGatewayId: idOf(at, 'network/internet-gateway') };
      await at.clients.ec2.send(new DetachInternetGatewayCommand({ ...gateway, VpcId: idOf(at, 'network/vpc') }));
      await at.clients.ec2.send(new DeleteInternetGatewayCommand(gateway));
    },
  },
  {
    text: 'aws ec2 delete-subnet (public, second zone)',
    act: (at) => at.clients.ec2.send(new DeleteSubnetCommand({ SubnetId: idOf(at, 'network/subnet/public-b') })),
  },
  {
    text: 'aws ec2 delete-security-group',
    act: (at) => at.clients.ec2.send(new DeleteSecurityGroupCommand({ GroupId: idOf(at, 'network/security-group') })),
  },
  {
    text: 'aws ec2 delete-vpc',
    act: (at) => at.clients.ec2.send(new DeleteVpcCommand({ VpcId: idOf(at, 'network/vpc') })),
  },
  {
    text: 'aws ecs delete-service --force',
    act: ({ clients }) => clients.ecs.send(new DeleteServiceCommand({ cluster, service: 'worker', force: true })),
  },
  {
    text: 'aws ecs delete-service --force, aws ecs delete-cluster',
    act: async ({ clients }) => {
      await clients.ecs.send(new DeleteServiceCommand({ cluster, service: 'worker', force: true }));
      await clients.ecs.send(new DeleteClusterCommand({ cluster }));
    },
  },
  {
    text: 'aws ecs deregister-task-definition',
    act: (at) =>
      at.clients.ecs.send(
        new DeregisterTaskDefinitionCommand({ taskDefinition: idOf(at, 'compute/task-definition/worker') }),
      ),
  },
  {
    text: 'aws logs delete-log-group',
    act: ({ clients }) => clients.logs.send(new DeleteLogGroupCommand({ logGroupName })),
  },
  {
    text: 'aws ecr delete-repository --force',
    act: ({ clients }) => clients.ecr.send(new DeleteRepositoryCommand({ repositoryName, force: true })),
  },
  {
    text: 'aws ecr batch-delete-image (every one)',
    act: ({ clients, inventory }) => {
      const images = Object.keys(inventory.ecr?.image ?? {}).map((id) => ({ imageDigest: id.split('@')[1] }));
      return clients.ecr.send(new BatchDeleteImageCommand({ repositoryName, imageIds: images }));
    },
  },
  {
    text: 'aws secretsmanager delete-secret --recovery-window-in-days 7',
    act: ({ clients }) => clients.secrets.send(new DeleteSecretCommand({ SecretId, RecoveryWindowInDays: 7 })),
  },
  {
    text: 'aws secretsmanager delete-secret --force-delete-without-recovery',
    act: ({ clients }) => clients.secrets.send(new DeleteSecretCommand({ SecretId, ForceDeleteWithoutRecovery: true })),
  },
  ...['execution', 'task'].map((kind): Deed => {
    const RoleName = roleName(kind);
    return {
      text: `aws iam delete-role-policy, aws iam delete-role (${kind} role)`,
      act: async ({ clients: { iam } }) => {
        await iam.send(new DeleteRolePolicyCommand({ RoleName, PolicyName: 'temporal-fargate' }));
        await iam.send(new DeleteRoleCommand({ RoleName }));
      },
    };
  }),
  {
    text: 'aws application-autoscaling deregister-scalable-target',
    act: ({ clients }) => clients.autoscaling.send(new DeregisterScalableTargetCommand(TARGET)),
  },
  {
    text: 'aws cloudwatch delete-alarms (the high one)',
    act: ({ clients }) =>
      clients.cloudwatch.send(new DeleteAlarmsCommand({ AlarmNames: [`${cluster}_worker-cpu-high`] })),
  },
  {
    text: 'aws s3api delete-bucket (the data bucket)',
    act: ({ clients }) => clients.s3.send(new DeleteBucketCommand({ Bucket: dataBucket })),
  },
];
