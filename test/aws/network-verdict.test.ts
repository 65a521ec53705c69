import type { Route } from '@aws-sdk/client-ec2';
import { describe, expect, it } from 'vitest';
import type { FoundNetwork, FoundSubnet } from '../../src/aws/existing-network.ts';
import { judgeNetwork, type NetworkDemand } from '../../src/aws/network-verdict.ts';
import { hasNeighbours, type Way, wayOf } from '../../src/aws/way-out.ts';

const LOCAL: Route = { DestinationCidrBlock: '10.0.0.0/16', GatewayId: 'local', State: 'active' };
const toAll = (route: Route): Route => ({ DestinationCidrBlock: '0.0.0.0/0', State: 'active', ...route });

describe('the way out of a subnet', () => {
  it.each<[string, Route[], Way['leads'], string]>([
    ['a NAT gateway', [toAll({ NatGatewayId: 'nat-1' })], 'nat', 'nat-1'],
    ['an internet gateway', [toAll({ GatewayId: 'igw-1' })], 'internet-gateway', 'igw-1'],
    ['a transit gateway, perhaps', [toAll({ TransitGatewayId: 'tgw-1' })], 'perhaps', 'tgw-1'],
    ['a VPN, perhaps', [toAll({ GatewayId: 'vgw-1' })], 'perhaps', 'vgw-1'],
    ['a firewall, perhaps', [toAll({ GatewayId: 'vpce-1' })], 'perhaps', 'vpce-1'],
    ['a NAT instance, perhaps', [toAll({ NetworkInterfaceId: 'eni-1', InstanceId: 'i-1' })], 'perhaps', 'eni-1'],
    ['a NAT gateway that is gone', [toAll({ NatGatewayId: 'nat-1', State: 'blackhole' })], 'black-hole', 'nat-1'],
    ['a peered VPC, which carries nothing on', [toAll({ VpcPeeringConnectionId: 'pcx-1' })], 'none', ''],
    ['nowhere', [], 'none', ''],
    [
      'a part of the internet only, perhaps',
      [{ DestinationCidrBlock: '3.0.0.0/8', TransitGatewayId: 'tgw-1' }],
      'perhaps',
      'tgw-1',
    ],
    [
      'other private networks only',
      [
        { DestinationCidrBlock: '172.20.0.0/16', TransitGatewayId: 'tgw-1' },
        { DestinationPrefixListId: 'pl-1', GatewayId: 'vpce-1' },
      ],
      'none',
      '',
    ],
    [
      'the internet by IPv6 only, which Temporal Cloud has not',
      [{ DestinationIpv6CidrBlock: '::/0', EgressOnlyInternetGatewayId: 'eigw-1' }],
      'none',
      '',
    ],
  ])('leads to %s', (_what, routes, leads, target) => {
    expect(wayOf([LOCAL, ...routes])).toEqual({ leads, target });
  });
});

describe('the neighbours of a subnet', () => {
  const through = (route: Route) => hasNeighbours([LOCAL, { DestinationCidrBlock: '10.20.0.0/16', ...route }]);

  it('are what its routes lead to besides gateways of its own VPC', () => {
    expect([{ TransitGatewayId: 'tgw-1' }, { VpcPeeringConnectionId: 'pcx-1' }].map(through)).toEqual([true, true]);
    const own = [{ NatGatewayId: 'nat-1' }, { GatewayId: 'igw-1' }, { GatewayId: 'vpce-1' }];
    expect([...own, { TransitGatewayId: 'tgw-1', State: 'blackhole' as const }].map(through)).toEqual(
      Array(4).fill(false),
    );
  });
});

const NAT: Way = { leads: 'nat', target: 'nat-1' };
const NONE: Way = { leads: 'none', target: '' };
const IGW: Way = { leads: 'internet-gateway', target: 'igw-1' };

const subnet = (letter: string, way: Way, more: Partial<FoundSubnet> = {}): FoundSubnet => ({
  ...{
    id: `subnet-${letter}`,
    name: undefined,
    cidr: '10.0.1.0/24',
    routeTable: `rtb-${letter}`,
    way,
    s3Gateway: false,
    neighbours: false,
  },
  ...{ zone: `us-east-1${letter}`, zoneId: `use1-az-${letter}` },
  ...more,
});

const ENDPOINTS = new Set(['ecr.api', 'ecr.dkr', 'logs', 'secretsmanager']);
const ON = { support: true, hostnames: true };
const VPC = { id: 'vpc-1', cidr: '10.0.0.0/16', name: undefined, stack: undefined };

function judged(found: Partial<FoundNetwork>, demand: Partial<NetworkDemand> = {}): string[] {
  const network = { vpc: VPC, subnets: [], endpoints: new Set<string>(), dns: undefined, ...found };
  const subnetIds = network.subnets.map(({ id }) => id);
  const asked = {
    stack: 'dev',
    vpcId: 'vpc-1',
    subnetIds,
    assignPublicIp: false,
    temporalOutside: true,
    secret: true,
    ...demand,
  };
  const { problems, warnings } = judgeNetwork(network, asked);
  return [...problems.map(({ message, fix }) => `${message}. ${fix}`), ...warnings];
}

describe('a network is judged', () => {
  it('good with subnets in two zones that lead out', () => {
    expect(judged({ subnets: [subnet('a', NAT), subnet('b', { leads: 'perhaps', target: 'tgw-1' })] })).toEqual([]);
    expect(judged({ subnets: [subnet('a', IGW), subnet('b', NAT)] }, { assignPublicIp: true })).toEqual([]);
  });

  it('good without a way out where Temporal is inside and AWS is reached by endpoints', () => {
    const subnets = [subnet('a', NONE, { s3Gateway: true }), subnet('b', NONE, { s3Gateway: true })];
    expect(judged({ subnets, endpoints: ENDPOINTS, dns: ON }, { temporalOutside: false })).toEqual([]);
    const withS3 = new Set([...ENDPOINTS, 's3']);
    const plain = [subnet('a', NONE), subnet('b', IGW)];
    expect(judged({ subnets: plain, endpoints: withS3, dns: ON }, { temporalOutside: false })).toEqual([]);
  });

  it('with a warning where one zone has all tasks', () => {
    expect(judged({ subnets: [subnet('a', NAT)] })).toEqual([
      'All tasks will be in us-east-1a: none survives the loss of that zone.',
    ]);
  });

  it('with a warning where another network may have the endpoints that are missing', () => {
    const subnets = [subnet('a', NONE, { neighbours: true }), subnet('b', NONE, { neighbours: true })];
    expect(judged({ subnets }, { temporalOutside: false })).toEqual([
      'Unless another network that they lead to helps: tasks in subnet-a, subnet-b reach neither the internet nor AWS: VPC vpc-1 has no endpoint with private DNS for ecr.api, ecr.dkr, logs, secretsmanager, s3.',
    ]);
    const alone = [subnet('a', NONE, { neighbours: true }), subnet('b', NONE)];
    expect(judged({ subnets: alone }, { temporalOutside: false })).toEqual([
      expect.stringContaining('Create these endpoints'),
    ]);
  });

  it.each<[string, Partial<FoundNetwork>, Partial<NetworkDemand>, string[]]>([
    [
      'a subnet that is not in it, with those that are',
      { subnets: [subnet('a', NAT), subnet('b', NAT)] },
      { subnetIds: ['subnet-a', 'subnet-b', 'subnet-x'] },
      ['subnet-x is no subnet of VPC vpc-1. Choose from subnet-a (us-east-1a), subnet-b (us-east-1b).'],
    ],
    [
      'a zone that Fargate leaves out',
      { subnets: [subnet('a', NAT, { zoneId: 'use1-az3' }), subnet('b', NAT)] },
      {},
      ['subnet-a is in us-east-1a (use1-az3), where there is no Fargate. Leave it out of --subnet-ids.'],
    ],
    [
      'a way out that serves public addresses only, of which the tasks have none',
      { subnets: [subnet('a', IGW), subnet('b', NAT)], endpoints: new Set([...ENDPOINTS, 's3']), dns: ON },
      {},
      [
        'subnet-a has no way out to Temporal: it leads to igw-1, which serves public addresses only, and the tasks get none. Add --assign-public-ip yes, or choose --subnet-ids behind a NAT gateway. Where Temporal is reached without the internet, add --verify health.',
      ],
    ],
    [
      'no way out and too few endpoints, each service by its name',
      { subnets: [subnet('a', NONE), subnet('b', NAT)], endpoints: new Set(['logs']), dns: ON },
      {},
      [
        'subnet-a has no way out to Temporal: rtb-a has no default route. Add a route to a NAT gateway to rtb-a, or choose other --subnet-ids. Where Temporal is reached without the internet, add --verify health.',
        'tasks in subnet-a reach neither the internet nor AWS: VPC vpc-1 has no endpoint with private DNS for ecr.api, ecr.dkr, secretsmanager, s3. Create these endpoints, or give the subnets a way out by a NAT gateway.',
      ],
    ],
    [
      'endpoints whose names are not answered in the VPC',
      {
        subnets: [subnet('a', NONE, { s3Gateway: true }), subnet('b', NAT)],
        endpoints: ENDPOINTS,
        dns: { support: true, hostnames: false },
      },
      { temporalOutside: false },
      [
        'tasks in subnet-a cannot use the endpoints of VPC vpc-1: its enableDnsHostnames is off. Turn enableDnsHostnames on: aws ec2 modify-vpc-attribute',
      ],
    ],
  ])('bad for %s', (_what, found, demand, says) => {
    expect(judged(found, demand)).toEqual(says);
  });

  it.each([
    ['another stack', 'net', 'VPC vpc-1 is that of stack net, which may change or delete it. Share it instead: '],
    ['the stack itself', 'dev', "VPC vpc-1 is this stack's own. Leave --network as it is"],
  ])('bad as the VPC of %s', (_what, stack, says) => {
    expect(judged({ vpc: { ...VPC, stack }, subnets: [subnet('a', NAT)] })).toEqual([expect.stringContaining(says)]);
  });

  it('without asking for an endpoint of Secrets Manager where no task reads a secret', () => {
    const endpoints = new Set(['ecr.api', 'ecr.dkr', 'logs', 's3']);
    const subnets = [subnet('a', NONE), subnet('b', NONE)];
    expect(judged({ subnets, endpoints, dns: ON }, { temporalOutside: false, secret: false })).toEqual([]);
  });
});
