import { describe, expect, it } from 'vitest';
import { billOf } from '../../src/pricing/bill.ts';
import { PRICE_TABLE } from '../../src/pricing/table.ts';
import { infrastructure } from '../../src/steps/index.ts';
import { referenceConfig } from '../helpers/aws-stack.ts';

type Answers = Record<string, string | number | boolean>;

function billFor(answers: Answers) {
  const config = referenceConfig({ maxTasks: 1, ...answers });
  return billOf(infrastructure(config), config, PRICE_TABLE[config.region] ?? {});
}

const cents = (usd: number | undefined): string | undefined => usd?.toFixed(2);

const ON_DEMAND = { spotWeight: 0 };
const SPOT = { onDemandWeight: 0 };
const ARM = { architecture: 'arm64' };
const THREE = { zones: 'us-east-1a,us-east-1b,us-east-1c' };

describe('the bill of one task of 1 vCPU and 2 GB', () => {
  it.each<[string, string, Answers]>([
    ['on demand behind one NAT gateway', '73.71', ON_DEMAND],
    ['on Spot behind one NAT gateway', '49.15', SPOT],
    ['on arm64 on demand behind one NAT gateway', '66.51', { ...ON_DEMAND, ...ARM }],
    ['on arm64 Spot behind one NAT gateway', '46.85', { ...SPOT, ...ARM }],
    ['on arm64 Spot without a NAT gateway', '14.00', { ...SPOT, ...ARM, network: 'public' }],
    ['on demand without a NAT gateway', '40.86', { ...ON_DEMAND, network: 'public' }],
    ['on demand behind a NAT gateway in each of two zones', '110.21', { ...ON_DEMAND, network: 'private-per-az' }],
    ['on Spot behind a NAT gateway in each of three zones', '122.15', { ...SPOT, network: 'private-per-az', ...THREE }],
    ['in Ireland, on demand behind one NAT gateway', '75.97', { ...ON_DEMAND, region: 'eu-west-1' }],
    ['in Ireland, on arm64 Spot without one', '13.61', { ...SPOT, ...ARM, network: 'public', region: 'eu-west-1' }],
    ['in London, on demand behind one NAT gateway', '82.87', { ...ON_DEMAND, region: 'eu-west-2' }],
  ])('%s comes to %s $', (_what, expected, answers) => {
    const { sum, unknown } = billFor(answers);
    expect(unknown).toEqual([]);
    expect([cents(sum?.min), cents(sum?.max)]).toEqual([expected, expected]);
  });
});

describe('the lines of a bill', () => {
  it('come largest first and name what, how much of it, its unit price and how that comes about', () => {
    const { lines, asOf } = billFor({ network: 'private-per-az', minTasks: 1, maxTasks: 10 });
    expect(lines.map(({ what, quantity, unit, monthly }) => [what, quantity, unit, cents(monthly?.max)])).toEqual([
      ['Fargate Spot', { min: 730, max: 5840 }, 'h', '91.80'],
      ['Fargate on demand', { min: 0, max: 1460 }, 'h', '72.08'],
      ['NAT gateway', { min: 1460, max: 1460 }, 'h', '65.70'],
      ['public IPv4 address', { min: 1460, max: 1460 }, 'h', '7.30'],
      ['logs', { min: 1, max: 10 }, 'GB', '5.00'],
      ['secret', { min: 1, max: 1 }, '', '0.40'],
      ['alarm', { min: 2, max: 2 }, '', '0.20'],
      ['ECR images', { min: 0.5, max: 0.5 }, 'GB', '0.05'],
      ['S3 data', { min: 1, max: 1 }, 'GB', '0.02'],
    ]);
    expect(lines.find(({ what }) => what === 'Fargate on demand')?.formula).toBe('1 vCPU x 0.04048 + 2 GB x 0.004445');
    expect(asOf).toEqual({ from: '2026-09-11', to: '2026-10-06' });
  });

  it('give every task without a NAT gateway its public address', () => {
    const line = billFor({ network: 'public', minTasks: 2, maxTasks: 5 }).lines.find(({ what }) =>
      what.startsWith('public'),
    );
    expect(line?.quantity).toEqual({ min: 1460, max: 3650 });
  });

  it('have no secret when Temporal asks for no key', () => {
    expect(billFor({ temporalAuth: 'none' }).lines.map(({ what }) => what)).not.toContain('secret');
  });
});

describe('a price that is not known', () => {
  it('leaves its line and the sum unknown, and the other lines as they are', () => {
    const { lines, sum, unknown } = billFor({ ...ON_DEMAND, region: 'eu-central-1' });
    expect(sum).toBeUndefined();
    expect(unknown).toEqual(['NAT gateway', 'logs', 'ECR images', 'alarm']);
    expect(lines.find(({ what }) => what === 'NAT gateway')).toMatchObject({
      monthly: undefined,
      unitPrice: undefined,
    });
    expect(cents(lines.find(({ what }) => what === 'Fargate on demand')?.monthly?.min)).toBe('41.45');
  });

  it('is every price of a region that is not in the table', () => {
    const { lines, sum, asOf, unknown } = billFor({ region: 'sa-east-1' });
    expect({ sum, asOf }).toEqual({ sum: undefined, asOf: undefined });
    expect(unknown).toHaveLength(lines.length);
  });
});

describe('every step', () => {
  const steps = infrastructure(referenceConfig());

  it('says what it costs, and only these are free', () => {
    const free = steps.filter((step) => step.monthlyCost?.(referenceConfig()).length === 0).map(({ id }) => id);
    expect(steps.every((step) => step.monthlyCost !== undefined)).toBe(true);
    expect(free.map((id) => id.replace(/(public|private)-[ab]$/, '$1'))).toEqual([
      'network/vpc',
      'network/internet-gateway',
      ...['public', 'public', 'private', 'private'].map((tier) => `network/subnet/${tier}`),
      'network/route-table/public',
      'network/route-table/private',
      'network/s3-endpoint',
      'network/security-group',
      'image/worker-image/worker',
      'identity/execution-role',
      'identity/task-role',
      'compute/cluster',
      'compute/task-definition/worker',
      'scaling/target/worker',
    ]);
  });
});

describe('the price table', () => {
  it('says of every price where it was read and when', () => {
    for (const prices of Object.values(PRICE_TABLE)) {
      for (const price of Object.values(prices)) {
        expect(price).toEqual({
          usd: expect.any(Number),
          asOf: expect.stringMatching(/^20\d\d-\d\d-\d\d$/),
          source: expect.stringMatching(
            /^(AWS price list A|Fargate Spot price feed$|aws\.amazon\.com\/|AWS News Blog)/,
          ),
        });
      }
    }
  });
});
