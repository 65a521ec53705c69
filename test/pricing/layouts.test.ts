import { describe, expect, it } from 'vitest';
import { networkPriceTexts } from '../../src/commands/stack-bill.ts';
import type { StackConfig } from '../../src/config/schema.ts';
import { billOf } from '../../src/pricing/bill.ts';
import { cheapestOther, networkPrices } from '../../src/pricing/layouts.ts';
import { PRICE_TABLE } from '../../src/pricing/table.ts';
import { infrastructure } from '../../src/steps/index.ts';
import { formatAdded } from '../../src/ui/format-cost.ts';
import { referenceConfig } from '../helpers/aws-stack.ts';

const bill = (config: StackConfig) => billOf(infrastructure(config), config, PRICE_TABLE[config.region] ?? {});

function other(answers: Record<string, string | number>): string {
  const found = cheapestOther(referenceConfig(answers), bill);
  return found
    ? `${found.network} ${found.difference.min.toFixed(2)} ${found.difference.max.toFixed(2)}`
    : 'cannot be compared';
}

describe('the cheapest other network', () => {
  it.each<[string, Record<string, string | number>, string]>([
    [
      'of one NAT gateway is a public one, until a tenth address eats it up',
      { network: 'private' },
      'public -32.85 0.00',
    ],
    [
      'of a gateway in each zone is a public one as well',
      { network: 'private-per-az', maxTasks: 1 },
      'public -69.35 -69.35',
    ],
    ['of no gateway is a private one, for more money', { network: 'public', maxTasks: 20 }, 'private 32.85 -36.50'],
    [
      'of a range too small for private subnets is compared all the same',
      { network: 'public', cidr: '10.0.0.0/25' },
      'private 32.85 0.00',
    ],
    ['where the price of a gateway is not known is not guessed', { region: 'eu-central-1' }, 'cannot be compared'],
  ])('%s', (_what, answers, expected) => {
    expect(other(answers)).toBe(expected);
  });

  it('says what has to be lived with', () => {
    expect(cheapestOther(referenceConfig(), bill)?.tradeOff).toBe(
      'tasks have public addresses, none of them fixed, and still no ingress',
    );
  });
});

describe('the price of each network', () => {
  const text = (config: StackConfig) =>
    Object.fromEntries(
      Object.entries(networkPrices(config, bill)).map(([preset, added]) => [
        preset,
        formatAdded(added, { min: 1, max: 10 }),
      ]),
    );
  const guest = (assignPublicIp: boolean): StackConfig => ({
    ...referenceConfig(),
    network: { preset: 'existing', vpcId: 'vpc-1', subnetIds: ['subnet-1'], assignPublicIp },
  });
  const own = {
    private: '36.50 $ a month',
    'private-per-az': '73.00 $ a month',
    public: '3.65 $ a month with 1 task, 36.50 $ with 10 tasks',
  };
  const nothing = 'adds nothing to the bill';

  it('is what it adds to the bill, whatever network there is now', () => {
    expect(text(referenceConfig())).toEqual({ ...own, existing: nothing, shared: nothing });
    expect(text(referenceConfig({ network: 'public' }))).toEqual({ ...own, existing: nothing, shared: nothing });
    expect(text(guest(false))).toEqual({ ...own, existing: nothing, shared: nothing });
    // Addresses of tasks cost the same wherever they are.
    expect(text(guest(true))).toEqual({ ...own, existing: own.public, shared: own.public });
  });

  it('follows the zones', () => {
    const zones = 'us-east-1a,us-east-1b,us-east-1c';
    expect(text(referenceConfig({ zones }))['private-per-az']).toBe('109.50 $ a month');
  });

  it('can be said as soon as the region is known', () => {
    expect(networkPriceTexts({ region: 'us-east-1' })).toEqual({ ...own, existing: nothing, shared: nothing });
    expect(networkPriceTexts({ region: 'us-east-1', minTasks: 0, maxTasks: 2 }).public).toBe(
      '0.00 $ a month with 0 tasks, 7.30 $ with 2 tasks',
    );
  });

  it('is not guessed where it is not known', () => {
    expect(text(referenceConfig({ region: 'eu-central-1' })).private).toBe('price not known here');
  });
});

describe('the cheapest other network of a guest', () => {
  it('is a public one, for its addresses', () => {
    const config: StackConfig = {
      ...referenceConfig({ maxTasks: 1 }),
      network: { preset: 'existing', vpcId: 'vpc-1', subnetIds: ['subnet-1'], assignPublicIp: false },
    };
    expect(cheapestOther(config, bill)).toMatchObject({ network: 'public' });
    expect(cheapestOther(config, bill)?.difference.min).toBeCloseTo(3.65, 2);
  });
});
