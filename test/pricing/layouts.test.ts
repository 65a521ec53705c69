import { describe, expect, it } from 'vitest';
import type { StackConfig } from '../../src/config/schema.ts';
import { billOf } from '../../src/pricing/bill.ts';
import { cheapestOther } from '../../src/pricing/layouts.ts';
import { PRICE_TABLE } from '../../src/pricing/table.ts';
import { infrastructure } from '../../src/steps/index.ts';
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
