import {
  DeregisterScalableTargetCommand,
  RegisterScalableTargetCommand,
} from '@aws-sdk/client-application-auto-scaling';
import { DeleteAlarmsCommand } from '@aws-sdk/client-cloudwatch';
import { DeleteLogGroupCommand, PutRetentionPolicyCommand } from '@aws-sdk/client-cloudwatch-logs';
import {
  AuthorizeSecurityGroupIngressCommand,
  CreateTagsCommand,
  DeleteInternetGatewayCommand,
  DeleteNatGatewayCommand,
  DeleteRouteCommand,
  DeleteRouteTableCommand,
  DeleteSecurityGroupCommand,
  DeleteSubnetCommand,
  DeleteTagsCommand,
  DeleteVpcCommand,
  DeleteVpcEndpointsCommand,
  DescribeRouteTablesCommand,
  DetachInternetGatewayCommand,
  DisassociateRouteTableCommand,
  ReleaseAddressCommand,
} from '@aws-sdk/client-ec2';
import { BatchDeleteImageCommand, DeleteRepositoryCommand, PutImageTagMutabilityCommand } from '@aws-sdk/client-ecr';
import {
  DeleteClusterCommand,
  DeleteServiceCommand,
  DeregisterTaskDefinitionCommand,
  UpdateServiceCommand,
} from '@aws-sdk/client-ecs';
import { DeleteRoleCommand, DeleteRolePolicyCommand } from '@aws-sdk/client-iam';
import { DeleteBucketCommand, DeleteBucketPolicyCommand } from '@aws-sdk/client-s3';
import { DeleteSecretCommand } from '@aws-sdk/client-secrets-manager';
import { TAG } from '../../src/engine/ownership.ts';
import type { Clients, Inventory, TestEmulator } from '../helpers/emulator.ts';

/** The account of one moment, as the person sees it who is about to do something in it. */
export interface Account {
  readonly clients: Clients;
  readonly inventory: Inventory;
}

/** What somebody does behind the program's back, in the words of the AWS CLI. */
export interface Deed {
  readonly text: string;
  act(account: Account): Promise<unknown>;
}

/** Does it where there is what it is done to. What AWS refuses to a person does not happen. */
export async function doByHand({ clients, inventory: look }: TestEmulator, { act }: Deed): Promise<void> {
  const inventory = await look();
  await act({ clients, inventory }).catch((error: { $metadata?: unknown }) => {
    if (error.$metadata === undefined) throw error;
  });
}

const cluster = 'temporal-fargate-dev';
const repositoryName = 'temporal-fargate/dev';
const logGroupName = '/temporal-fargate/dev';
const SecretId = 'temporal-fargate/dev/temporal';
const dataBucket = 'tfg-dev-data-123456789012-us-east-1-an';
const roleName = (kind: string) => `temporal-fargate-us-east-1-dev-${kind}`;
const TARGET = {
  ServiceNamespace: 'ecs',
  ScalableDimension: 'ecs:service:DesiredCount',
  ResourceId: `service/${cluster}/worker`,
} as const;

/** Id of the thing that carries a step's tag; one that no AWS has where there is none, so that AWS refuses. */
function idOf({ inventory }: Account, stepId: string): string {
  const alive = Object.values(inventory).flatMap((kinds) =>
    Object.entries(kinds).flatMap(([kind, things]) => (kind.startsWith('inactive-') ? [] : Object.entries(things))),
  );
  for (const [id, { tags }] of alive) {
    if ((tags as Record<string, string> | undefined)?.[TAG.resource] === stepId) return id;
  }
  return `${stepId.split('/')[1]}-00000000000000000`;
}

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

/** Which of the reference stack's settings somebody changes. */
export const CHANGES: readonly Deed[] = [
  {
    text: 'aws ec2 authorize-security-group-ingress --protocol tcp --port 22 --cidr 0.0.0.0/0',
    act: (at) => {
      const IpPermissions = [{ IpProtocol: 'tcp', FromPort: 22, ToPort: 22, IpRanges: [{ CidrIp: '0.0.0.0/0' }] }];
      const GroupId = idOf(at, 'network/security-group');
      return at.clients.ec2.send(new AuthorizeSecurityGroupIngressCommand({ GroupId, IpPermissions }));
    },
  },
  {
    text: 'aws ec2 delete-route --destination-cidr-block 0.0.0.0/0 (of the public table)',
    act: (at) =>
      at.clients.ec2.send(
        new DeleteRouteCommand({
          RouteTableId: idOf(at, 'network/route-table/public'),
          DestinationCidrBlock: '0.0.0.0/0',
        }),
      ),
  },
  {
    text: 'aws ecr put-image-tag-mutability --image-tag-mutability MUTABLE',
    act: ({ clients }) =>
      clients.ecr.send(new PutImageTagMutabilityCommand({ repositoryName, imageTagMutability: 'MUTABLE' })),
  },
  {
    text: 'aws logs put-retention-policy --retention-in-days 365',
    act: ({ clients }) => clients.logs.send(new PutRetentionPolicyCommand({ logGroupName, retentionInDays: 365 })),
  },
  {
    text: 'aws iam delete-role-policy (task role)',
    act: ({ clients }) =>
      clients.iam.send(new DeleteRolePolicyCommand({ RoleName: roleName('task'), PolicyName: 'temporal-fargate' })),
  },
  {
    text: 'aws s3api delete-bucket-policy (the data bucket)',
    act: ({ clients }) => clients.s3.send(new DeleteBucketPolicyCommand({ Bucket: dataBucket })),
  },
  {
    text: 'aws application-autoscaling register-scalable-target --max-capacity 50',
    act: ({ clients }) => clients.autoscaling.send(new RegisterScalableTargetCommand({ ...TARGET, MaxCapacity: 50 })),
  },
  {
    text: 'aws ecs update-service --capacity-provider-strategy capacityProvider=FARGATE,weight=1',
    act: ({ clients }) =>
      clients.ecs.send(
        new UpdateServiceCommand({
          ...{ cluster, service: 'worker' },
          capacityProviderStrategy: [{ capacityProvider: 'FARGATE', weight: 1 }],
        }),
      ),
  },
];

/** Things whose tags people change; each carries the stack's own, by which it is known as ours. */
export const TAGGED = ['network/vpc', 'network/nat-gateway/a', 'network/security-group', 'network/route-table/public'];

const OURS = TAG.managed;

/** Takes the mark off a thing by which it is known as ours, and puts it back. Does nothing where there is no such thing. */
export function disowned(stepId: string): { readonly off: Deed; readonly on: Deed } {
  let id: string | undefined;
  return {
    off: {
      text: `aws ec2 delete-tags --tags Key=${OURS} (of ${stepId})`,
      act: async (at) => {
        id = idOf(at, stepId);
        await at.clients.ec2.send(new DeleteTagsCommand({ Resources: [id], Tags: [{ Key: OURS }] }));
      },
    },
    on: {
      text: `aws ec2 create-tags --tags Key=${OURS},Value=true (of ${stepId})`,
      act: ({ clients }) =>
        clients.ec2.send(new CreateTagsCommand({ Resources: [id ?? ''], Tags: [{ Key: OURS, Value: 'true' }] })),
    },
  };
}
