import {
  AssociateAddressCommand,
  CreateNetworkInterfaceCommand,
  DescribeNatGatewaysCommand,
  DescribeRouteTablesCommand,
  DetachInternetGatewayCommand,
} from '@aws-sdk/client-ec2';
import { describe, expect, it } from 'vitest';
import type { OwnNetwork } from '../../src/config/network-config.ts';
import type { UserError } from '../../src/errors.ts';
import type { AwsStack } from '../helpers/aws-stack.ts';
import { referenceConfig } from '../helpers/aws-stack.ts';
import { eventually } from '../helpers/emulator.ts';
import { idOf, only, useSteps } from './stage.ts';

const stage = useSteps({ strict: ['off'] });
const NAT = 'network/nat-gateway/a';

/** Makes the stack with something in the gateway's way, which is put there right before the gateway is asked for. */
async function upWith(stack: AwsStack, inTheWay: () => Promise<unknown>): Promise<unknown> {
  const before = stack.session.update.bind(stack.session);
  let done = false;
  stack.session.update = async (change) => {
    await before(change);
    if (done || stack.session.document.steps[NAT] === undefined) return;
    done = true;
    await inTheWay();
  };
  return stack.up();
}

const ec2 = () => stage.emulator.clients.ec2;

async function failedGateways(): Promise<number> {
  const Filter = [{ Name: 'state', Values: ['failed'] }];
  return (await ec2().send(new DescribeNatGatewaysCommand({ Filter }))).NatGateways?.length ?? -1;
}

const creates = async (): Promise<number> =>
  (await stage.emulator.calls()).filter(({ operation }) => operation === 'CreateNatGateway').length;

const asUserError = (attempt: Promise<unknown>): Promise<UserError> =>
  attempt.then(
    () => {
      throw new Error('it did not fail');
    },
    (error) => error as UserError,
  );

describe('A NAT gateway that AWS gives up', () => {
  it('for an error of its own is deleted and made again in the same run, and the route follows', async () => {
    const stack = await stage.fresh();
    await stage.emulator.ask('POST', 'nat-gateway-error');
    // The route is asked for only when the gateway that it is to lead to has failed already.
    await stage.emulator.fault({ kind: 'delay', seconds: 1.5, match: { operation: 'CreateRouteTable' }, times: 2 });
    await stack.up();
    expect(await creates()).toBe(2);
    expect(await failedGateways()).toBe(0);
    const tables = await ec2().send(new DescribeRouteTablesCommand({}));
    const routes = tables.RouteTables?.flatMap(({ Routes }) => Routes ?? []).filter((route) => route.NatGatewayId);
    expect(only(routes)).toMatchObject({ NatGatewayId: idOf(stack, NAT), State: 'active' });
    expect(await stack.pending()).toEqual({});
  });

  it('again and again is given up after three, with code and message, and is not left in the state', async () => {
    const stack = await stage.fresh();
    for (let n = 0; n < 3; n += 1) await stage.emulator.ask('POST', 'nat-gateway-error');
    const error = await asUserError(stack.up());
    expect(error.message).toMatch(/NAT gateway \(us-east-1a\) nat-\w+ to become ready: InternalError: .*try again/);
    expect(error.fix).toBe('Run the command again: it makes another one.');
    expect([await creates(), await failedGateways()]).toEqual([3, 0]);
    expect(stack.session.document.steps[NAT]).toBeUndefined();
    await stack.up();
    expect(await stack.pending()).toEqual({});
  });

  it('for an address that something else has is named with the fix, deleted, and not made again', async () => {
    const stack = await stage.fresh();
    const attempt = upWith(stack, async () => {
      const SubnetId = idOf(stack, 'network/subnet/public-a');
      const { NetworkInterface } = await ec2().send(new CreateNetworkInterfaceCommand({ SubnetId }));
      const AllocationId = idOf(stack, 'network/elastic-ip/a');
      const { NetworkInterfaceId } = NetworkInterface ?? {};
      await ec2().send(new AssociateAddressCommand({ AllocationId, NetworkInterfaceId }));
    });
    const error = await asUserError(attempt);
    expect(error.message).toMatch(
      /Resource\.AlreadyAssociated: Elastic IP address \[eipalloc-\w+\] is already associated/,
    );
    expect(error.fix).toMatch(/Take the Elastic IP eipalloc-\w+ off/);
    expect([await creates(), await failedGateways()]).toEqual([1, 0]);
    expect(stack.session.document.steps[NAT]).toBeUndefined();
  });

  it('for a subnet without a free address is named with the fix and not made again', async () => {
    const stack = await stage.fresh();
    const config = referenceConfig();
    stack.config = {
      ...config,
      network: { ...(config.network as OwnNetwork), publicCidrs: ['10.0.1.0/28', '10.0.2.0/28'] },
    };
    const attempt = upWith(stack, async () => {
      const SubnetId = idOf(stack, 'network/subnet/public-a');
      for (let n = 0; n < 11; n += 1) await ec2().send(new CreateNetworkInterfaceCommand({ SubnetId }));
    });
    const error = await asUserError(attempt);
    expect(error.message).toContain('InsufficientFreeAddressesInSubnet');
    expect(error.fix).toMatch(/Free an address in subnet-\w+/);
    expect([await creates(), await failedGateways()]).toEqual([1, 0]);
  });

  it('because the internet gateway was detached comes up once that is attached again', async () => {
    const stack = await stage.fresh();
    await upWith(stack, async () => {
      await eventually('the public route', async () =>
        (await stage.emulator.calls()).some(({ operation, status }) => operation === 'CreateRoute' && status === 200),
      );
      const InternetGatewayId = idOf(stack, 'network/internet-gateway');
      await ec2().send(new DetachInternetGatewayCommand({ InternetGatewayId, VpcId: idOf(stack, 'network/vpc') }));
    });
    expect(await stack.pending()).toEqual({});
    expect([await creates(), await failedGateways()]).toEqual([2, 0]);
  });
});
