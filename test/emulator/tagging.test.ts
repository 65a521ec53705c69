import { PutMetricAlarmCommand } from '@aws-sdk/client-cloudwatch';
import { CreateLogGroupCommand } from '@aws-sdk/client-cloudwatch-logs';
import {
  AllocateAddressCommand,
  CreateInternetGatewayCommand,
  CreateNatGatewayCommand,
  CreateRouteTableCommand,
  CreateSecurityGroupCommand,
  CreateSubnetCommand,
  CreateVpcCommand,
  CreateVpcEndpointCommand,
  DeleteVpcCommand,
  type ResourceType,
} from '@aws-sdk/client-ec2';
import { CreateRepositoryCommand } from '@aws-sdk/client-ecr';
import { CreateClusterCommand } from '@aws-sdk/client-ecs';
import { CreateRoleCommand } from '@aws-sdk/client-iam';
import { GetResourcesCommand, type TagFilter } from '@aws-sdk/client-resource-groups-tagging-api';
import { CreateBucketCommand } from '@aws-sdk/client-s3';
import { CreateSecretCommand } from '@aws-sdk/client-secrets-manager';
import { beforeEach, describe, expect, it } from 'vitest';
import { useEmulator } from '../helpers/emulator.ts';
import { given } from './network.ts';

const emulator = useEmulator({ strict: ['off'] });
beforeEach(() => emulator.reset());
const stack = [{ Key: 'temporal-fargate:stack', Value: 'dev' }];
const tagged = (ResourceType: ResourceType) => ({ TagSpecifications: [{ ResourceType, Tags: stack }] });
const TagFilters = [{ Key: 'temporal-fargate:stack', Values: ['dev'] }];

async function find(filters: TagFilter[] = TagFilters, ...ResourceTypeFilters: string[]): Promise<string[]> {
  const input = { TagFilters: filters, ResourceTypeFilters };
  const answer = await emulator.clients.tagging.send(new GetResourcesCommand(input));
  return (answer.ResourceTagMappingList ?? []).map(({ ResourceARN }) => given(ResourceARN));
}

/** The part of an ARN that names service and type. */
const typeOf = (arn: string) => {
  const [, , service, , , ...rest] = arn.split(':');
  return `${service}:${rest.join('/').split('/')[0]}`;
};

describe('GetResources', () => {
  it('finds what is tagged in every service, and no IAM role', async () => {
    const { cloudwatch, ec2, ecr, ecs, iam, logs, s3, secrets } = emulator.clients;
    const vpc = given(
      (await ec2.send(new CreateVpcCommand({ CidrBlock: '10.0.0.0/16', ...tagged('vpc') }))).Vpc?.VpcId,
    );
    const inVpc = { VpcId: vpc };
    const subnet = await ec2.send(new CreateSubnetCommand({ ...inVpc, CidrBlock: '10.0.1.0/24', ...tagged('subnet') }));
    await ec2.send(new CreateInternetGatewayCommand(tagged('internet-gateway')));
    const { AllocationId } = await ec2.send(new AllocateAddressCommand({ Domain: 'vpc', ...tagged('elastic-ip') }));
    const SubnetId = given(subnet.Subnet?.SubnetId);
    await ec2.send(new CreateNatGatewayCommand({ SubnetId, AllocationId, ...tagged('natgateway') }));
    await ec2.send(new CreateRouteTableCommand({ ...inVpc, ...tagged('route-table') }));
    const ServiceName = 'com.amazonaws.us-east-1.s3';
    await ec2.send(new CreateVpcEndpointCommand({ ...inVpc, ServiceName, ...tagged('vpc-endpoint') }));
    const group = { GroupName: 'worker', Description: 'a test' };
    await ec2.send(new CreateSecurityGroupCommand({ ...inVpc, ...group, ...tagged('security-group') }));
    await ecr.send(new CreateRepositoryCommand({ repositoryName: 'dev', tags: stack }));
    await secrets.send(new CreateSecretCommand({ Name: 'dev', SecretString: 's', Tags: stack }));
    await logs.send(new CreateLogGroupCommand({ logGroupName: '/dev', tags: { 'temporal-fargate:stack': 'dev' } }));
    const lower = [{ key: 'temporal-fargate:stack', value: 'dev' }];
    await ecs.send(new CreateClusterCommand({ clusterName: 'dev', tags: lower }));
    await s3.send(new CreateBucketCommand({ Bucket: 'dev-data', CreateBucketConfiguration: { Tags: stack } }));
    await cloudwatch.send(
      new PutMetricAlarmCommand({
        AlarmName: 'dev',
        Namespace: 'AWS/ECS',
        MetricName: 'CPUUtilization',
        EvaluationPeriods: 1,
        Threshold: 1,
        ComparisonOperator: 'GreaterThanThreshold',
        Tags: stack,
      }),
    );
    const AssumeRolePolicyDocument = '{"Version":"2012-10-17","Statement":[]}';
    await iam.send(new CreateRoleCommand({ RoleName: 'dev', AssumeRolePolicyDocument, Tags: stack }));
    expect((await find()).map(typeOf).sort()).toEqual([
      'cloudwatch:alarm',
      'ec2:elastic-ip',
      'ec2:internet-gateway',
      'ec2:natgateway',
      'ec2:route-table',
      'ec2:security-group',
      'ec2:subnet',
      'ec2:vpc',
      'ec2:vpc-endpoint',
      'ecr:repository',
      'ecs:cluster',
      'logs:log-group',
      's3:dev-data',
      'secretsmanager:secret',
    ]);
    expect(await find(TagFilters, 'ec2:vpc')).toEqual([`arn:aws:ec2:us-east-1:123456789012:vpc/${vpc}`]);
    expect(await find(TagFilters, 's3')).toEqual(['arn:aws:s3:::dev-data']);
  });

  it('matches all filters, and any value of each', async () => {
    const { ec2 } = emulator.clients;
    const input = { CidrBlock: '10.0.0.0/16', ...tagged('vpc') };
    await ec2.send(new CreateVpcCommand(input));
    const key = 'temporal-fargate:stack';
    expect(await find([{ Key: key }])).toHaveLength(1);
    expect(await find([{ Key: key, Values: ['other', 'dev'] }])).toHaveLength(1);
    expect(await find([{ Key: key, Values: ['other'] }])).toEqual([]);
    expect(await find([{ Key: key }, { Key: 'absent' }])).toEqual([]);
  });

  it('pages with a token', async () => {
    const { ec2, tagging } = emulator.clients;
    for (const CidrBlock of ['10.0.0.0/16', '10.1.0.0/16', '10.2.0.0/16']) {
      await ec2.send(new CreateVpcCommand({ CidrBlock, ...tagged('vpc') }));
    }
    const first = await tagging.send(new GetResourcesCommand({ TagFilters, ResourcesPerPage: 2 }));
    const PaginationToken = given(first.PaginationToken);
    const second = await tagging.send(new GetResourcesCommand({ TagFilters, ResourcesPerPage: 2, PaginationToken }));
    const arns = [first, second].map(
      (page) => page.ResourceTagMappingList?.map(({ ResourceARN }) => ResourceARN) ?? [],
    );
    expect(arns.map((page) => page.length)).toEqual([2, 1]);
    expect(new Set(arns.flat()).size).toBe(3);
    expect(second.PaginationToken).toBe('');
  });

  it('forgets what is deleted', async () => {
    const { ec2 } = emulator.clients;
    const created = await ec2.send(new CreateVpcCommand({ CidrBlock: '10.0.0.0/16', ...tagged('vpc') }));
    await ec2.send(new DeleteVpcCommand({ VpcId: given(created.Vpc?.VpcId) }));
    expect(await find()).toEqual([]);
  });
});
