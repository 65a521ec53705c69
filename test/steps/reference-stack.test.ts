import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { apply } from '../../src/engine/apply.ts';
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

  /** The calls of some work, but for those made only because something takes its time. */
  async function callsOf(work: () => Promise<unknown>): Promise<AwsStack['calls']> {
    const before = stack.calls.length;
    await work();
    return stack.calls.slice(before).filter(({ poll, refused }) => !poll && !refused);
  }

  it('is created, then planned without a change, then destroyed without a trace', async () => {
    const before = await emulator.inventory();
    let lives: Awaited<ReturnType<typeof apply>> = new Map();
    const created = await callsOf(async () => {
      lives = await apply(stack.context(), await stack.plan());
    });
    const planned = await callsOf(async () => expect(await stack.pending()).toEqual({}));
    expect(planned.filter(({ mutating }) => mutating)).toEqual([]);

    // What the calls that made and changed a thing have answered is what a look at it shows, but for what only they know.
    // What takes its time is looked at anyway.
    for (const step of stack.steps().filter(({ readiness }) => !readiness)) {
      const { tags: _tags, isEmpty: _isEmpty, ...told } = { isEmpty: false, id: '', ...lives.get(step.id) };
      const found = await step.findById(stack.aws, told.id);
      expect(await (step.load?.(stack.aws, found) ?? found), step.id).toMatchObject(told);
    }

    const destroyed = await callsOf(async () =>
      expect(await stack.down({ purge: true, deleteData: true })).toEqual({ kept: [], left: [] }),
    );
    expect(countable(await emulator.inventory())).toEqual(countable(before));
    expect(created.length).toBeLessThanOrEqual(66);
    expect(planned.length).toBeLessThanOrEqual(24);
    expect(destroyed.length).toBeLessThanOrEqual(84);
  });

  it('that is not there yet is looked for by one list of tags, and kind by kind by who may not read that', async () => {
    const looks = async () =>
      (await callsOf(() => stack.plan())).flatMap(({ name }) => (/^EC2 Describe(.*)/.exec(name) ?? [])[1] ?? []).sort();
    expect(await looks()).toEqual(['Tags']);

    const match = { operation: 'DescribeTags' };
    await emulator.fault({ kind: 'error', code: 'UnauthorizedOperation', status: 403, match, before: true });
    expect(await looks()).toEqual([
      ...['Addresses', 'InternetGateways', 'NatGateways', 'RouteTables', 'SecurityGroups', 'Subnets', 'Tags'],
      ...['VpcEndpoints', 'Vpcs'],
    ]);
  });
});
