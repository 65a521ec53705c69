import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { AwsStack } from '../helpers/aws-stack.ts';
import { useEmulator } from '../helpers/emulator.ts';
import { countable } from '../helpers/inventory.ts';

// Slower than any run calls: EC2 grants a fresh account five calls a second once its bucket is empty.
const emulator = useEmulator({ delaySeconds: 0.1, strict: ['on', 'throttle=0.4'] });

it('An EC2 that throttles creates without a token gets each of them once', { timeout: 120_000 }, async () => {
  const folder = mkdtempSync(join(tmpdir(), 'temporal-fargate-throttled-'));
  const stack = new AwsStack(emulator.address, folder);
  try {
    const empty = countable(await emulator.inventory());
    await stack.up();
    const refused = (await emulator.calls()).filter(({ error }) => error === 'RequestLimitExceeded');
    expect(refused).not.toEqual([]);
    const vpcs = Object.values((await emulator.inventory()).ec2?.vpc ?? {});
    expect(vpcs.filter(({ default: own }) => own === false)).toHaveLength(1);
    expect(await stack.pending()).toEqual({});
    expect(await stack.down({ purge: true, deleteData: true })).toEqual({ kept: [], left: [] });
    expect(countable(await emulator.inventory())).toEqual(empty);
  } finally {
    stack.close();
    rmSync(folder, { recursive: true, force: true });
  }
});
