import {
  AllocateAddressCommand,
  AssociateAddressCommand,
  CreateNetworkInterfaceCommand,
  CreateRouteCommand,
  DescribeRouteTablesCommand,
} from '@aws-sdk/client-ec2';
import { describe, expect, it } from 'vitest';
import { egressOf } from '../../src/aws/egress.ts';
import { attachGateway, createNetwork, createSubnet, createVpc, given, natReaches } from '../emulator/network.ts';
import { service, task } from '../ui/sample-status.ts';
import { useAws } from './stage.ts';

const stage = useAws({ delaySeconds: 0.05 });
const { emulator } = stage;

describe('the addresses that Temporal sees', () => {
  it('are those of the NAT gateway to which the subnets send, also by the main table of a VPC that is not ours', async () => {
    const { ec2 } = emulator.clients;
    const { vpc, nat } = await createNetwork(ec2);
    const subnet = await createSubnet(ec2, vpc, '10.0.2.0/24');
    const Filters = [{ Name: 'vpc-id', Values: [vpc] }];
    const { RouteTables } = await ec2.send(new DescribeRouteTablesCommand({ Filters }));
    const RouteTableId = given(RouteTables?.[0]?.RouteTableId);
    const route = { RouteTableId, DestinationCidrBlock: '0.0.0.0/0', NatGatewayId: nat };
    await ec2.send(new CreateRouteCommand(route));
    const { NatGatewayAddresses } = await natReaches(ec2, nat, 'available');
    expect(await egressOf(stage.aws, [service({ subnetIds: [subnet] })])).toEqual({
      via: 'NAT gateway',
      addresses: [given(NatGatewayAddresses?.[0]?.PublicIp)],
      problem: null,
    });
  });

  it('are those of the tasks where they have public ones', async () => {
    const { ec2 } = emulator.clients;
    const vpc = await createVpc(ec2);
    await attachGateway(ec2, vpc);
    const SubnetId = await createSubnet(ec2, vpc);
    const { NetworkInterface } = await ec2.send(new CreateNetworkInterfaceCommand({ SubnetId }));
    const interfaceId = given(NetworkInterface?.NetworkInterfaceId);
    const { AllocationId, PublicIp } = await ec2.send(new AllocateAddressCommand({ Domain: 'vpc' }));
    await ec2.send(new AssociateAddressCommand({ AllocationId, NetworkInterfaceId: interfaceId }));
    const tasks = [task('a', { interfaceId }), task('b', { interfaceId: '' }), task('c', { interfaceId: 'eni-gone' })];
    expect(await egressOf(stage.aws, [service({ publicAddresses: true, tasks })])).toEqual({
      via: 'public address',
      addresses: [PublicIp],
      problem: null,
    });
  });

  it('are not known where no NAT gateway is on the way', async () => {
    const { ec2 } = emulator.clients;
    const subnet = await createSubnet(ec2, await createVpc(ec2));
    const unknown = { via: null, addresses: [], problem: null };
    expect(await egressOf(stage.aws, [service({ subnetIds: [subnet] })])).toEqual(unknown);
    expect(await egressOf(stage.aws, [])).toEqual(unknown);
  });
});
