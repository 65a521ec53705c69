import { describe, expect, it } from 'vitest';
import { refreshPrices } from '../../src/pricing/download.ts';
import { PRICE_TABLE } from '../../src/pricing/table.ts';
import { offer, offerPath, spotFeed, usePriceServer } from './price-server.ts';

const server = usePriceServer();
const table = PRICE_TABLE['us-east-1'] ?? {};

/** Every file there is, each price a thousand times that of the table, and what lies near it and is none of ours. */
function everything(region: string, prefix: string): Record<string, string> {
  const file = (name: string, products: Parameters<typeof offer>[1]) => [
    offerPath(name, region),
    offer('2026-11-01T12:00:00Z', products),
  ];
  return Object.fromEntries([
    file('AmazonECS', [
      [`${prefix}Fargate-Windows-vCPU-Hours:perCPU`, { 0: '1' }],
      [`${prefix}Fargate-vCPU-Hours:perCPU`, { 0: '40.48' }],
      [`${prefix}Fargate-EphemeralStorage-GB-Hours`, { 0: '2' }],
      [`${prefix}Fargate-GB-Hours`, { 0: '4.445' }],
      [`${prefix}Fargate-ARM-vCPU-Hours:perCPU`, { 0: '32.38' }],
      [`${prefix}Fargate-ARM-GB-Hours`, { 0: '3.56' }],
      [`${prefix}ECS-EC2-GB-Hours`, { 0: '0.0000000000' }],
    ]),
    file('AmazonVPC', [
      [`${prefix}RegionalNatGateway-Hours`, { 0: '3' }],
      [`${prefix}NatGateway-Hours`, { 0: '45' }],
      [`${prefix}PublicIPv4:IdleAddress`, { 0: '4' }],
      [`${prefix}PublicIPv4:InUseAddress`, { 0: '5' }],
    ]),
    file('AWSSecretsManager', [[`${prefix}AWSSecretsManager-Secrets`, { 0: '400' }]]),
    file('AmazonCloudWatch', [
      ['Global-DataProcessing-Bytes', { 0: '0.0000000000' }],
      [`${prefix}DataProcessing-Bytes`, { 0: '500' }],
      [`${prefix}CW:AlarmMonitorUsage`, { 0: '100' }],
    ]),
    file('AmazonECR', [[`${prefix}TimedStorage-ByteHrs`, { 0: '100' }]]),
    file('AmazonS3', [
      [`${prefix}TimedStorage-SIA-ByteHrs`, { 0: '5' }],
      [`${prefix}TimedStorage-ByteHrs`, { 512000: '21', 0: '23', 51200: '22' }],
    ]),
    [
      '/fargate-spot-prices.json',
      spotFeed([
        ['eu-west-9', 'vCPU-Hours', '7'],
        [region, 'vCPU-Hours', '12.88871'],
        [region, 'GB-Hours', '1.41527'],
        [region, 'ARM-vCPU-Hours', '10.30969'],
        [region, 'ARM-GB-Hours', '1.13349'],
      ]),
    ],
  ]);
}

const refresh = (timeoutMs = 5000) =>
  refreshPrices('us-east-1', table, { origin: server.origin, today: '2026-11-25', timeoutMs });

const usd = (prices: Readonly<Record<string, { usd: number } | undefined>>): Record<string, number | undefined> =>
  Object.fromEntries(Object.entries(prices).map(([name, price]) => [name, price?.usd]));

const times = (factor: number) =>
  Object.fromEntries(Object.entries(table).map(([name, price]) => [name, Number((price.usd * factor).toPrecision(8))]));

describe('the present prices', () => {
  it.each(['', 'USE1-', 'EUC1-', 'EU-'])(
    'are found by their whole usage type after the prefix "%s"',
    async (prefix) => {
      server.answers = everything('us-east-1', prefix);
      const { prices, problems } = await refresh();
      expect(problems).toEqual([]);
      expect(usd(prices)).toEqual(times(1000));
    },
  );

  it('carry the date of the list, and those of Spot today', async () => {
    server.answers = everything('us-east-1', '');
    const { prices } = await refresh();
    expect(prices['public-ipv4-hour']).toEqual({ usd: 5, asOf: '2026-11-01', source: 'AWS price list AmazonVPC' });
    expect(prices['fargate-spot-arm64-gb-hour']?.asOf).toBe('2026-11-25');
  });

  it('are those of the table for what a list leaves out, says twice or gives away', async () => {
    server.answers = everything('us-east-1', '');
    server.answers[offerPath('AmazonVPC', 'us-east-1')] = offer('2026-11-01T00:00:00Z', [
      ['RegionalNatGateway-Hours', { 0: '3' }],
      ['PublicIPv4:InUseAddress', { 0: '0.0000000000' }],
    ]);
    server.answers[offerPath('AmazonECR', 'us-east-1')] = offer('2026-11-01T00:00:00Z', [
      ['TimedStorage-ByteHrs', { 0: '0.1' }],
      ['USE1-TimedStorage-ByteHrs', { 0: '0.2' }],
    ]);
    const { prices, problems } = await refresh();
    expect(problems).toEqual([
      'The price list AmazonECR does not say: ecr-gb-month.',
      'The price list AmazonVPC does not say: nat-gateway-hour, public-ipv4-hour.',
    ]);
    for (const name of ['nat-gateway-hour', 'public-ipv4-hour', 'ecr-gb-month'] as const)
      expect(prices[name]).toEqual(table[name]);
  });
});

describe('a price list that cannot be read', () => {
  it.each([
    ['silent', 'silence' as const, 'no answer within 0.3 s'],
    ['missing', 404, 'it answers 404'],
    ['broken', 503, 'it answers 503'],
    ['no JSON', '<html>Sign in to the guest network</html>', 'it is not in the form it had'],
    [
      'cut short',
      everything('us-east-1', '')[offerPath('AmazonECS', 'us-east-1')]?.slice(0, 300) ?? '',
      'it is not in the form it had',
    ],
    ['of another form', '{"products":[]}', 'it is not in the form it had'],
  ])('because it is %s costs only its own prices', async (_what, answer, reason) => {
    server.answers = { ...everything('us-east-1', ''), [offerPath('AmazonECS', 'us-east-1')]: answer };
    const { prices, problems } = await refresh(300);
    expect(problems).toEqual([`The price list AmazonECS could not be read: ${reason}.`]);
    expect(prices['fargate-arm64-gb-hour']).toEqual(table['fargate-arm64-gb-hour']);
    expect(prices['secret-month']?.usd).toBe(400);
  });

  it('like all others leaves the table as it is, when nobody answers at all', async () => {
    const { prices, problems } = await refreshPrices('us-east-1', table, {
      origin: 'http://127.0.0.1:9',
      today: '2026-11-25',
    });
    expect(prices).toEqual(table);
    expect(problems).toHaveLength(7);
    expect(problems[0]).toMatch(/^The Fargate Spot price feed could not be read: .*\.$/);
  });

  it('is not waited for once the person has stopped', async () => {
    server.answers = { '/fargate-spot-prices.json': 'silence' };
    const stop = AbortSignal.abort(new Error('stopped'));
    const asked = refreshPrices('us-east-1', table, { origin: server.origin, today: '2026-11-25', signal: stop });
    await expect(asked).rejects.toThrow('stopped');
  });
});
