import {
  AllocateAddressCommand,
  AssociateRouteTableCommand,
  AttachInternetGatewayCommand,
  CreateInternetGatewayCommand,
  CreateNatGatewayCommand,
  CreateRouteCommand,
  CreateRouteTableCommand,
  CreateSubnetCommand,
  CreateVpcCommand,
  DescribeNatGatewaysCommand,
} from '@aws-sdk/client-ec2';
import { eventually, type TestEmulator } from './emulator.ts';

/** A network that somebody else made: a VPC with a public subnet, and private ones behind a NAT gateway. */
export interface ForeignNetwork {
  readonly vpc: string;
  readonly publicSubnet: string;
  /** In zones a and b. */
  readonly privateSubnets: readonly [string, string];
  readonly nat: string;
  readonly internetGateway: string;
  readonly privateTable: string;
}

const made = (value: string | undefined): string => {
  if (value === undefined) throw new Error('the emulator answered without an id');
  return value;
};

export async function foreignVpc(emulator: TestEmulator, CidrBlock = '172.31.0.0/16'): Promise<string> {
  const { Vpc } = await emulator.clients.ec2.send(new CreateVpcCommand({ CidrBlock }));
  await emulator.settle();
  return made(Vpc?.VpcId);
}

export async function foreignSubnet(
  emulator: TestEmulator,
  VpcId: string,
  CidrBlock: string,
  zone: string,
): Promise<string> {
  const AvailabilityZone = `us-east-1${zone}`;
  const { Subnet } = await emulator.clients.ec2.send(new CreateSubnetCommand({ VpcId, CidrBlock, AvailabilityZone }));
  await emulator.settle();
  return made(Subnet?.SubnetId);
}

export async function foreignNetwork(emulator: TestEmulator): Promise<ForeignNetwork> {
  const { ec2 } = emulator.clients;
  const vpc = await foreignVpc(emulator);
  const publicSubnet = await foreignSubnet(emulator, vpc, '172.31.0.0/24', 'a');
  const first = await foreignSubnet(emulator, vpc, '172.31.10.0/24', 'a');
  const second = await foreignSubnet(emulator, vpc, '172.31.11.0/24', 'b');
  const { InternetGateway } = await ec2.send(new CreateInternetGatewayCommand({}));
  const internetGateway = made(InternetGateway?.InternetGatewayId);
  await emulator.settle();
  await ec2.send(new AttachInternetGatewayCommand({ InternetGatewayId: internetGateway, VpcId: vpc }));
  await foreignTable(emulator, vpc, [publicSubnet], { GatewayId: internetGateway });

  const { AllocationId } = await ec2.send(new AllocateAddressCommand({ Domain: 'vpc' }));
  await emulator.settle();
  const { NatGateway } = await ec2.send(new CreateNatGatewayCommand({ SubnetId: publicSubnet, AllocationId }));
  const nat = made(NatGateway?.NatGatewayId);
  await eventually(`${nat} is available`, async () => {
    const Filter = [{ Name: 'nat-gateway-id', Values: [nat] }];
    const { NatGateways } = await ec2.send(new DescribeNatGatewaysCommand({ Filter }));
    return NatGateways?.[0]?.State === 'available' || undefined;
  });
  const privateTable = await foreignTable(emulator, vpc, [first, second], { NatGatewayId: nat });
  return { vpc, publicSubnet, privateSubnets: [first, second], nat, internetGateway, privateTable };
}

/** A route table of these subnets with a default route. */
async function foreignTable(
  { clients: { ec2 }, settle }: TestEmulator,
  VpcId: string,
  subnets: readonly string[],
  target: { GatewayId: string } | { NatGatewayId: string },
): Promise<string> {
  const RouteTableId = made((await ec2.send(new CreateRouteTableCommand({ VpcId }))).RouteTable?.RouteTableId);
  await settle();
  for (const SubnetId of subnets) await ec2.send(new AssociateRouteTableCommand({ RouteTableId, SubnetId }));
  await ec2.send(new CreateRouteCommand({ RouteTableId, DestinationCidrBlock: '0.0.0.0/0', ...target }));
  await settle();
  return RouteTableId;
}
