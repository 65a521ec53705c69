import {
  DescribeAddressesCommand,
  DescribeInternetGatewaysCommand,
  DescribeNatGatewaysCommand,
  DescribeSubnetsCommand,
  type EC2Client,
} from '@aws-sdk/client-ec2';
import { type Check, ok, single, type Verdict } from './check.ts';
import { withoutOwn } from './others.ts';
import { judgeRoom, type LimitOf, type Quota } from './quotas.ts';
import type { Target } from './target.ts';

type NetworkQuota = Quota & { readonly title: string };

/** Source of codes and names: Service Quotas console, us-east-1 (2026-11). */
const VPCS: NetworkQuota = { service: 'vpc', code: 'L-F678F1CE', name: 'VPCs per Region', title: 'VPC quota' };
const GATEWAYS: NetworkQuota = {
  service: 'vpc',
  code: 'L-A4707A72',
  name: 'Internet gateways per Region',
  title: 'internet gateway quota',
};
const ADDRESSES: NetworkQuota = {
  service: 'ec2',
  code: 'L-0263D0A3',
  name: 'EC2-VPC Elastic IPs',
  title: 'elastic IP quota',
};
const NATS: NetworkQuota = {
  service: 'vpc',
  code: 'L-FE5A380F',
  name: 'NAT gateways per Availability Zone',
  title: 'NAT gateway quota',
};

/** One check for each kind of thing with a small quota that the stack has any of. */
export function networkQuotas({ accountId, stack, clients, wanted, vpcs }: Target, limitOf: LimitOf): Check[] {
  const { ec2 } = clients;
  const check = (
    quota: NetworkQuota,
    many: number,
    judge: (abortSignal: AbortSignal, limit?: number) => Promise<Verdict>,
  ) =>
    many === 0
      ? []
      : [single(`quota/${quota.code}`, quota.title, async (signal) => judge(signal, await limitOf(quota)))];
  const counted = (quota: NetworkQuota, many: number, others: (abortSignal: AbortSignal) => Promise<number>): Check[] =>
    check(quota, many, async (signal, limit) =>
      judgeRoom({ quota, limit, others: await others(signal), wanted: many }),
    );
  return [
    ...counted(VPCS, wanted.vpcs, async () => {
      // Those that another account shares count there.
      return withoutOwn(await vpcs(), stack).filter(({ OwnerId }) => OwnerId === accountId).length;
    }),
    ...counted(GATEWAYS, wanted.internetGateways, async (abortSignal) => {
      const answer = await ec2.send(new DescribeInternetGatewaysCommand({}), { abortSignal });
      return withoutOwn(answer.InternetGateways, stack).length;
    }),
    ...counted(ADDRESSES, wanted.elasticIps, async (abortSignal) => {
      const answer = await ec2.send(new DescribeAddressesCommand({}), { abortSignal });
      return withoutOwn(answer.Addresses, stack).length;
    }),
    ...check(NATS, wanted.natZones.length, async (signal, limit) => {
      const taken = await zonesOfGateways(ec2, stack, signal);
      return tightest(
        wanted.natZones.map((zone) =>
          judgeRoom({ quota: NATS, limit, others: taken.filter((other) => other === zone).length, wanted: 1 }),
        ),
      );
    }),
  ];
}

/** The zone of each NAT gateway of others that counts: also one that is being made or deleted. */
async function zonesOfGateways(ec2: EC2Client, stack: string, abortSignal: AbortSignal): Promise<string[]> {
  const Filter = [{ Name: 'state', Values: ['pending', 'available', 'deleting'] }];
  const { NatGateways } = await ec2.send(new DescribeNatGatewaysCommand({ Filter }), { abortSignal });
  const subnets = withoutOwn(NatGateways, stack).flatMap(({ SubnetId }) => SubnetId ?? []);
  if (subnets.length === 0) return [];
  const SubnetIds = [...new Set(subnets)];
  const { Subnets } = await ec2.send(new DescribeSubnetsCommand({ SubnetIds }), { abortSignal });
  const zoneOf = new Map(Subnets?.map(({ SubnetId, AvailabilityZone }) => [SubnetId, AvailabilityZone ?? '']));
  return subnets.map((id) => zoneOf.get(id) ?? '');
}

/** A zone without room decides. */
const tightest = (rooms: readonly Verdict[]): Verdict =>
  rooms.find(({ state }) => state !== 'ok') ?? rooms[0] ?? ok('none needed');
