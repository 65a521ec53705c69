import {
  DescribeNatGatewaysCommand,
  DescribeNetworkInterfacesCommand,
  DescribeSubnetsCommand,
} from '@aws-sdk/client-ec2';
import type { Aws } from './aws.ts';
import { listSubnets } from './existing-network.ts';
import type { ServiceReport } from './service-report.ts';

/** The addresses under which Temporal, or a firewall before it, sees the tasks of a service. */
export interface Egress {
  /** `null`: not known, or something that the routes of the tasks' subnets do not name. */
  readonly via: 'NAT gateway' | 'public address' | null;
  readonly addresses: readonly string[];
  /** Why it could not be found out. */
  readonly problem: string | null;
}

/** Read from the way that the tasks' packets take, so that it is also right in a network that is not ours. */
export async function egressOf(aws: Aws, services: readonly ServiceReport[]): Promise<Egress> {
  const open = services.filter(({ publicAddresses }) => publicAddresses);
  if (open.length > 0) {
    const interfaces = open.flatMap(({ tasks }) => tasks.flatMap(({ interfaceId }) => interfaceId || []));
    return { via: 'public address', addresses: await addressesOf(aws, interfaces), problem: null };
  }
  const gateways = await gatewaysOf(aws, [...new Set(services.flatMap(({ subnetIds }) => subnetIds))]);
  if (gateways.length === 0) return { via: null, addresses: [], problem: null };
  const { NatGateways } = await aws.clients.ec2.send(
    // This one operation calls its parameter Filter.
    new DescribeNatGatewaysCommand({ Filter: [{ Name: 'nat-gateway-id', Values: gateways }] }),
  );
  const addresses = (NatGateways ?? [])
    .filter(({ State }) => State === 'available')
    .flatMap(({ NatGatewayAddresses }) => NatGatewayAddresses ?? [])
    .flatMap(({ PublicIp }) => PublicIp ?? []);
  return { via: 'NAT gateway', addresses: addresses.sort(), problem: null };
}

/** Public addresses of tasks; ids go into a filter, which leaves out interfaces that are gone. */
async function addressesOf(aws: Aws, interfaceIds: readonly string[]): Promise<string[]> {
  if (interfaceIds.length === 0) return [];
  const { NetworkInterfaces } = await aws.clients.ec2.send(
    new DescribeNetworkInterfacesCommand({ Filters: [{ Name: 'network-interface-id', Values: [...interfaceIds] }] }),
  );
  return (NetworkInterfaces ?? []).flatMap(({ Association }) => Association?.PublicIp ?? []).sort();
}

/** NAT gateways to which the subnets send what leaves the VPC. */
async function gatewaysOf(aws: Aws, subnetIds: readonly string[]): Promise<string[]> {
  if (subnetIds.length === 0) return [];
  const { ec2 } = aws.clients;
  const { Subnets } = await ec2.send(
    new DescribeSubnetsCommand({ Filters: [{ Name: 'subnet-id', Values: [...subnetIds] }] }),
  );
  // All subnets of a service are in one VPC.
  const vpcId = Subnets?.[0]?.VpcId;
  const subnets = vpcId === undefined ? [] : await listSubnets(ec2, vpcId);
  const ways = subnets.filter(({ id }) => subnetIds.includes(id)).map(({ way }) => way);
  return [...new Set(ways.flatMap(({ leads, target }) => (leads === 'nat' ? [target] : [])))];
}
