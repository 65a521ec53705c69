import { DescribeScalableTargetsCommand } from '@aws-sdk/client-application-auto-scaling';
import { DescribeAlarmsCommand } from '@aws-sdk/client-cloudwatch';
import { DescribeLogGroupsCommand } from '@aws-sdk/client-cloudwatch-logs';
import {
  DescribeAddressesCommand,
  DescribeInternetGatewaysCommand,
  DescribeNatGatewaysCommand,
  DescribeRouteTablesCommand,
  DescribeSecurityGroupsCommand,
  DescribeSubnetsCommand,
  DescribeVpcEndpointsCommand,
  DescribeVpcsCommand,
} from '@aws-sdk/client-ec2';
import { DescribeImagesCommand, DescribeRepositoriesCommand } from '@aws-sdk/client-ecr';
import { DescribeClustersCommand, DescribeServicesCommand, DescribeTaskDefinitionCommand } from '@aws-sdk/client-ecs';
import { ListRolesCommand } from '@aws-sdk/client-iam';
import { HeadBucketCommand } from '@aws-sdk/client-s3';
import { DescribeSecretCommand } from '@aws-sdk/client-secrets-manager';
import type { Clients } from '../helpers/emulator.ts';

export interface Place {
  readonly stack: string;
  readonly region: string;
  readonly accountId: string;
}

/** What the account itself says of a stack, asked by plain clients and by names and tags that are written down here. */
export interface Found {
  /** "vpc vpc-1": all that exists of the stack, whatever state it is in. */
  readonly things: readonly string[];
  /** What a finished stack has to have and this one has not. */
  readonly problems: readonly string[];
}

const TAG = 'temporal-fargate:stack';
/** AWS's words for something that is on its way out, costs nothing and goes by itself. */
const LEAVING = new Set(['deleted', 'deleting', 'INACTIVE', 'DRAINING']);

/** Looks at everything that the reference stack consists of. */
export async function lookAt(clients: Clients, place: Place): Promise<Found> {
  const looks = [network, compute, storage, identity, scaling];
  const found = await Promise.all(looks.map((look) => look(clients, place)));
  return { things: found.flatMap(({ things }) => things), problems: found.flatMap(({ problems }) => problems) };
}

/** Collects what is there, and complains about what is not as it has to be. */
function notebook() {
  const things: string[] = [];
  const problems: string[] = [];
  return {
    things,
    problems,
    saw: (kind: string, ids: readonly (string | undefined)[]) => things.push(...ids.map((id) => `${kind} ${id}`)),
    must: (holds: boolean | undefined, problem: string) => void (holds || problems.push(problem)),
  };
}

async function network({ ec2 }: Clients, { stack }: Place): Promise<Found> {
  const notes = notebook();
  const Filters = [{ Name: `tag:${TAG}`, Values: [stack] }];
  const [vpcs, subnets, gateways, addresses, nats, tables, endpoints, groups] = await Promise.all([
    ec2.send(new DescribeVpcsCommand({ Filters })),
    ec2.send(new DescribeSubnetsCommand({ Filters })),
    ec2.send(new DescribeInternetGatewaysCommand({ Filters })),
    ec2.send(new DescribeAddressesCommand({ Filters })),
    ec2.send(new DescribeNatGatewaysCommand({ Filter: Filters })),
    ec2.send(new DescribeRouteTablesCommand({ Filters })),
    ec2.send(new DescribeVpcEndpointsCommand({ Filters })),
    ec2.send(new DescribeSecurityGroupsCommand({ Filters })),
  ]);
  const livingNats = (nats.NatGateways ?? []).filter(({ State }) => !LEAVING.has(State ?? ''));
  const livingEndpoints = (endpoints.VpcEndpoints ?? []).filter(({ State }) => !LEAVING.has(State ?? ''));
  const counted: [string, (string | undefined)[], number][] = [
    ['vpc', (vpcs.Vpcs ?? []).map(({ VpcId }) => VpcId), 1],
    ['subnet', (subnets.Subnets ?? []).map(({ SubnetId }) => SubnetId), 4],
    ['internet gateway', (gateways.InternetGateways ?? []).map(({ InternetGatewayId }) => InternetGatewayId), 1],
    ['address', (addresses.Addresses ?? []).map(({ AllocationId }) => AllocationId), 1],
    ['nat gateway', livingNats.map(({ NatGatewayId }) => NatGatewayId), 1],
    ['route table', (tables.RouteTables ?? []).map(({ RouteTableId }) => RouteTableId), 2],
    ['endpoint', livingEndpoints.map(({ VpcEndpointId }) => VpcEndpointId), 1],
    ['security group', (groups.SecurityGroups ?? []).map(({ GroupId }) => GroupId), 1],
  ];
  for (const [kind, ids, wanted] of counted) {
    notes.saw(kind, ids);
    notes.must(ids.length === wanted, `${ids.length} of ${wanted} ${kind}`);
  }
  for (const { NatGatewayId, State } of livingNats) {
    notes.must(State === 'available', `nat gateway ${NatGatewayId} is ${State}`);
  }
  for (const { GroupId, IpPermissions } of groups.SecurityGroups ?? []) {
    notes.must(IpPermissions?.length === 0, `security group ${GroupId} lets something in`);
  }
  return notes;
}

async function compute({ ecs, ecr }: Clients, { stack }: Place): Promise<Found> {
  const notes = notebook();
  const cluster = `temporal-fargate-${stack}`;
  const repositoryName = `temporal-fargate/${stack}`;
  const { clusters = [] } = await ecs.send(new DescribeClustersCommand({ clusters: [cluster] }));
  const active = clusters.filter(({ status }) => !LEAVING.has(status ?? ''));
  notes.saw(
    'cluster',
    active.map(({ clusterArn }) => clusterArn),
  );
  notes.must(active.length === 1, 'no active cluster');
  const { services = [] } =
    active.length === 0 ? {} : await ecs.send(new DescribeServicesCommand({ cluster, services: ['worker'] }));
  const service = services.find(({ status }) => !LEAVING.has(status ?? ''));
  notes.must(service !== undefined, 'no active service');
  if (service) {
    notes.saw('service', [service.serviceArn]);
    notes.must((service.runningCount ?? 0) > 0, 'the service runs no task');
    const providers = service.capacityProviderStrategy?.map(({ capacityProvider }) => capacityProvider) ?? [];
    notes.must(providers.includes('FARGATE_SPOT'), 'the service does not use Spot');
    const { taskDefinition } = await ecs.send(
      new DescribeTaskDefinitionCommand({ taskDefinition: service.taskDefinition }),
    );
    const container = taskDefinition?.containerDefinitions?.[0];
    notes.must(container?.image?.includes('@sha256:'), 'the image is not named by its digest');
    notes.must(
      !container?.environment?.some(({ name }) => /KEY|SECRET/.test(name ?? '')),
      'the task definition holds a key in its environment',
    );
  }
  const repositories = await orNone(
    ecr.send(new DescribeRepositoriesCommand({ repositoryNames: [repositoryName] })),
    'RepositoryNotFoundException',
  );
  const uris = repositories?.repositories?.map(({ repositoryUri }) => repositoryUri) ?? [];
  notes.saw('repository', uris);
  const images = uris.length === 0 ? undefined : await ecr.send(new DescribeImagesCommand({ repositoryName }));
  notes.must((images?.imageDetails?.length ?? 0) > 0, 'no image in the repository');
  return notes;
}

async function storage({ s3, secrets, logs }: Clients, { stack, accountId, region }: Place): Promise<Found> {
  const notes = notebook();
  const Bucket = `tfg-${stack}-data-${accountId}-${region}-an`;
  const bucket = await orNone(s3.send(new HeadBucketCommand({ Bucket })), 'NotFound', 'NoSuchBucket');
  notes.saw('bucket', bucket ? [Bucket] : []);
  notes.must(bucket !== undefined, 'no data bucket');
  const secret = await orNone(
    secrets.send(new DescribeSecretCommand({ SecretId: `temporal-fargate/${stack}/temporal` })),
    'ResourceNotFoundException',
  );
  notes.saw('secret', secret ? [secret.ARN] : []);
  const logGroupNamePrefix = `/temporal-fargate/${stack}`;
  const { logGroups = [] } = await logs.send(new DescribeLogGroupsCommand({ logGroupNamePrefix }));
  const own = logGroups.filter(({ logGroupName }) => logGroupName === logGroupNamePrefix);
  notes.saw(
    'log group',
    own.map(({ logGroupName }) => logGroupName),
  );
  notes.must(own[0]?.retentionInDays === 7, 'no log group that is kept for 7 days');
  return notes;
}

async function identity({ iam }: Clients, { stack, region }: Place): Promise<Found> {
  const notes = notebook();
  const { Roles = [] } = await iam.send(new ListRolesCommand({ PathPrefix: '/temporal-fargate/', MaxItems: 1000 }));
  const own = Roles.filter(({ RoleName }) => RoleName?.startsWith(`temporal-fargate-${region}-${stack}-`));
  notes.saw(
    'role',
    own.map(({ RoleName }) => RoleName),
  );
  notes.must(own.length === 2, `${own.length} of 2 roles`);
  return notes;
}

async function scaling({ autoscaling, cloudwatch }: Clients, { stack }: Place): Promise<Found> {
  const notes = notebook();
  const { ScalableTargets = [] } = await autoscaling.send(
    new DescribeScalableTargetsCommand({
      ServiceNamespace: 'ecs',
      ResourceIds: [`service/temporal-fargate-${stack}/worker`],
    }),
  );
  notes.saw(
    'scalable target',
    ScalableTargets.map(({ ResourceId }) => ResourceId),
  );
  notes.must(
    ScalableTargets[0]?.MinCapacity === 1 && ScalableTargets[0].MaxCapacity === 2,
    'no target of 1 to 2 tasks',
  );
  const { MetricAlarms = [] } = await cloudwatch.send(
    new DescribeAlarmsCommand({ AlarmNamePrefix: `temporal-fargate-${stack}_worker-` }),
  );
  notes.saw(
    'alarm',
    MetricAlarms.map(({ AlarmName }) => AlarmName),
  );
  notes.must(MetricAlarms.length === 2, `${MetricAlarms.length} of 2 alarms`);
  for (const { AlarmName, AlarmActions } of MetricAlarms) {
    notes.must(AlarmActions?.length === 1, `alarm ${AlarmName} does nothing`);
  }
  return notes;
}

async function orNone<T>(call: Promise<T>, ...names: string[]): Promise<T | undefined> {
  try {
    return await call;
  } catch (error) {
    if (names.includes((error as Error).name)) return undefined;
    throw error;
  }
}
