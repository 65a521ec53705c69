import { expect, it } from 'vitest';
import { limitsOf, type Quota } from '../../src/preflight/quotas.ts';
import { useEmulator } from '../helpers/emulator.ts';

const emulator = useEmulator({ strict: ['off'] });

const quota = (service: Quota['service'], code: string): Quota => ({ service, code, name: code });

it('quotas that are asked for together are read by one call for each service', async () => {
  const limitOf = limitsOf(emulator.clients.quotas);
  const before = (await emulator.calls()).length;
  const together = [
    quota('vpc', 'L-F678F1CE'),
    quota('vpc', 'L-A4707A72'),
    quota('ec2', 'L-0263D0A3'),
    quota('fargate', 'L-3032A538'),
    quota('fargate', 'L-36FBB829'),
  ];
  expect(await Promise.all(together.map(limitOf))).toEqual([5, 5, 5, 4000, 4000]);
  const asked = (await emulator.calls()).slice(before).map(({ operation }) => operation);
  expect(asked.sort()).toEqual(['GetServiceQuota', 'ListServiceQuotas', 'ListServiceQuotas']);
});

it('a quota without a value of the account has that of all accounts; one that AWS does not know has none', async () => {
  const limitOf = limitsOf(emulator.clients.quotas);
  await emulator.fault({
    kind: 'error',
    code: 'NoSuchResourceException',
    status: 400,
    match: { operation: 'GetServiceQuota' },
    before: true,
  });
  expect(await limitOf(quota('ec2', 'L-0263D0A3'))).toBe(5);
  await emulator.clearFaults();
  expect(await Promise.all(['L-F678F1CE', 'L-00000000'].map((code) => limitOf(quota('vpc', code))))).toEqual([
    5,
    undefined,
  ]);
});
