import type { StackConfig } from '../../config/schema.ts';
import { whenCreated } from '../../engine/step.ts';
import type { AwsStep } from '../define.ts';
import { keyed } from '../keyed.ts';
import { elasticIp } from './elastic-ip.ts';
import { internetGateway } from './internet-gateway.ts';
import { type NatGatewayStep, natGateway } from './nat-gateway.ts';
import { privateRouteTable, publicRouteTable, type RouteTableStep } from './route-table.ts';
import { s3Endpoint } from './s3-endpoint.ts';
import { type SecurityGroupStep, securityGroup } from './security-group.ts';
import { type SubnetStep, subnet, type Tier } from './subnet.ts';
import { vpc } from './vpc.ts';
import { zoneLetter } from './zone.ts';

type OwnNetwork = Extract<StackConfig['network'], { readonly cidr: string }>;

/** The steps of a network, and what of it a service needs. */
export interface NetworkLayout {
  readonly all: readonly AwsStep[];
  /** Where tasks run, and the tables and gateways through which they reach Temporal. */
  readonly taskSubnets: readonly SubnetStep[];
  readonly taskTables: readonly RouteTableStep[];
  readonly gateways: readonly NatGatewayStep[];
  readonly group: SecurityGroupStep;
  /** Whether tasks get public addresses. */
  readonly publicAddresses: boolean;
  /** Subnets that are not ours. */
  readonly subnetIds: readonly string[];
}

export function networkLayout({ network }: StackConfig): NetworkLayout {
  return 'vpcId' in network ? guestLayout(network) : ownLayout(network);
}

/**
 * Of a network that is not ours we own the security group only: an endpoint for S3 would change route tables that
 * others use, and belongs to whoever owns them.
 */
function guestLayout(network: Exclude<StackConfig['network'], OwnNetwork>): NetworkLayout {
  const { vpcId, subnetIds, assignPublicIp } = network;
  const group = securityGroup(vpcId);
  const none = { taskSubnets: [], taskTables: [], gateways: [] };
  return { all: [group], ...none, group, publicAddresses: assignPublicIp, subnetIds };
}

function ownLayout(network: OwnNetwork): NetworkLayout {
  const { preset, zones } = network;
  const net = vpc(network.cidr);
  const internet = internetGateway({ vpc: net });
  const subnetsOf = (tier: Tier, cidrs: readonly string[]): SubnetStep[] =>
    zones.flatMap((zone, index) => {
      const cidr = cidrs[index];
      return cidr === undefined ? [] : [subnet(tier, zone, cidr, { vpc: net })];
    });
  const publicSubnets = subnetsOf('public', network.publicCidrs);
  const publicTable = publicRouteTable({ vpc: net, gateway: internet, ...keyed('subnet', publicSubnets) });

  const privateSubnets = subnetsOf('private', network.privateCidrs);
  const gatewayZones = preset === 'public' ? [] : preset === 'private' ? zones.slice(0, 1) : zones;
  const addresses = gatewayZones.map((zone) => elasticIp(zone, { internetGateway: internet }));
  const gateways = gatewayZones.flatMap((zone, index) => {
    const [home, address] = [publicSubnets[index], addresses[index]];
    return home && address ? [natGateway(zone, { subnet: home, elasticIp: address, internetGateway: internet })] : [];
  });
  const privateTables = gateways.map((gateway, index) => {
    const own = gateways.length === 1 ? privateSubnets : privateSubnets.slice(index, index + 1);
    const suffix = preset === 'private-per-az' ? zoneLetter(gatewayZones[index] ?? '') : '';
    return privateRouteTable(suffix && `-${suffix}`, `private route table${suffix && ` (${gatewayZones[index]})`}`, {
      vpc: net,
      gateway: whenCreated(gateway),
      ...keyed('subnet', own),
    });
  });

  const publicAddresses = preset === 'public';
  const taskSubnets = publicAddresses ? publicSubnets : privateSubnets;
  const taskTables: RouteTableStep[] = publicAddresses ? [publicTable] : privateTables;
  const endpoint = s3Endpoint({ vpc: net, ...keyed('table', taskTables) });
  const group = securityGroup(net);
  const shared = [net, internet, ...publicSubnets, ...privateSubnets, ...addresses, ...gateways];
  const all = [...shared, publicTable, ...privateTables, endpoint, group] as AwsStep[];
  return { all, taskSubnets, taskTables, gateways, group, publicAddresses, subnetIds: [] };
}
