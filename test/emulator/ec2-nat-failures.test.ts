import {
  CreateNatGatewayCommand,
  CreateNetworkInterfaceCommand,
  DescribeAddressesCommand,
  DescribeNatGatewaysCommand,
  DisassociateAddressCommand,
  type NatGateway,
  ReleaseAddressCommand,
} from '@aws-sdk/client-ec2';
import { beforeEach, describe, expect, it } from 'vitest';
import { eventually, useEmulator } from '../helpers/emulator.ts';
import { allocate, attachGateway, createNetwork, createSubnet, createVpc, given, natReaches } from './network.ts';

const emulator = useEmulator({ strict: ['off', 'nat-deleted=1'], delaySeconds: 0.2 });
beforeEach(() => emulator.reset());

/** A public subnet of this size. */
async function subnet(CidrBlock = '10.0.1.0/24'): Promise<string> {
  const { ec2 } = emulator.clients;
  const vpc = await createVpc(ec2);
  await attachGateway(ec2, vpc);
  return createSubnet(ec2, vpc, CidrBlock);
}

async function create(SubnetId: string, AllocationId: string): Promise<string> {
  const { NatGateway } = await emulator.clients.ec2.send(new CreateNatGatewayCommand({ SubnetId, AllocationId }));
  expect(NatGateway?.State).toBe('pending');
  return given(NatGateway?.NatGatewayId);
}

const failed = (id: string): Promise<NatGateway> => natReaches(emulator.clients.ec2, id, 'failed');

async function association(allocation: string): Promise<string | undefined> {
  const { ec2 } = emulator.clients;
  const { Addresses } = await ec2.send(new DescribeAddressesCommand({ AllocationIds: [allocation] }));
  return Addresses?.[0]?.AssociationId;
}

describe('A NAT gateway that fails is pending first, and says why', () => {
  it('Gateway.NotAttached: the VPC has no internet gateway', async () => {
    const { ec2 } = emulator.clients;
    const allocation = await allocate(ec2);
    const gateway = await failed(await create(await createSubnet(ec2, await createVpc(ec2)), allocation));
    expect(gateway.FailureCode).toBe('Gateway.NotAttached');
    expect(gateway.FailureMessage).toContain('has no Internet gateway attached');
    expect(await association(allocation)).toBeUndefined();
  });

  it('InsufficientFreeAddressesInSubnet: every address is taken', async () => {
    const { ec2 } = emulator.clients;
    const SubnetId = await subnet('10.0.1.0/28');
    // Sixteen, of which AWS keeps five.
    for (let n = 0; n < 11; n += 1) await ec2.send(new CreateNetworkInterfaceCommand({ SubnetId }));
    const gateway = await failed(await create(SubnetId, await allocate(ec2)));
    expect(gateway.FailureCode).toBe('InsufficientFreeAddressesInSubnet');
  });

  it('Resource.AlreadyAssociated: the address is in use, and stays where it is', async () => {
    const { ec2 } = emulator.clients;
    const { nat, subnet: home, allocation } = await createNetwork(ec2);
    await natReaches(ec2, nat, 'available');
    const before = await association(allocation);
    const gateway = await failed(await create(home, allocation));
    expect(gateway.FailureCode).toBe('Resource.AlreadyAssociated');
    expect(await association(allocation)).toBe(before);
  });

  it('InvalidAllocationID.NotFound: the address was released meanwhile', async () => {
    const { ec2 } = emulator.clients;
    const allocation = await allocate(ec2);
    const id = await create(await subnet(), allocation);
    await ec2.send(new DisassociateAddressCommand({ AssociationId: await association(allocation) }));
    await ec2.send(new ReleaseAddressCommand({ AllocationId: allocation }));
    expect((await failed(id)).FailureCode).toBe('InvalidAllocationID.NotFound');
  });

  it("InternalError: AWS's own fault, once and not again", async () => {
    const { ec2 } = emulator.clients;
    await emulator.ask('POST', 'nat-gateway-error');
    const home = await subnet();
    const allocation = await allocate(ec2);
    const gateway = await failed(await create(home, allocation));
    expect(gateway).toMatchObject({
      FailureCode: 'InternalError',
      FailureMessage: expect.stringContaining('try again'),
    });
    await natReaches(ec2, await create(home, allocation), 'available');
  });

  it('is listed for a while and then forgotten', async () => {
    const { ec2 } = emulator.clients;
    const vpc = await createVpc(ec2);
    await failed(await create(await createSubnet(ec2, vpc), await allocate(ec2)));
    const Filter = [{ Name: 'vpc-id', Values: [vpc] }];
    await eventually('it is gone', async () => {
      const { NatGateways } = await ec2.send(new DescribeNatGatewaysCommand({ Filter }));
      return NatGateways?.length === 0;
    });
  });
});
