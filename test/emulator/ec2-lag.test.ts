import {
  AttachInternetGatewayCommand,
  CreateInternetGatewayCommand,
  CreateNatGatewayCommand,
  CreateRouteTableCommand,
  CreateSubnetCommand,
  CreateVpcCommand,
  CreateVpcEndpointCommand,
  DeleteNatGatewayCommand,
  DeleteVpcCommand,
  DescribeNatGatewaysCommand,
  DescribeSubnetsCommand,
  DescribeTagsCommand,
  DescribeVpcsCommand,
} from '@aws-sdk/client-ec2';
import { describe, expect, it } from 'vitest';
import { eventually, refusal, startTestEmulator, useEmulator } from '../helpers/emulator.ts';

const emulator = useEmulator({
  strict: ['off', 'ec2-use=0.3', 'ec2-id=0.6', 'ec2-tag=1.2', 'ec2-deleted=0.6', 'nat-deleted=0.8'],
});

async function newVpc(name: string): Promise<string> {
  const TagSpecifications = [{ ResourceType: 'vpc' as const, Tags: [{ Key: 'Name', Value: name }] }];
  const { Vpc } = await emulator.clients.ec2.send(
    new CreateVpcCommand({ CidrBlock: '10.0.0.0/16', TagSpecifications }),
  );
  return Vpc?.VpcId ?? '';
}

const filtered = async (Name: string, value: string) =>
  (await emulator.clients.ec2.send(new DescribeVpcsCommand({ Filters: [{ Name, Values: [value] }] }))).Vpcs ?? [];

/** The rows of EC2's list of tags with this value. */
const listed = async (value: string) => {
  const Filters = [
    { Name: 'key', Values: ['Name'] },
    { Name: 'value', Values: [value] },
  ];
  return (await emulator.clients.ec2.send(new DescribeTagsCommand({ Filters }))).Tags ?? [];
};

describe('EC2 shows what was just made a while later', () => {
  it('a describe by id is refused and a filter finds nothing, then the thing is there, then its tags', async () => {
    const { ec2 } = emulator.clients;
    const id = await newVpc('late');
    const describeIt = () => ec2.send(new DescribeVpcsCommand({ VpcIds: [id] }));
    expect(await refusal(describeIt())).toMatchObject({ name: 'InvalidVpcID.NotFound', status: 400 });
    expect(await filtered('vpc-id', id)).toEqual([]);
    expect(await filtered('tag:Name', 'late')).toEqual([]);
    expect(await listed('late')).toEqual([]);

    const [first] = await eventually('the VPC', async () => {
      const found = await filtered('vpc-id', id);
      return found.length > 0 && found;
    });
    expect(first?.Tags ?? []).toEqual([]);
    expect((await describeIt()).Vpcs).toHaveLength(1);
    const [tagged] = await eventually('its tags', async () => {
      const found = await filtered('tag:Name', 'late');
      return found.length > 0 && found;
    });
    expect(tagged).toMatchObject({ VpcId: id, Tags: [{ Key: 'Name', Value: 'late' }] });
    expect(await listed('late')).toEqual([{ Key: 'Name', Value: 'late', ResourceId: id, ResourceType: 'vpc' }]);
  });

  it('a call that names a new thing does not know it at first', async () => {
    const { ec2 } = emulator.clients;
    const VpcId = await newVpc('used');
    const { InternetGateway } = await ec2.send(new CreateInternetGatewayCommand({}));
    const InternetGatewayId = InternetGateway?.InternetGatewayId;
    const subnet = () => ec2.send(new CreateSubnetCommand({ VpcId, CidrBlock: '10.0.0.0/24' }));
    expect((await refusal(subnet())).name).toBe('InvalidVpcID.NotFound');
    await eventually('a subnet', () => subnet().catch(() => undefined));
    await eventually('an attachment', () =>
      ec2.send(new AttachInternetGatewayCommand({ VpcId, InternetGatewayId })).catch(() => undefined),
    );
    const { RouteTable } = await ec2.send(new CreateRouteTableCommand({ VpcId }));
    const RouteTableIds = [RouteTable?.RouteTableId ?? ''];
    const endpoint = { VpcId, ServiceName: 'com.amazonaws.us-east-1.s3', RouteTableIds };
    expect((await refusal(ec2.send(new CreateVpcEndpointCommand(endpoint)))).name).toBe('InvalidRouteTableId.NotFound');
  });

  it('a deleted thing is still found by a filter for a moment, with its tags', async () => {
    const { ec2 } = emulator.clients;
    const id = await newVpc('left');
    await eventually('its tags', async () => (await filtered('tag:Name', 'left')).length > 0);
    await ec2.send(new DeleteVpcCommand({ VpcId: id }));
    expect(await filtered('tag:Name', 'left')).toMatchObject([{ VpcId: id }]);
    expect(await listed('left')).toMatchObject([{ ResourceId: id }]);
    expect(await filtered('vpc-id', id)).toMatchObject([{ VpcId: id }]);
    expect((await refusal(ec2.send(new DeleteVpcCommand({ VpcId: id })))).name).toBe('InvalidVpcID.NotFound');
    await eventually('its end', async () => (await filtered('tag:Name', 'left')).length === 0);
    expect(await listed('left')).toEqual([]);
  });
});

describe('A deleted NAT gateway', () => {
  it('stays listed as deleted, with its tags, and is forgotten long after', async () => {
    const { ec2 } = emulator.clients;
    const { Subnets } = await ec2.send(new DescribeSubnetsCommand({}));
    const { NatGateway } = await ec2.send(
      new CreateNatGatewayCommand({
        SubnetId: Subnets?.[0]?.SubnetId,
        ConnectivityType: 'private',
        TagSpecifications: [{ ResourceType: 'natgateway', Tags: [{ Key: 'Name', Value: 'gone' }] }],
      }),
    );
    const NatGatewayId = NatGateway?.NatGatewayId ?? '';
    const Filter = [{ Name: 'tag:Name', Values: ['gone'] }];
    const listed = async () => (await ec2.send(new DescribeNatGatewaysCommand({ Filter }))).NatGateways ?? [];
    await eventually('the gateway', async () => (await listed())[0]?.State === 'available');
    await ec2.send(new DeleteNatGatewayCommand({ NatGatewayId }));
    const [deleted] = await eventually('its deletion', async () => {
      const found = await listed();
      return found[0]?.State === 'deleted' && found;
    });
    expect(deleted).toMatchObject({ NatGatewayId, Tags: [{ Key: 'Name', Value: 'gone' }] });
    await eventually('its end', async () => (await listed()).length === 0);
    const byId = ec2.send(new DescribeNatGatewaysCommand({ NatGatewayIds: [NatGatewayId] }));
    expect((await refusal(byId)).name).toBe('NatGatewayNotFound');
  });
});

describe('The knobs of the strictness', () => {
  it('an unknown one ends the start with the names of those there are', async () => {
    await expect(startTestEmulator({ strict: ['ec2-ids=1'] })).rejects.toThrow(/unknown strictness 'ec2-ids'.*ec2-id/);
  });
});
