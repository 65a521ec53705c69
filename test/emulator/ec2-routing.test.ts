import { randomUUID } from 'node:crypto';
import {
  AssociateRouteTableCommand,
  CreateRouteCommand,
  CreateRouteTableCommand,
  CreateVpcEndpointCommand,
  DeleteRouteCommand,
  DeleteRouteTableCommand,
  DeleteVpcEndpointsCommand,
  DescribeRouteTablesCommand,
  DescribeVpcEndpointsCommand,
  ModifyVpcEndpointCommand,
} from '@aws-sdk/client-ec2';
import { beforeEach, describe, expect, it } from 'vitest';
import { eventually, refusal, useEmulator } from '../helpers/emulator.ts';
import { attachGateway, createSubnet, createTable, createVpc, given } from './network.ts';

const emulator = useEmulator({ strict: ['off'] });
beforeEach(() => emulator.reset());
const S3 = 'com.amazonaws.us-east-1.s3';

describe('route tables', () => {
  it('returns the first table again for the same client token, even a deleted one', async () => {
    const { ec2 } = emulator.clients;
    const input = { VpcId: await createVpc(ec2), ClientToken: randomUUID() };
    const id = given((await ec2.send(new CreateRouteTableCommand(input))).RouteTable?.RouteTableId);
    expect((await ec2.send(new CreateRouteTableCommand(input))).RouteTable?.RouteTableId).toBe(id);
    await ec2.send(new DeleteRouteTableCommand({ RouteTableId: id }));
    expect((await ec2.send(new CreateRouteTableCommand(input))).RouteTable?.RouteTableId).toBe(id);
    const other = { VpcId: await createVpc(ec2), ClientToken: input.ClientToken };
    expect((await refusal(ec2.send(new CreateRouteTableCommand(other)))).name).toBe('IdempotentParameterMismatch');
  });

  it('refuses a second table for a subnet with Resource.AlreadyAssociated', async () => {
    const { ec2 } = emulator.clients;
    const vpc = await createVpc(ec2);
    const SubnetId = await createSubnet(ec2, vpc);
    const first = await createTable(ec2, vpc);
    await ec2.send(new AssociateRouteTableCommand({ RouteTableId: first, SubnetId }));
    const again = { RouteTableId: await createTable(ec2, vpc), SubnetId };
    expect((await refusal(ec2.send(new AssociateRouteTableCommand(again)))).name).toBe('Resource.AlreadyAssociated');
  });

  it('refuses a route to a NAT gateway that does not exist', async () => {
    const { ec2 } = emulator.clients;
    const RouteTableId = await createTable(ec2, await createVpc(ec2));
    const route = { RouteTableId, DestinationCidrBlock: '0.0.0.0/0', NatGatewayId: 'nat-0123456789abcdef0' };
    expect((await refusal(ec2.send(new CreateRouteCommand(route)))).name).toBe('InvalidNatGatewayID.NotFound');
  });

  it('refuses a route to an internet gateway of another network', async () => {
    const { ec2 } = emulator.clients;
    const GatewayId = await attachGateway(ec2, await createVpc(ec2));
    const RouteTableId = await createTable(ec2, await createVpc(ec2));
    const route = { RouteTableId, DestinationCidrBlock: '0.0.0.0/0', GatewayId };
    const refused = await refusal(ec2.send(new CreateRouteCommand(route)));
    expect(refused).toMatchObject({ name: 'InvalidParameterValue' });
    expect(refused.message).toContain('different networks');
  });

  it('refuses a second route to the same destination with RouteAlreadyExists', async () => {
    const { ec2 } = emulator.clients;
    const vpc = await createVpc(ec2);
    const GatewayId = await attachGateway(ec2, vpc);
    const route = { RouteTableId: await createTable(ec2, vpc), DestinationCidrBlock: '0.0.0.0/0', GatewayId };
    await ec2.send(new CreateRouteCommand(route));
    expect((await refusal(ec2.send(new CreateRouteCommand(route)))).name).toBe('RouteAlreadyExists');
  });
});

describe('gateway endpoints', () => {
  it('adds its prefix-list route to its tables and takes it away again', async () => {
    const { ec2 } = emulator.clients;
    const { table, endpoint } = await createEndpoint();
    expect(await endpointRoutes(table)).toEqual([endpoint]);
    await ec2.send(new DeleteVpcEndpointsCommand({ VpcEndpointIds: [endpoint] }));
    expect(await endpointRoutes(table)).toEqual([]);
  });

  it('moves its route with ModifyVpcEndpoint', async () => {
    const { ec2 } = emulator.clients;
    const { table, endpoint, vpc } = await createEndpoint();
    const second = await createTable(ec2, vpc);
    const change = { VpcEndpointId: endpoint, AddRouteTableIds: [second], RemoveRouteTableIds: [table] };
    await ec2.send(new ModifyVpcEndpointCommand(change));
    expect([await endpointRoutes(table), await endpointRoutes(second)]).toEqual([[], [endpoint]]);
    const found = await ec2.send(new DescribeVpcEndpointsCommand({ VpcEndpointIds: [endpoint] }));
    expect(found.VpcEndpoints?.[0]?.RouteTableIds).toEqual([second]);
  });

  it('refuses a second one for the same table with RouteAlreadyExists', async () => {
    const { ec2 } = emulator.clients;
    const { vpc, table } = await createEndpoint();
    const again = { VpcId: vpc, ServiceName: S3, RouteTableIds: [table] };
    expect((await refusal(ec2.send(new CreateVpcEndpointCommand(again)))).name).toBe('RouteAlreadyExists');
  });

  it('refuses to delete its route with DeleteRoute', async () => {
    const { ec2 } = emulator.clients;
    const { table } = await createEndpoint();
    const found = await ec2.send(new DescribeRouteTablesCommand({ RouteTableIds: [table] }));
    const prefixList = found.RouteTables?.[0]?.Routes?.find((route) => route.DestinationPrefixListId);
    const route = { RouteTableId: table, DestinationPrefixListId: given(prefixList?.DestinationPrefixListId) };
    expect((await refusal(ec2.send(new DeleteRouteCommand(route)))).name).toBe('InvalidParameterValue');
  });

  it('is deleting first and not found later', async () => {
    const { ec2 } = emulator.clients;
    const { endpoint } = await createEndpoint();
    const describeIt = () => ec2.send(new DescribeVpcEndpointsCommand({ VpcEndpointIds: [endpoint] }));
    await ec2.send(new DeleteVpcEndpointsCommand({ VpcEndpointIds: [endpoint] }));
    expect((await describeIt()).VpcEndpoints?.[0]?.State).toBe('deleting');
    const gone = await eventually('endpoint gone', async () =>
      describeIt().then(
        () => undefined,
        (error: Error) => error,
      ),
    );
    expect(gone.name).toBe('InvalidVpcEndpointId.NotFound');
  });

  it('reports unknown ids in Unsuccessful of an answer with status 200', async () => {
    const unknown = 'vpce-0123456789abcdef0';
    const answer = await emulator.clients.ec2.send(new DeleteVpcEndpointsCommand({ VpcEndpointIds: [unknown] }));
    expect(answer.Unsuccessful).toMatchObject([
      { ResourceId: unknown, Error: { Code: 'InvalidVpcEndpointId.NotFound' } },
    ]);
  });

  it('returns the first endpoint again for the same client token', async () => {
    const { ec2 } = emulator.clients;
    const VpcId = await createVpc(ec2);
    const input = { VpcId, ServiceName: S3, RouteTableIds: [await createTable(ec2, VpcId)], ClientToken: randomUUID() };
    const id = given((await ec2.send(new CreateVpcEndpointCommand(input))).VpcEndpoint?.VpcEndpointId);
    expect((await ec2.send(new CreateVpcEndpointCommand(input))).VpcEndpoint?.VpcEndpointId).toBe(id);
    const other = { ...input, RouteTableIds: [] };
    expect((await refusal(ec2.send(new CreateVpcEndpointCommand(other)))).name).toBe('IdempotentParameterMismatch');
  });

  it('forgets a route table that was deleted', async () => {
    const { ec2 } = emulator.clients;
    const { table, endpoint } = await createEndpoint();
    await ec2.send(new DeleteRouteTableCommand({ RouteTableId: table }));
    const found = await ec2.send(new DescribeVpcEndpointsCommand({ VpcEndpointIds: [endpoint] }));
    expect(found.VpcEndpoints?.[0]?.RouteTableIds ?? []).toEqual([]);
    expect((await ec2.send(new DeleteVpcEndpointsCommand({ VpcEndpointIds: [endpoint] }))).Unsuccessful ?? []).toEqual(
      [],
    );
  });
});

async function createEndpoint(): Promise<{ vpc: string; table: string; endpoint: string }> {
  const { ec2 } = emulator.clients;
  const vpc = await createVpc(ec2);
  const table = await createTable(ec2, vpc);
  const input = { VpcId: vpc, ServiceName: S3, RouteTableIds: [table] };
  const created = await ec2.send(new CreateVpcEndpointCommand(input));
  expect(created.VpcEndpoint?.State).toBe('available');
  return { vpc, table, endpoint: given(created.VpcEndpoint?.VpcEndpointId) };
}

async function endpointRoutes(table: string): Promise<(string | undefined)[]> {
  const found = await emulator.clients.ec2.send(new DescribeRouteTablesCommand({ RouteTableIds: [table] }));
  const routes = found.RouteTables?.[0]?.Routes ?? [];
  return routes.filter((route) => route.DestinationPrefixListId?.startsWith('pl-')).map((route) => route.GatewayId);
}
