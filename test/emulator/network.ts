import {
  AllocateAddressCommand,
  AttachInternetGatewayCommand,
  CreateInternetGatewayCommand,
  CreateNatGatewayCommand,
  CreateRouteTableCommand,
  CreateSubnetCommand,
  CreateVpcCommand,
  DescribeNatGatewaysCommand,
  type EC2Client,
  type NatGateway,
} from '@aws-sdk/client-ec2';
import { eventually } from '../helpers/emulator.ts';

/** The value, which the emulator must have answered with. */
export function given<T>(value: T | undefined | null): T {
  if (value === undefined || value === null) throw new Error('the answer lacks a member');
  return value;
}

export async function createVpc(ec2: EC2Client, CidrBlock = '10.0.0.0/16'): Promise<string> {
  return given((await ec2.send(new CreateVpcCommand({ CidrBlock }))).Vpc?.VpcId);
}

export async function createSubnet(ec2: EC2Client, VpcId: string, CidrBlock = '10.0.1.0/24'): Promise<string> {
  return given((await ec2.send(new CreateSubnetCommand({ VpcId, CidrBlock }))).Subnet?.SubnetId);
}

export async function createTable(ec2: EC2Client, VpcId: string): Promise<string> {
  return given((await ec2.send(new CreateRouteTableCommand({ VpcId }))).RouteTable?.RouteTableId);
}

export async function attachGateway(ec2: EC2Client, VpcId: string): Promise<string> {
  const created = await ec2.send(new CreateInternetGatewayCommand({}));
  const InternetGatewayId = given(created.InternetGateway?.InternetGatewayId);
  await ec2.send(new AttachInternetGatewayCommand({ InternetGatewayId, VpcId }));
  return InternetGatewayId;
}

export async function allocate(ec2: EC2Client): Promise<string> {
  return given((await ec2.send(new AllocateAddressCommand({ Domain: 'vpc' }))).AllocationId);
}

export interface Network {
  readonly vpc: string;
  readonly subnet: string;
  readonly gateway: string;
  readonly allocation: string;
  readonly nat: string;
}

/** A VPC with an internet gateway and a NAT gateway that is still pending. */
export async function createNetwork(ec2: EC2Client): Promise<Network> {
  const vpc = await createVpc(ec2);
  const subnet = await createSubnet(ec2, vpc);
  const gateway = await attachGateway(ec2, vpc);
  const allocation = await allocate(ec2);
  const created = await ec2.send(new CreateNatGatewayCommand({ SubnetId: subnet, AllocationId: allocation }));
  return { vpc, subnet, gateway, allocation, nat: given(created.NatGateway?.NatGatewayId) };
}

export async function natGateway(ec2: EC2Client, id: string): Promise<NatGateway> {
  const answer = await ec2.send(new DescribeNatGatewaysCommand({ NatGatewayIds: [id] }));
  return given(answer.NatGateways?.[0]);
}

export function natReaches(ec2: EC2Client, id: string, state: string): Promise<NatGateway> {
  return eventually(`${id} ${state}`, async () => {
    const gateway = await natGateway(ec2, id);
    return gateway.State === state && gateway;
  });
}
