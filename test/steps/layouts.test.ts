import { DescribeServicesCommand } from '@aws-sdk/client-ecs';
import { describe, expect, it } from 'vitest';
import { type AwsStack, referenceConfig } from '../helpers/aws-stack.ts';
import { expectNoTrace, idOf, only, useSteps } from './stage.ts';

const stage = useSteps();

const THREE = 'us-east-1a,us-east-1b,us-east-1c';

const layouts = {
  private: referenceConfig({ network: 'private' }),
  'private-per-az': referenceConfig({ network: 'private-per-az' }),
  public: referenceConfig({ network: 'public' }),
};

/** How many of the things that a layout decides about carry our tags. */
async function owned(): Promise<Record<string, number>> {
  const { ec2 = {} } = await stage.emulator.inventory();
  const kinds = ['subnet', 'natgateway', 'elastic-ip', 'route-table', 'vpc-endpoint', 'internet-gateway', 'vpc'];
  const ours = (thing: Record<string, unknown>) =>
    Object.keys((thing.tags ?? {}) as object).length > 0 && thing.state !== 'deleted';
  return Object.fromEntries(
    kinds.map((kind) => [kind, Object.values(ec2[kind] ?? {}).filter(ours).length]).filter(([, count]) => count !== 0),
  );
}

async function placement() {
  const answer = await stage.emulator.clients.ecs.send(
    new DescribeServicesCommand({ cluster: 'temporal-fargate-dev', services: ['worker'] }),
  );
  const { runningCount, networkConfiguration } = only(answer.services);
  const { subnets, assignPublicIp } = networkConfiguration?.awsvpcConfiguration ?? {};
  return { runningCount, assignPublicIp, subnets: [...(subnets ?? [])].sort() };
}

const subnetsOf = (stack: AwsStack, tier: string, ...zones: string[]) =>
  zones.map((zone) => idOf(stack, `network/subnet/${tier}-${zone}`)).sort();

const ALWAYS = { 'vpc-endpoint': 1, 'internet-gateway': 1, vpc: 1 };
const EXPECTED = {
  private: { subnet: 4, natgateway: 1, 'elastic-ip': 1, 'route-table': 2, ...ALWAYS },
  'private-per-az': { subnet: 4, natgateway: 2, 'elastic-ip': 2, 'route-table': 3, ...ALWAYS },
  public: { subnet: 2, 'route-table': 1, ...ALWAYS },
};

type Layout = keyof typeof layouts;

async function expectLayout(stack: AwsStack, layout: Layout): Promise<void> {
  expect(await stack.pending()).toEqual({});
  expect(await owned()).toEqual(EXPECTED[layout]);
  const tier = layout === 'public' ? 'public' : 'private';
  expect(await placement()).toEqual({
    runningCount: 1,
    assignPublicIp: layout === 'public' ? 'ENABLED' : 'DISABLED',
    subnets: subnetsOf(stack, tier, 'a', 'b'),
  });
}

describe('a layout', () => {
  it.each<[string, Record<string, string>, Record<string, number>]>([
    [
      'one NAT gateway for three zones',
      { network: 'private', zones: THREE },
      { subnet: 6, natgateway: 1, 'elastic-ip': 1, 'route-table': 2, ...ALWAYS },
    ],
    [
      'a NAT gateway in each of three zones',
      { network: 'private-per-az', zones: THREE },
      { subnet: 6, natgateway: 3, 'elastic-ip': 3, 'route-table': 4, ...ALWAYS },
    ],
    ['no NAT gateway', { network: 'public', zones: THREE }, { subnet: 3, 'route-table': 1, ...ALWAYS }],
    [
      'one zone',
      { network: 'private', zones: 'us-east-1b' },
      { subnet: 2, natgateway: 1, 'elastic-ip': 1, 'route-table': 2, ...ALWAYS },
    ],
  ])('with %s is created, planned without a change and destroyed without a trace', async (_what, answers, expected) => {
    const stack = await stage.fresh();
    stack.config = referenceConfig(answers);
    const before = await stage.emulator.inventory();
    await stack.up();
    expect(await stack.pending()).toEqual({});
    expect(await owned()).toEqual(expected);
    const zones = (answers.zones ?? '').split(',').map((zone) => zone.slice(-1));
    const tier = answers.network === 'public' ? 'public' : 'private';
    expect((await placement()).subnets).toEqual(subnetsOf(stack, tier, ...zones));
    await expectNoTrace(stack, stage.emulator, before);
  });
});

describe('a change of the layout', () => {
  it.each<Layout[]>([
    ['private', 'private-per-az', 'public', 'private'],
    ['private', 'public', 'private-per-az', 'private'],
  ])('from %s to %s to %s to %s leaves nothing of the one before', async (first, ...others) => {
    const stack = await stage.fresh();
    const before = await stage.emulator.inventory();
    stack.config = layouts[first];
    await stack.up();
    await expectLayout(stack, first);
    for (const next of others) {
      const previous = stack.config;
      stack.config = layouts[next];
      await stack.up(previous);
      await expectLayout(stack, next);
    }
    await expectNoTrace(stack, stage.emulator, before);
  });

  it('that takes a zone away and adds another moves the tasks first', async () => {
    const stack = await stage.fresh();
    const before = await stage.emulator.inventory();
    const previous = referenceConfig({ network: 'private-per-az', zones: THREE });
    stack.config = previous;
    await stack.up();
    stack.config = referenceConfig({ network: 'private-per-az', zones: 'us-east-1a,us-east-1b' });
    await stack.up(previous);
    await expectLayout(stack, 'private-per-az');
    const two = stack.config;
    stack.config = previous;
    await stack.up(two);
    expect(await stack.pending()).toEqual({});
    expect((await placement()).subnets).toEqual(subnetsOf(stack, 'private', 'a', 'b', 'c'));
    await expectNoTrace(stack, stage.emulator, before);
  });

  it('says in the plan what goes, and needs nothing of it when it is taken back at once', async () => {
    const stack = await stage.fresh();
    await stack.up();
    const previous = stack.config;
    stack.config = layouts.public;
    const { items } = await stack.plan(previous);
    const retired = items.filter(({ action }) => action === 'retire').map(({ step }) => step.id);
    expect(retired.toSorted()).toEqual([
      'network/elastic-ip/a',
      'network/nat-gateway/a',
      'network/route-table/private',
      'network/subnet/private-a',
      'network/subnet/private-b',
    ]);
    stack.config = previous;
    expect(await stack.pending()).toEqual({});
  });
});
