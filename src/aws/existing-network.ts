import {
  DescribeRouteTablesCommand,
  DescribeSubnetsCommand,
  DescribeVpcAttributeCommand,
  DescribeVpcEndpointsCommand,
  DescribeVpcsCommand,
  type EC2Client,
  type RouteTable,
  type VpcEndpoint,
} from '@aws-sdk/client-ec2';
import { TAG } from '../engine/ownership.ts';
import { fromUpperTags } from './tags.ts';
import { hasNeighbours, type Way, wayOf } from './way-out.ts';

/** A VPC as it is offered and judged. */
export interface FoundVpc {
  readonly id: string;
  readonly cidr: string;
  /** Its Name tag. */
  readonly name: string | undefined;
  /** The stack of ours that it belongs to. */
  readonly stack: string | undefined;
}

export interface FoundSubnet {
  readonly id: string;
  readonly name: string | undefined;
  readonly cidr: string;
  /** Zone by name and by id: Fargate is left out of some by id. */
  readonly zone: string;
  readonly zoneId: string;
  readonly routeTable: string;
  readonly way: Way;
  /** Whether there are routes to other networks, whose endpoints may serve this one too. */
  readonly neighbours: boolean;
  /** Whether its route table has a gateway endpoint for S3. */
  readonly s3Gateway: boolean;
}

export interface FoundNetwork {
  readonly vpc: FoundVpc;
  /** All subnets of the VPC. */
  readonly subnets: readonly FoundSubnet[];
  /** Interface endpoints with private DNS that can be used, by the end of their service's name: "ecr.api", "logs". */
  readonly endpoints: ReadonlySet<string>;
  /** What endpoints need of the VPC; `undefined` where there are none. */
  readonly dns: { readonly support: boolean; readonly hostnames: boolean } | undefined;
}

/** The VPCs of the region. */
export async function listVpcs(ec2: EC2Client): Promise<FoundVpc[]> {
  const { Vpcs } = await ec2.send(new DescribeVpcsCommand({}));
  return (Vpcs ?? []).map(({ VpcId, CidrBlock, Tags }) => {
    const tags = fromUpperTags(Tags);
    return { id: VpcId ?? '', cidr: CidrBlock ?? '', name: tags.Name, stack: tags[TAG.stack] };
  });
}

/** The subnets of a VPC, each with where its default route leads. */
export async function listSubnets(ec2: EC2Client, vpcId: string): Promise<FoundSubnet[]> {
  const Filters = [{ Name: 'vpc-id', Values: [vpcId] }];
  const [{ Subnets }, { RouteTables = [] }] = await Promise.all([
    ec2.send(new DescribeSubnetsCommand({ Filters })),
    ec2.send(new DescribeRouteTablesCommand({ Filters })),
  ]);
  return (Subnets ?? []).map((subnet) => {
    const id = subnet.SubnetId ?? '';
    const table = tableOf(id, RouteTables);
    const routes = table?.Routes ?? [];
    return {
      id,
      name: fromUpperTags(subnet.Tags).Name,
      cidr: subnet.CidrBlock ?? '',
      zone: subnet.AvailabilityZone ?? '',
      zoneId: subnet.AvailabilityZoneId ?? '',
      routeTable: table?.RouteTableId ?? '',
      way: wayOf(routes),
      neighbours: hasNeighbours(routes),
      s3Gateway: routes.some(
        ({ GatewayId, DestinationPrefixListId }) =>
          DestinationPrefixListId !== undefined && GatewayId?.startsWith('vpce-') === true,
      ),
    };
  });
}

/** Everything that decides whether tasks could work in the VPC; `undefined` when there is no such VPC. Only reads. */
export async function readNetwork(ec2: EC2Client, vpcId: string): Promise<FoundNetwork | undefined> {
  const vpc = (await listVpcs(ec2)).find(({ id }) => id === vpcId);
  if (!vpc) return undefined;
  const Filters = [{ Name: 'vpc-id', Values: [vpcId] }];
  const [subnets, { VpcEndpoints }] = await Promise.all([
    listSubnets(ec2, vpcId),
    ec2.send(new DescribeVpcEndpointsCommand({ Filters })),
  ]);
  const endpoints = new Set((VpcEndpoints ?? []).filter(isUsable).map(serviceOf));
  return { vpc, subnets, endpoints, dns: endpoints.size > 0 ? await dnsOf(ec2, vpcId) : undefined };
}

/** The table that a subnet is associated with, or the VPC's main one. */
function tableOf(subnetId: string, tables: readonly RouteTable[]): RouteTable | undefined {
  const by = (fits: (association: { SubnetId?: string | undefined; Main?: boolean | undefined }) => boolean) =>
    tables.find(({ Associations }) => Associations?.some(fits));
  return by(({ SubnetId }) => SubnetId === subnetId) ?? by(({ Main }) => Main === true);
}

/** Without private DNS, clients go on asking for the public addresses. The SDK's enum has capitals, AWS has none. */
const isUsable = ({ VpcEndpointType, State, PrivateDnsEnabled }: VpcEndpoint): boolean =>
  VpcEndpointType === 'Interface' && State?.toLowerCase() === 'available' && PrivateDnsEnabled === true;

/** "com.amazonaws.us-east-1.ecr.api" -> "ecr.api", "cn.com.amazonaws.cn-north-1.ecr.api" -> "ecr.api" */
const serviceOf = ({ ServiceName = '' }: VpcEndpoint): string =>
  ServiceName.replace(/^(.+\.)?amazonaws\.[a-z0-9-]+\./, '');

/** AWS answers one attribute a call. */
async function dnsOf(ec2: EC2Client, VpcId: string): Promise<{ support: boolean; hostnames: boolean }> {
  const [{ EnableDnsSupport }, { EnableDnsHostnames }] = await Promise.all([
    ec2.send(new DescribeVpcAttributeCommand({ VpcId, Attribute: 'enableDnsSupport' })),
    ec2.send(new DescribeVpcAttributeCommand({ VpcId, Attribute: 'enableDnsHostnames' })),
  ]);
  return { support: EnableDnsSupport?.Value === true, hostnames: EnableDnsHostnames?.Value === true };
}
