import { randomUUID } from 'node:crypto';
import {
  CreateNatGatewayCommand,
  CreateRouteCommand,
  DeleteNatGatewayCommand,
  DescribeAddressesCommand,
  DescribeNatGatewaysCommand,
  DescribeNetworkInterfacesCommand,
  DescribeRouteTablesCommand,
} from '@aws-sdk/client-ec2';
import { beforeEach, describe, expect, it } from 'vitest';
import { refusal, useEmulator } from '../helpers/emulator.ts';
import {
  allocate,
  attachGateway,
  createNetwork,
  createSubnet,
  createTable,
  createVpc,
  given,
  natReaches,
} from './network.ts';

const emulator = useEmulator({ strict: ['off'], delaySeconds: 0.2, tasks: 'simulated' });
beforeEach(() => emulator.reset());

describe('the states of a NAT gateway', () => {
  it('is pending first and available later', async () => {
    const { ec2 } = emulator.clients;
    const [subnet, allocation] = await place();
    const created = await ec2.send(new CreateNatGatewayCommand({ SubnetId: subnet, AllocationId: allocation }));
    expect(created.NatGateway?.State).toBe('pending');
    const gateway = await natReaches(ec2, given(created.NatGateway?.NatGatewayId), 'available');
    expect(gateway.NatGatewayAddresses?.[0]?.AllocationId).toBe(allocation);
  });

  it('is deleting first, then deleted, and stays visible', async () => {
    const { ec2 } = emulator.clients;
    const { nat } = await createNetwork(ec2);
    await natReaches(ec2, nat, 'available');
    await ec2.send(new DeleteNatGatewayCommand({ NatGatewayId: nat }));
    await natReaches(ec2, nat, 'deleting');
    const gone = await natReaches(ec2, nat, 'deleted');
    expect(gone.DeleteTime).toBeInstanceOf(Date);
  });

  it('keeps its address associated until it is deleted', async () => {
    const { ec2 } = emulator.clients;
    const { nat, allocation } = await createNetwork(ec2);
    expect(await association(allocation)).toMatch(/^eipassoc-/);
    await ec2.send(new DeleteNatGatewayCommand({ NatGatewayId: nat }));
    expect(await association(allocation)).toMatch(/^eipassoc-/);
    await natReaches(ec2, nat, 'deleted');
    expect(await association(allocation)).toBeUndefined();
  });

  it('has a network interface that EC2 manages', async () => {
    const { ec2 } = emulator.clients;
    const { nat, vpc } = await createNetwork(ec2);
    const found = await ec2.send(
      new DescribeNetworkInterfacesCommand({ Filters: [{ Name: 'vpc-id', Values: [vpc] }] }),
    );
    expect(found.NetworkInterfaces).toMatchObject([
      { InterfaceType: 'nat_gateway', RequesterManaged: true, Description: `Interface for NAT Gateway ${nat}` },
    ]);
  });

  it('leaves a blackhole route behind', async () => {
    const { ec2 } = emulator.clients;
    const { nat, vpc } = await createNetwork(ec2);
    const table = await createTable(ec2, vpc);
    const route = { RouteTableId: table, DestinationCidrBlock: '0.0.0.0/0', NatGatewayId: nat };
    await ec2.send(new CreateRouteCommand(route));
    expect(await routeState(table)).toBe('active');
    await ec2.send(new DeleteNatGatewayCommand({ NatGatewayId: nat }));
    await natReaches(ec2, nat, 'deleted');
    expect(await routeState(table)).toBe('blackhole');
  });
});

describe('finding NAT gateways', () => {
  it('answers an unknown id with NatGatewayNotFound, on describe and on delete', async () => {
    const { ec2 } = emulator.clients;
    const NatGatewayId = 'nat-0123456789abcdef0';
    const described = await refusal(ec2.send(new DescribeNatGatewaysCommand({ NatGatewayIds: [NatGatewayId] })));
    const deleted = await refusal(ec2.send(new DeleteNatGatewayCommand({ NatGatewayId })));
    expect([described.name, deleted.name]).toEqual(['NatGatewayNotFound', 'NatGatewayNotFound']);
  });

  it('filters by tag, by state and by both', async () => {
    const { ec2 } = emulator.clients;
    const [subnet, allocation] = await place();
    const tagged = await ec2.send(
      new CreateNatGatewayCommand({
        SubnetId: subnet,
        AllocationId: allocation,
        TagSpecifications: [{ ResourceType: 'natgateway', Tags: [{ Key: 'stack', Value: 'dev' }] }],
      }),
    );
    await ec2.send(new CreateNatGatewayCommand({ SubnetId: subnet, AllocationId: await allocate(ec2) }));
    const find = async (...Filter: { Name: string; Values: string[] }[]) =>
      (await ec2.send(new DescribeNatGatewaysCommand({ Filter }))).NatGateways?.map((one) => one.NatGatewayId);
    const id = given(tagged.NatGateway?.NatGatewayId);
    expect(await find({ Name: 'tag:stack', Values: ['dev'] })).toEqual([id]);
    expect(await find({ Name: 'tag:stack', Values: ['other'] })).toEqual([]);
    expect(await find({ Name: 'state', Values: ['pending', 'available'] })).toHaveLength(2);
    expect(await find({ Name: 'tag:stack', Values: ['dev'] }, { Name: 'state', Values: ['deleted'] })).toEqual([]);
  });
});

describe('the client token of a NAT gateway', () => {
  it('returns the first gateway again, even when it is deleted', async () => {
    const { ec2 } = emulator.clients;
    const [subnet, allocation] = await place();
    const input = { SubnetId: subnet, AllocationId: allocation, ClientToken: randomUUID() };
    const first = await ec2.send(new CreateNatGatewayCommand(input));
    const id = given(first.NatGateway?.NatGatewayId);
    const second = await ec2.send(new CreateNatGatewayCommand(input));
    expect(second.NatGateway?.NatGatewayId).toBe(id);
    await ec2.send(new DeleteNatGatewayCommand({ NatGatewayId: id }));
    await natReaches(ec2, id, 'deleted');
    const third = await ec2.send(new CreateNatGatewayCommand(input));
    expect(third.NatGateway).toMatchObject({ NatGatewayId: id, State: 'deleted' });
  });

  it('refuses other parameters with IdempotentParameterMismatch', async () => {
    const { ec2 } = emulator.clients;
    const [subnet, allocation] = await place();
    const ClientToken = randomUUID();
    await ec2.send(new CreateNatGatewayCommand({ SubnetId: subnet, AllocationId: allocation, ClientToken }));
    const other = { SubnetId: subnet, AllocationId: await allocate(ec2), ClientToken };
    expect((await refusal(ec2.send(new CreateNatGatewayCommand(other)))).name).toBe('IdempotentParameterMismatch');
  });
});

/** A public subnet and a free address. */
async function place(): Promise<[subnet: string, allocation: string]> {
  const { ec2 } = emulator.clients;
  const vpc = await createVpc(ec2);
  await attachGateway(ec2, vpc);
  return [await createSubnet(ec2, vpc), await allocate(ec2)];
}

async function association(allocation: string): Promise<string | undefined> {
  const found = await emulator.clients.ec2.send(new DescribeAddressesCommand({ AllocationIds: [allocation] }));
  return found.Addresses?.[0]?.AssociationId;
}

async function routeState(table: string): Promise<string | undefined> {
  const found = await emulator.clients.ec2.send(new DescribeRouteTablesCommand({ RouteTableIds: [table] }));
  return found.RouteTables?.[0]?.Routes?.find((route) => route.NatGatewayId !== undefined)?.State;
}
