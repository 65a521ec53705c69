import {
  type Address,
  DescribeAddressesCommand,
  DescribeInternetGatewaysCommand,
  DescribeNatGatewaysCommand,
  DescribeRouteTablesCommand,
  DescribeSecurityGroupsCommand,
  DescribeSubnetsCommand,
  DescribeVpcEndpointsCommand,
  DescribeVpcsCommand,
  type EC2Client,
  type Filter,
  type InternetGateway,
  type NatGateway,
  type ResourceType,
  type RouteTable,
  type SecurityGroup,
  type Subnet,
  type Vpc,
  type VpcEndpoint,
} from '@aws-sdk/client-ec2';
import { TAG } from '../engine/ownership.ts';
import { batched } from './batch.ts';
import { kindsOfStack } from './ec2-kinds.ts';

/** Reads of one kind of EC2 thing, each joined with those asked for at the same time. */
export interface Ec2Reader<T> {
  byId(id: string): Promise<T | undefined>;
  /** All of this stack that carry the step id in their resource tag. */
  byStep(stepId: string): Promise<T[]>;
}

export interface Ec2Readers {
  readonly vpcs: Ec2Reader<Vpc>;
  readonly subnets: Ec2Reader<Subnet>;
  readonly internetGateways: Ec2Reader<InternetGateway>;
  readonly addresses: Ec2Reader<Address>;
  readonly natGateways: Ec2Reader<NatGateway>;
  readonly routeTables: Ec2Reader<RouteTable>;
  readonly vpcEndpoints: Ec2Reader<VpcEndpoint>;
  readonly securityGroups: Ec2Reader<SecurityGroup>;
}

type Tagged = { Tags?: { Key?: string | undefined; Value?: string | undefined }[] | undefined };

interface OfStack {
  readonly name: string;
  /** Whether the stack may have anything of this kind. */
  mayHave(kind: ResourceType): Promise<boolean>;
}

/**
 * Ids go into a filter, not into the ids parameter: a filter leaves out what is gone, while one unknown id would
 * fail the whole call.
 */
function reader<T extends Tagged>(
  { name, mayHave }: OfStack,
  kind: ResourceType,
  idFilter: string,
  idOf: (thing: T) => string | undefined,
  describe: (filters: Filter[]) => Promise<T[] | undefined>,
): Ec2Reader<T> {
  const byStep = batched<T[]>(async () => {
    if (!(await mayHave(kind))) return new Map();
    const things = (await describe([{ Name: `tag:${TAG.stack}`, Values: [name] }])) ?? [];
    const grouped = new Map<string, T[]>();
    for (const thing of things) {
      const stepId = thing.Tags?.find(({ Key }) => Key === TAG.resource)?.Value ?? '';
      grouped.set(stepId, [...(grouped.get(stepId) ?? []), thing]);
    }
    return grouped;
  });
  return {
    byId: batched(async (ids) => {
      const things = (await describe([{ Name: idFilter, Values: [...ids] }])) ?? [];
      return new Map(things.map((thing) => [idOf(thing) ?? '', thing]));
    }),
    byStep: async (stepId) => (await byStep(stepId)) ?? [],
  };
}

export function ec2Readers(ec2: EC2Client, name: string): Ec2Readers {
  const stack = { name, mayHave: kindsOfStack(ec2, name) };
  return {
    vpcs: reader<Vpc>(
      stack,
      'vpc',
      'vpc-id',
      (vpc) => vpc.VpcId,
      async (Filters) => (await ec2.send(new DescribeVpcsCommand({ Filters }))).Vpcs,
    ),
    subnets: reader<Subnet>(
      stack,
      'subnet',
      'subnet-id',
      (subnet) => subnet.SubnetId,
      async (Filters) => (await ec2.send(new DescribeSubnetsCommand({ Filters }))).Subnets,
    ),
    internetGateways: reader<InternetGateway>(
      stack,
      'internet-gateway',
      'internet-gateway-id',
      (gateway) => gateway.InternetGatewayId,
      async (Filters) => (await ec2.send(new DescribeInternetGatewaysCommand({ Filters }))).InternetGateways,
    ),
    addresses: reader<Address>(
      stack,
      'elastic-ip',
      'allocation-id',
      (address) => address.AllocationId,
      async (Filters) => (await ec2.send(new DescribeAddressesCommand({ Filters }))).Addresses,
    ),
    natGateways: reader<NatGateway>(
      stack,
      'natgateway',
      'nat-gateway-id',
      (gateway) => gateway.NatGatewayId,
      // This one operation calls its parameter Filter.
      async (Filter) => (await ec2.send(new DescribeNatGatewaysCommand({ Filter }))).NatGateways,
    ),
    routeTables: reader<RouteTable>(
      stack,
      'route-table',
      'route-table-id',
      (table) => table.RouteTableId,
      async (Filters) => (await ec2.send(new DescribeRouteTablesCommand({ Filters }))).RouteTables,
    ),
    vpcEndpoints: reader<VpcEndpoint>(
      stack,
      'vpc-endpoint',
      'vpc-endpoint-id',
      (endpoint) => endpoint.VpcEndpointId,
      async (Filters) => (await ec2.send(new DescribeVpcEndpointsCommand({ Filters }))).VpcEndpoints,
    ),
    securityGroups: reader<SecurityGroup>(
      stack,
      'security-group',
      'group-id',
      (group) => group.GroupId,
      async (Filters) => (await ec2.send(new DescribeSecurityGroupsCommand({ Filters }))).SecurityGroups,
    ),
  };
}
