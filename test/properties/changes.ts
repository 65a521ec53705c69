import { RegisterScalableTargetCommand } from '@aws-sdk/client-application-auto-scaling';
import { PutRetentionPolicyCommand } from '@aws-sdk/client-cloudwatch-logs';
import { AuthorizeSecurityGroupIngressCommand, DeleteRouteCommand } from '@aws-sdk/client-ec2';
import { PutImageTagMutabilityCommand } from '@aws-sdk/client-ecr';
import { UpdateServiceCommand } from '@aws-sdk/client-ecs';
import { DeleteRolePolicyCommand } from '@aws-sdk/client-iam';
import { DeleteBucketPolicyCommand } from '@aws-sdk/client-s3';
import { cluster, type Deed, dataBucket, idOf, logGroupName, repositoryName, roleName, TARGET } from './by-hand.ts';

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
