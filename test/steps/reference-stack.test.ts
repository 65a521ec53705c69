import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { AwsStack } from '../helpers/aws-stack.ts';
import { useEmulator } from '../helpers/emulator.ts';
import { countable } from '../helpers/inventory.ts';

const emulator = useEmulator({ delaySeconds: 0.1, tasks: 'simulated' });

describe('the reference stack', () => {
  let folder: string;
  let stack: AwsStack;
  beforeEach(async () => {
    folder = mkdtempSync(join(tmpdir(), 'temporal-fargate-steps-'));
    await emulator.reset();
    stack = new AwsStack(emulator.address, folder);
  });
  afterEach(() => {
    stack.close();
    rmSync(folder, { recursive: true });
  });

  it('is created, then planned without a change, then destroyed without a trace', async () => {
    const before = await emulator.inventory();
    await stack.up();
    const created = stack.calls.length;
    expect(await stack.pending()).toEqual({});
    const planned = stack.calls.length - created;
    const mutations = stack.calls.slice(created).filter((call) => call.mutating);
    expect(mutations).toEqual([]);
    expect(await stack.down({ purge: true, deleteData: true })).toEqual({ kept: [], left: [] });
    const count = (calls: typeof stack.calls) => calls.filter(({ poll, refused }) => !poll && !refused).length;
    expect(count(stack.calls.slice(0, created))).toBeLessThanOrEqual(110);
    expect(planned).toBeLessThanOrEqual(24);
    expect(count(stack.calls.slice(created + planned))).toBeLessThanOrEqual(89);
    expect(countable(await emulator.inventory())).toEqual(countable(before));
  });
});
