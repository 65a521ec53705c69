import {
  AllocateAddressCommand,
  CreateNatGatewayCommand,
  CreateVpcCommand,
  DescribeAddressesCommand,
  DescribeNatGatewaysCommand,
  DescribeVpcsCommand,
  type ResourceType,
} from '@aws-sdk/client-ec2';
import { DescribeServicesCommand, UpdateServiceCommand } from '@aws-sdk/client-ecs';
import { afterAll, describe, expect, it } from 'vitest';
import { ownerTags, TAG } from '../../src/engine/ownership.ts';
import { infrastructure } from '../../src/steps/index.ts';
import { type AwsStack, referenceConfig } from '../helpers/aws-stack.ts';
import { eventually, type Inventory } from '../helpers/emulator.ts';
import { expectNoTrace, idOf, only, useSteps } from './stage.ts';
import { taggerOf } from './tagger.ts';

// Each refusal waits for as long as tags may lag.
const stage = useSteps({ delaySeconds: 0.05 });

/** Every step that has tags of its own; an image is its repository's. */
const TAGGED = infrastructure(referenceConfig())
  .map(({ id }) => id)
  .filter((id) => id !== 'image/worker-image/worker');

/** A stack that all tests of a block look at, and that none of them leaves changed. */
function useOneStack(): () => Promise<AwsStack> {
  let stack: AwsStack | undefined;
  let before: Inventory = {};
  afterAll(async () => {
    if (stack) await expectNoTrace(stack, stage.emulator, before);
  });
  return async () => {
    if (stack) return stack;
    stack = await stage.fresh();
    before = await stage.emulator.inventory();
    await stack.up();
    return stack;
  };
}

async function expectNoChange(stack: AwsStack): Promise<void> {
  expect(await stack.pending()).toEqual({});
  const calls = stack.calls.length;
  await stack.up();
  expect(stack.calls.slice(calls).filter(({ mutating }) => mutating)).toEqual([]);
}

describe('a recorded thing without our tags', () => {
  const built = useOneStack();
  it.each(TAGGED)('%s: no run touches anything, and the refusal names it', async (stepId) => {
    const stack = await built();
    const tagger = taggerOf(stage.emulator.clients, stack, stepId);
    await tagger.remove([TAG.managed, TAG.stack, TAG.stackId, TAG.resource]);
    const calls = stack.calls.length;
    // A run begins with a plan, which is what refuses.
    await expect(stack.up()).rejects.toThrow(`${idOf(stack, stepId)} has no temporal-fargate tags`);
    expect(stack.calls.slice(calls).filter(({ mutating }) => mutating)).toEqual([]);
    const { [TAG.name]: _name, ...tags } = ownerTags(stack.owner, stepId);
    await tagger.put(tags);
  });

  it('is ours again once it has them back', async () => {
    expect(await (await built()).pending()).toEqual({});
  });
});

describe('what is not ours to set', () => {
  const built = useOneStack();
  it('another Name and a tag of somebody else are no drift of anything', async () => {
    const stack = await built();
    for (const stepId of TAGGED) {
      await taggerOf(stage.emulator.clients, stack, stepId).put({ Name: 'renamed', 'cost-center': '42' });
    }
    await expectNoChange(stack);
  });

  it('a number of tasks between the bounds is no drift, and no change of ours takes it back', async () => {
    const stack = await built();
    const { ecs } = stage.emulator.clients;
    const service = { cluster: 'temporal-fargate-dev', service: 'worker' };
    await ecs.send(new UpdateServiceCommand({ ...service, desiredCount: 3 }));
    const answer = async () => {
      const { services } = await ecs.send(
        new DescribeServicesCommand({ cluster: service.cluster, services: ['worker'] }),
      );
      return only(services);
    };
    await eventually('three tasks run', async () => (await answer()).runningCount === 3);
    await expectNoChange(stack);
    stack.config = referenceConfig({ cpu: 2048, memory: 4096 });
    await stack.up();
    expect([(await answer()).desiredCount, (await answer()).runningCount]).toEqual([3, 3]);
  });
});

describe('a stack whose state was lost', () => {
  it('is found by its tags and names, recorded, and not changed', async () => {
    const stack = await stage.fresh();
    const before = await stage.emulator.inventory();
    await stack.up();
    const ids = () => Object.fromEntries(stack.steps().map(({ id }) => [id, idOf(stack, id)]));
    const right = ids();
    const calls = stack.calls.length;
    stack.loseState();
    expect(await stack.pending()).toEqual(Object.fromEntries(Object.keys(right).map((id) => [id, ['adopt']])));
    await stack.up();
    expect(ids()).toEqual(right);
    expect(stack.calls.slice(calls).filter(({ mutating }) => mutating)).toEqual([]);
    expect(await stack.pending()).toEqual({});
    await expectNoTrace(stack, stage.emulator, before);
  });

  it('is destroyed by its tags and names alone', async () => {
    const stack = await stage.fresh();
    const before = await stage.emulator.inventory();
    await stack.up();
    stack.loseState();
    await expectNoTrace(stack, stage.emulator, before);
  });
});

describe('two of our own', () => {
  const ec2 = () => stage.emulator.clients.ec2;
  const tagged = (stack: AwsStack, type: ResourceType, stepId: string) => [
    {
      ResourceType: type,
      Tags: Object.entries(ownerTags(stack.owner, stepId)).map(([Key, Value]) => ({ Key, Value })),
    },
  ];
  const another: readonly [stepId: string, make: (stack: AwsStack) => Promise<string>][] = [
    [
      'network/vpc',
      async (stack) => {
        const TagSpecifications = tagged(stack, 'vpc', 'network/vpc');
        const { Vpc } = await ec2().send(new CreateVpcCommand({ CidrBlock: '10.0.0.0/16', TagSpecifications }));
        return Vpc?.VpcId ?? '';
      },
    ],
    [
      'network/elastic-ip/a',
      async (stack) => {
        const TagSpecifications = tagged(stack, 'elastic-ip', 'network/elastic-ip/a');
        const { AllocationId } = await ec2().send(new AllocateAddressCommand({ Domain: 'vpc', TagSpecifications }));
        return AllocationId ?? '';
      },
    ],
    [
      'network/nat-gateway/a',
      async (stack) => {
        const TagSpecifications = tagged(stack, 'natgateway', 'network/nat-gateway/a');
        const SubnetId = idOf(stack, 'network/subnet/public-a');
        const made = await ec2().send(
          new CreateNatGatewayCommand({ SubnetId, ConnectivityType: 'private', TagSpecifications }),
        );
        return made.NatGateway?.NatGatewayId ?? '';
      },
    ],
  ];
  const all = async (): Promise<string[]> => {
    const Filter = [{ Name: 'state', Values: ['pending', 'available'] }];
    const { NatGateways } = await ec2().send(new DescribeNatGatewaysCommand({ Filter }));
    const { Addresses } = await ec2().send(new DescribeAddressesCommand({}));
    const { Vpcs } = await ec2().send(new DescribeVpcsCommand({}));
    return [
      ...(NatGateways ?? []).flatMap(({ NatGatewayId }) => NatGatewayId ?? []),
      ...(Addresses ?? []).flatMap(({ AllocationId }) => AllocationId ?? []),
      ...(Vpcs ?? []).flatMap(({ VpcId }) => VpcId ?? []),
    ].sort();
  };

  it('of a VPC, an address and a NAT gateway: those that nothing uses are planned for deletion and go', async () => {
    const stack = await stage.fresh();
    const before = await stage.emulator.inventory();
    await stack.up();
    const right = await all();
    const expected = [];
    for (const [stepId, make] of another) expected.push([stepId, idOf(stack, stepId), [await make(stack)]]);
    await stage.emulator.settle();
    stack.loseState();
    const { items } = await stack.plan();
    const planned = items.filter(({ duplicates }) => duplicates.length > 0);
    expect(planned.map(({ step, live, duplicates }) => [step.id, live?.id, duplicates.map(({ id }) => id)])).toEqual(
      expected,
    );
    await stack.up();
    await stage.emulator.settle();
    expect(await all()).toEqual(right);
    expect(await stack.pending()).toEqual({});
    await expectNoTrace(stack, stage.emulator, before);
  });

  it('of a VPC, an address and a NAT gateway: destroy deletes both', async () => {
    const stack = await stage.fresh();
    const before = await stage.emulator.inventory();
    await stack.up();
    for (const [, make] of another) await make(stack);
    await stage.emulator.settle();
    await expectNoTrace(stack, stage.emulator, before);
  });

  it('of which neither is used are left to a person, with both named', async () => {
    const stack = await stage.fresh();
    const [, make] = another[0] ?? [];
    const ids = [await make?.(stack), await make?.(stack)];
    await stage.emulator.settle();
    const problem = await stack.up().then(
      () => '',
      ({ message }: Error) => message,
    );
    for (const id of ids) expect(problem).toContain(id);
    expect(problem).toContain('2 things are tagged as network/vpc of this stack');
    expect(stack.calls.filter(({ mutating }) => mutating)).toEqual([]);
  });
});
