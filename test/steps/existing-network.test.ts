import {
  CreateVpcEndpointCommand,
  DeleteNatGatewayCommand,
  DescribeRouteTablesCommand,
  DescribeSecurityGroupsCommand,
  DescribeSubnetsCommand,
  DescribeVpcEndpointsCommand,
  DescribeVpcsCommand,
  type EC2Client,
  ModifyVpcAttributeCommand,
} from '@aws-sdk/client-ec2';
import { DescribeServicesCommand } from '@aws-sdk/client-ecs';
import { describe, expect, it } from 'vitest';
import { readNetwork } from '../../src/aws/existing-network.ts';
import { judgeNetwork, needsPublicIp } from '../../src/aws/network-verdict.ts';
import type { StackConfig } from '../../src/config/schema.ts';
import { referenceConfig } from '../helpers/aws-stack.ts';
import { eventually } from '../helpers/emulator.ts';
import { type ForeignNetwork, foreignNetwork, foreignSubnet, foreignVpc } from '../helpers/foreign-network.ts';
import { expectNoTrace, idOf, only, useSteps } from './stage.ts';

const stage = useSteps();
const ec2 = (): EC2Client => stage.emulator.clients.ec2;

const guestConfig = (vpcId: string, subnetIds: readonly string[], assignPublicIp: boolean): StackConfig => ({
  ...referenceConfig(),
  network: { preset: 'existing', vpcId, subnetIds: [...subnetIds], assignPublicIp },
});

/** Everything that a guest could have changed of a VPC, but the security groups, which are looked at apart. */
async function descriptionOf(vpc: string): Promise<unknown> {
  const Filters = [{ Name: 'vpc-id', Values: [vpc] }];
  return [
    (await ec2().send(new DescribeVpcsCommand({ Filters }))).Vpcs,
    (await ec2().send(new DescribeSubnetsCommand({ Filters }))).Subnets?.map(
      ({ AvailableIpAddressCount: _tasks, ...subnet }) => subnet,
    ),
    (await ec2().send(new DescribeRouteTablesCommand({ Filters }))).RouteTables,
    (await ec2().send(new DescribeVpcEndpointsCommand({ Filters }))).VpcEndpoints,
  ];
}

const groupsIn = async (vpc: string): Promise<(string | undefined)[]> => {
  const Filters = [{ Name: 'vpc-id', Values: [vpc] }];
  const { SecurityGroups } = await ec2().send(new DescribeSecurityGroupsCommand({ Filters }));
  return (SecurityGroups ?? []).map(({ GroupName }) => GroupName).sort();
};

async function placement() {
  const { services } = await stage.emulator.clients.ecs.send(
    new DescribeServicesCommand({ cluster: 'temporal-fargate-dev', services: ['worker'] }),
  );
  const { runningCount, networkConfiguration } = only(services);
  const { subnets, assignPublicIp } = networkConfiguration?.awsvpcConfiguration ?? {};
  return { runningCount, assignPublicIp, subnets: [...(subnets ?? [])].sort() };
}

describe('a stack in a network that was there before', () => {
  it.each<[string, (foreign: ForeignNetwork) => readonly string[], boolean]>([
    ['private subnets', ({ privateSubnets }) => privateSubnets, false],
    ['a public subnet', ({ publicSubnet }) => [publicSubnet], true],
  ])('has its tasks in %s, adds a security group and nothing else, and leaves no trace', async (_what, pick, open) => {
    const stack = await stage.fresh();
    const foreign = await foreignNetwork(stage.emulator);
    const [before, description] = [await stage.emulator.inventory(), await descriptionOf(foreign.vpc)];
    stack.config = guestConfig(foreign.vpc, pick(foreign), open);
    await stack.up();
    expect(await stack.pending()).toEqual({});
    expect(await placement()).toEqual({
      runningCount: 1,
      assignPublicIp: open ? 'ENABLED' : 'DISABLED',
      subnets: [...pick(foreign)].sort(),
    });
    expect(await groupsIn(foreign.vpc)).toEqual(['default', 'temporal-fargate-dev-worker']);
    expect(await descriptionOf(foreign.vpc)).toEqual(description);
    await expectNoTrace(stack, stage.emulator, before);
    expect(await descriptionOf(foreign.vpc)).toEqual(description);
  });

  it('moves there from a network of its own and back, and to another VPC; tasks go before what carries them', async () => {
    const stack = await stage.fresh();
    const foreign = await foreignNetwork(stage.emulator);
    const other = await foreignVpc(stage.emulator, '172.30.0.0/16');
    const otherSubnet = await foreignSubnet(stage.emulator, other, '172.30.1.0/24', 'a');
    const [before, description] = [await stage.emulator.inventory(), await descriptionOf(foreign.vpc)];
    const own = stack.config;
    const guest = guestConfig(foreign.vpc, foreign.privateSubnets, false);
    const elsewhere = guestConfig(other, [otherSubnet], false);
    await stack.up();
    for (const [from, to] of [
      [own, guest],
      [guest, elsewhere],
      [elsewhere, own],
    ] as const) {
      stack.config = to;
      stack.events.length = 0;
      await stack.up(from);
      expect(await stack.pending()).toEqual({});
      const gone = stack.events.flatMap((event) =>
        event.type === 'done' && event.action === 'delete' ? [event.id] : [],
      );
      const early = gone.slice(0, gone.indexOf('compute/service/worker'));
      expect(early.filter((id) => /nat-gateway|private/.test(id))).toEqual([]);
      expect(gone).toContain('network/security-group');
    }
    expect(await descriptionOf(foreign.vpc)).toEqual(description);
    expect(await groupsIn(foreign.vpc)).toEqual(['default']);
    await expectNoTrace(stack, stage.emulator, before);
  });

  it('is destroyed from its tags alone, without the VPC', async () => {
    const stack = await stage.fresh();
    const foreign = await foreignNetwork(stage.emulator);
    const before = await stage.emulator.inventory();
    stack.config = guestConfig(foreign.vpc, foreign.privateSubnets, false);
    await stack.up();
    await stage.emulator.settle();
    stack.loseState();
    // Nobody knows any more in which network it was.
    stack.config = referenceConfig();
    await expectNoTrace(stack, stage.emulator, before);
  });
});

describe('a network that was there before', () => {
  const read = async (vpc: string) => {
    const found = await readNetwork(ec2(), vpc);
    if (!found) throw new Error(`${vpc} was not found`);
    return found;
  };
  const judged = async (vpcId: string, subnetIds: readonly string[], assignPublicIp = false) =>
    judgeNetwork(await read(vpcId), {
      stack: 'other',
      vpcId,
      subnetIds,
      assignPublicIp,
      temporalOutside: true,
      secret: true,
    });

  it('is read with the way out of each subnet', async () => {
    await stage.emulator.reset();
    const { vpc, publicSubnet, privateSubnets, nat, internetGateway } = await foreignNetwork(stage.emulator);
    const lonely = await foreignSubnet(stage.emulator, vpc, '172.31.20.0/24', 'c');
    const found = await read(vpc);
    expect(found.vpc).toMatchObject({ id: vpc, cidr: '172.31.0.0/16', stack: undefined });
    expect(Object.fromEntries(found.subnets.map(({ id, zone, way }) => [id, [zone, way.leads, way.target]]))).toEqual({
      [publicSubnet]: ['us-east-1a', 'internet-gateway', internetGateway],
      [privateSubnets[0]]: ['us-east-1a', 'nat', nat],
      [privateSubnets[1]]: ['us-east-1b', 'nat', nat],
      // In no table: the VPC's main one counts, which leads nowhere.
      [lonely]: ['us-east-1c', 'none', ''],
    });
    expect([needsPublicIp(found, [publicSubnet]), needsPublicIp(found, privateSubnets)]).toEqual([true, false]);
    expect(await judged(vpc, privateSubnets)).toEqual({ problems: [], warnings: [] });
    expect(await judged(vpc, [publicSubnet], true)).toMatchObject({ problems: [], warnings: [/us-east-1a/] });
    expect(await readNetwork(ec2(), 'vpc-0badbadbadbad')).toBeUndefined();
  });

  it('whose NAT gateway is gone is a black hole, and named', async () => {
    await stage.emulator.reset();
    const { vpc, privateSubnets, nat, privateTable } = await foreignNetwork(stage.emulator);
    await ec2().send(new DeleteNatGatewayCommand({ NatGatewayId: nat }));
    await eventually('the route is a black hole', async () => {
      const { subnets } = await read(vpc);
      return subnets.some(({ way }) => way.leads === 'black-hole') || undefined;
    });
    const [problem] = (await judged(vpc, privateSubnets)).problems;
    expect(problem?.message).toBe(
      `${privateSubnets[0]} has no way out to Temporal: the default route of ${privateTable} leads to ${nat}, which is gone`,
    );
  });

  it('without a way out is read with its endpoints and what they need of DNS', async () => {
    await stage.emulator.reset();
    const VpcId = await foreignVpc(stage.emulator);
    const subnet = await foreignSubnet(stage.emulator, VpcId, '172.31.1.0/24', 'a');
    const { RouteTables } = await ec2().send(
      new DescribeRouteTablesCommand({ Filters: [{ Name: 'vpc-id', Values: [VpcId] }] }),
    );
    const create = (name: string, more: object) =>
      ec2().send(new CreateVpcEndpointCommand({ VpcId, ServiceName: `com.amazonaws.us-east-1.${name}`, ...more }));
    await create('s3', { VpcEndpointType: 'Gateway', RouteTableIds: [only(RouteTables).RouteTableId] });
    for (const name of ['ecr.api', 'ecr.dkr', 'logs']) {
      await create(name, { VpcEndpointType: 'Interface', SubnetIds: [subnet], PrivateDnsEnabled: true });
    }
    await eventually('the endpoints can be used', async () => (await read(VpcId)).endpoints.size === 3 || undefined);
    const found = await read(VpcId);
    expect([...found.endpoints].sort()).toEqual(['ecr.api', 'ecr.dkr', 'logs']);
    expect(found.subnets).toMatchObject([{ s3Gateway: true }]);
    expect(found.dns).toEqual({ support: true, hostnames: false });
    await ec2().send(new ModifyVpcAttributeCommand({ VpcId, EnableDnsHostnames: { Value: true } }));
    expect((await read(VpcId)).dns).toEqual({ support: true, hostnames: true });
  });

  it('that is another stack of ours is named as that', async () => {
    const stack = await stage.fresh();
    stack.config = referenceConfig({ network: 'public', minTasks: 0 });
    await stack.up();
    await stage.emulator.settle();
    const vpc = idOf(stack, 'network/vpc');
    expect(await judged(vpc, [idOf(stack, 'network/subnet/public-a')])).toEqual({
      problems: [
        {
          message: `VPC ${vpc} is that of stack dev, which may change or delete it`,
          fix: 'Share it instead: --network shared --network-stack dev',
        },
      ],
      warnings: [],
    });
  });
});
