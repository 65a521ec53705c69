import {
  AttachInternetGatewayCommand,
  AuthorizeSecurityGroupIngressCommand,
  CreateInternetGatewayCommand,
  CreateNetworkInterfaceCommand,
  CreateSecurityGroupCommand,
  CreateVpcCommand,
  CreateVpcEndpointCommand,
  DeleteInternetGatewayCommand,
  DeleteNatGatewayCommand,
  DeleteNetworkInterfaceCommand,
  DeleteSecurityGroupCommand,
  DeleteSubnetCommand,
  DeleteVpcCommand,
  DescribeAvailabilityZonesCommand,
  DescribeVpcsCommand,
  DetachInternetGatewayCommand,
  ReleaseAddressCommand,
  RunInstancesCommand,
  TerminateInstancesCommand,
} from '@aws-sdk/client-ec2';
import { beforeEach, describe, expect, it } from 'vitest';
import { eventually, refusal, useEmulator } from '../helpers/emulator.ts';
import { attachGateway, createNetwork, createSubnet, createVpc, given, natReaches } from './network.ts';

const emulator = useEmulator({ strict: ['off'] });
beforeEach(() => emulator.reset());

async function createGroup(VpcId: string, GroupName = 'worker'): Promise<string> {
  const input = { VpcId, GroupName, Description: 'a test' };
  return given((await emulator.clients.ec2.send(new CreateSecurityGroupCommand(input))).GroupId);
}

describe('what a NAT gateway holds', () => {
  it('keeps its subnet, its address and the internet gateway until it is deleted', async () => {
    const { ec2 } = emulator.clients;
    const { vpc, subnet, gateway, allocation, nat } = await createNetwork(ec2);
    const attempts = [
      () => ec2.send(new DeleteSubnetCommand({ SubnetId: subnet })),
      () => ec2.send(new ReleaseAddressCommand({ AllocationId: allocation })),
      () => ec2.send(new DetachInternetGatewayCommand({ InternetGatewayId: gateway, VpcId: vpc })),
      () => ec2.send(new DeleteVpcCommand({ VpcId: vpc })),
    ];
    const expected = ['DependencyViolation', 'InvalidIPAddress.InUse', 'DependencyViolation', 'DependencyViolation'];
    const names = async () =>
      (await Promise.all(attempts.map((attempt) => refusal(attempt())))).map(({ name }) => name);
    expect(await names()).toEqual(expected);
    await ec2.send(new DeleteNatGatewayCommand({ NatGatewayId: nat }));
    expect(await names()).toEqual(expected);
    await natReaches(ec2, nat, 'deleted');
    for (const attempt of attempts) await attempt();
    expect((await refusal(ec2.send(new DescribeVpcsCommand({ VpcIds: [vpc] })))).name).toBe('InvalidVpcID.NotFound');
  });
});

describe('security groups', () => {
  it('stays while a network interface uses it', async () => {
    const { ec2 } = emulator.clients;
    const vpc = await createVpc(ec2);
    const group = await createGroup(vpc);
    const created = await ec2.send(
      new CreateNetworkInterfaceCommand({ SubnetId: await createSubnet(ec2, vpc), Groups: [group] }),
    );
    const remove = () => ec2.send(new DeleteSecurityGroupCommand({ GroupId: group }));
    expect((await refusal(remove())).name).toBe('DependencyViolation');
    const NetworkInterfaceId = given(created.NetworkInterface?.NetworkInterfaceId);
    await ec2.send(new DeleteNetworkInterfaceCommand({ NetworkInterfaceId }));
    await remove();
    expect((await refusal(remove())).name).toBe('InvalidGroup.NotFound');
  });

  it('stays while a rule of another group names it', async () => {
    const { ec2 } = emulator.clients;
    const vpc = await createVpc(ec2);
    const worker = await createGroup(vpc);
    const endpoints = await createGroup(vpc, 'endpoints');
    const IpPermissions = [{ IpProtocol: 'tcp', FromPort: 443, ToPort: 443, UserIdGroupPairs: [{ GroupId: worker }] }];
    await ec2.send(new AuthorizeSecurityGroupIngressCommand({ GroupId: endpoints, IpPermissions }));
    expect((await refusal(ec2.send(new DeleteSecurityGroupCommand({ GroupId: worker })))).name).toBe(
      'DependencyViolation',
    );
    await ec2.send(new DeleteSecurityGroupCommand({ GroupId: endpoints }));
    await ec2.send(new DeleteSecurityGroupCommand({ GroupId: worker }));
  });

  it('refuses a second one of the same name in the VPC with InvalidGroup.Duplicate', async () => {
    const { ec2 } = emulator.clients;
    const VpcId = await createVpc(ec2);
    await createGroup(VpcId);
    const again = new CreateSecurityGroupCommand({ VpcId, GroupName: 'worker', Description: 'again' });
    expect((await refusal(ec2.send(again))).name).toBe('InvalidGroup.Duplicate');
  });

  it('answers the creation with the tags', async () => {
    const { ec2 } = emulator.clients;
    const Tags = [{ Key: 'Name', Value: 'worker' }];
    const created = await ec2.send(
      new CreateSecurityGroupCommand({
        VpcId: await createVpc(ec2),
        GroupName: 'worker',
        Description: 'a test',
        TagSpecifications: [{ ResourceType: 'security-group', Tags }],
      }),
    );
    expect(created.Tags).toEqual(Tags);
  });
});

describe('interface endpoints', () => {
  it('are pending first and hold their subnet and security group by interfaces of EC2', async () => {
    const { ec2 } = emulator.clients;
    const VpcId = await createVpc(ec2);
    const SubnetId = await createSubnet(ec2, VpcId);
    const group = await createGroup(VpcId);
    const created = await ec2.send(
      new CreateVpcEndpointCommand({
        VpcId,
        VpcEndpointType: 'Interface',
        ServiceName: 'com.amazonaws.us-east-1.logs',
        SubnetIds: [SubnetId],
        SecurityGroupIds: [group],
      }),
    );
    expect(String(created.VpcEndpoint?.State).toLowerCase()).toBe('pending');
    const NetworkInterfaceId = given(created.VpcEndpoint?.NetworkInterfaceIds?.[0]);
    const names = await Promise.all([
      refusal(ec2.send(new DeleteSubnetCommand({ SubnetId }))),
      refusal(ec2.send(new DeleteSecurityGroupCommand({ GroupId: group }))),
      refusal(ec2.send(new DeleteNetworkInterfaceCommand({ NetworkInterfaceId }))),
    ]);
    expect(names.map(({ name }) => name)).toEqual([
      'DependencyViolation',
      'DependencyViolation',
      'OperationNotPermitted',
    ]);
  });
});

describe('instances', () => {
  it('keep their subnet, and give it back with their interface when they are terminated', async () => {
    const { ec2 } = emulator.clients;
    const SubnetId = await createSubnet(ec2, await createVpc(ec2));
    const { Instances } = await ec2.send(
      new RunInstancesCommand({ ImageId: 'ami-12c6146b', SubnetId, MinCount: 1, MaxCount: 1 }),
    );
    const InstanceIds = [given(Instances?.[0]?.InstanceId)];
    const remove = () => ec2.send(new DeleteSubnetCommand({ SubnetId }));
    expect((await refusal(remove())).name).toBe('DependencyViolation');
    await ec2.send(new TerminateInstancesCommand({ InstanceIds }));
    await remove();
    expect((await refusal(remove())).name).toBe('InvalidSubnetID.NotFound');
  });
});

describe('internet gateways', () => {
  it('refuses a second one for a VPC', async () => {
    const { ec2 } = emulator.clients;
    const VpcId = await createVpc(ec2);
    await attachGateway(ec2, VpcId);
    const other = await ec2.send(new CreateInternetGatewayCommand({}));
    const InternetGatewayId = given(other.InternetGateway?.InternetGatewayId);
    const attach = new AttachInternetGatewayCommand({ InternetGatewayId, VpcId });
    expect((await refusal(ec2.send(attach))).name).toBe('InvalidParameterValue');
  });

  it('keeps its VPC, and cannot be deleted while attached', async () => {
    const { ec2 } = emulator.clients;
    const VpcId = await createVpc(ec2);
    const InternetGatewayId = await attachGateway(ec2, VpcId);
    expect((await refusal(ec2.send(new DeleteVpcCommand({ VpcId })))).name).toBe('DependencyViolation');
    const remove = new DeleteInternetGatewayCommand({ InternetGatewayId });
    expect((await refusal(ec2.send(remove))).name).toBe('DependencyViolation');
    await ec2.send(new DetachInternetGatewayCommand({ InternetGatewayId, VpcId }));
    const again = new DetachInternetGatewayCommand({ InternetGatewayId, VpcId });
    expect((await refusal(ec2.send(again))).name).toBe('Gateway.NotAttached');
  });
});

describe('EC2 in general', () => {
  it('answers DryRun with the error DryRunOperation and creates nothing', async () => {
    const { ec2 } = emulator.clients;
    const before = await ec2.send(new DescribeVpcsCommand({}));
    const dry = await refusal(ec2.send(new CreateVpcCommand({ CidrBlock: '10.9.0.0/16', DryRun: true })));
    expect(dry).toMatchObject({ name: 'DryRunOperation', status: 412 });
    const after = await ec2.send(new DescribeVpcsCommand({}));
    expect(after.Vpcs).toEqual(before.Vpcs);
  });

  it('filters availability zones by type, state and name', async () => {
    const { ec2 } = emulator.clients;
    const zones = async (Name: string, ...Values: string[]) =>
      (await ec2.send(new DescribeAvailabilityZonesCommand({ Filters: [{ Name, Values }] }))).AvailabilityZones ?? [];
    expect((await zones('zone-type', 'availability-zone')).length).toBeGreaterThan(1);
    expect((await zones('state', 'available')).length).toBeGreaterThan(1);
    expect(await zones('zone-type', 'local-zone')).toEqual([]);
    expect(await zones('zone-name', 'us-east-1b')).toMatchObject([
      { ZoneName: 'us-east-1b', ZoneId: expect.any(String) },
    ]);
  });

  it('frees a subnet when the interface of a deleted NAT gateway is gone', async () => {
    const { ec2 } = emulator.clients;
    const { nat, subnet } = await createNetwork(ec2);
    await ec2.send(new DeleteNatGatewayCommand({ NatGatewayId: nat }));
    const removed = await eventually('subnet deleted', () =>
      ec2.send(new DeleteSubnetCommand({ SubnetId: subnet })).then(
        () => true,
        () => undefined,
      ),
    );
    expect(removed).toBe(true);
  });
});
