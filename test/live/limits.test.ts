import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { costOfRun, readLimits } from './limits.ts';

const GIVEN = {
  TEMPORAL_FARGATE_LIVE_ACCOUNT: '123456789012',
  TEMPORAL_FARGATE_LIVE_LIMIT_USD: '1',
  TEMPORAL_FARGATE_LIVE_REGION: 'eu-west-1',
  TEMPORAL_ADDRESS: 'here:7233',
};

describe('npm run test:live', () => {
  it('does nothing without an account and a limit, and says what it needs', () => {
    const root = fileURLToPath(new URL('../..', import.meta.url));
    const { status, stderr } = spawnSync(process.execPath, ['node_modules/tsx/dist/cli.mjs', 'scripts/test-live.ts'], {
      cwd: root,
      encoding: 'utf8',
    });
    expect(status).toBe(1);
    expect(stderr).toMatch(/^✖ This makes things in a real AWS account that cost money\. It needs:\n/);
    for (const name of Object.keys(GIVEN)) expect(stderr).toContain(`\n  ${name}: `);
    expect(stderr).toContain('AWS_ENDPOINT_URL has to be unset');
  });

  it.each([
    ['TEMPORAL_FARGATE_LIVE_ACCOUNT', 'mine'],
    ['TEMPORAL_FARGATE_LIVE_LIMIT_USD', 'much'],
    ['TEMPORAL_FARGATE_LIVE_LIMIT_USD', '0'],
    ['TEMPORAL_FARGATE_LIVE_REGION', ''],
    ['TEMPORAL_ADDRESS', ''],
  ])('refuses %s=%s by its name', (name, value) => {
    expect(() => readLimits({ ...GIVEN, [name]: value })).toThrow(name);
    expect(readLimits(GIVEN)).toEqual({ accountId: '123456789012', limitUsd: 1, region: 'eu-west-1' });
  });

  it('refuses what costs more than the limit, or nobody knows what', () => {
    expect(costOfRun(73, 0.5)).toBeCloseTo(0.3);
    expect(() => costOfRun(730, 0.5)).toThrow(
      '3 hours of the stack cost 3.00 $, and 0.5 $ are allowed (TEMPORAL_FARGATE_LIVE_LIMIT_USD). Nothing was made.',
    );
    expect(() => costOfRun(null, 0.5)).toThrow('no limit can be kept');
  });
});
