import { execFileSync } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { GetObjectCommand } from '@aws-sdk/client-s3';
import { afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { StateDocument } from '../../state/document.ts';
import type { RunningCli } from '../helpers/cli.ts';
import { eventually, type Inventory } from '../helpers/emulator.ts';
import { countable } from '../helpers/inventory.ts';
import { counts, DESTROY, INIT, useCliStage } from './stage.ts';

// Slow enough that every wait is still going on when the signal comes.
const stage = useCliStage({ delaySeconds: 1, strict: ['on=0.1'] });
const { emulator } = stage;

let empty: Inventory;
let complete: Record<string, number>;
beforeAll(async () => {
  empty = await emulator.inventory();
  expect((await stage.run([...INIT])).code).toBe(0);
  complete = counts(await emulator.inventory());
});
beforeEach(() => emulator.reset());
afterEach(() => emulator.clearFaults());

const STOPPED = 'Stopped. What was done is recorded; run the same command again to go on.\n';

/** Runs with a mark in the environment, which every process that it starts inherits. */
function startMarked(args: readonly string[]): RunningCli & { left(): string[] } {
  const mark = randomUUID();
  const cli = stage.start(args, { TEST_MARK: mark });
  const left = (): string[] =>
    execFileSync('ps', ['axeww'], { encoding: 'utf8', maxBuffer: 64e6 })
      .split('\n')
      .filter((line) => line.includes(`TEST_MARK=${mark}`));
  return { ...cli, left };
}

/** The call that a fault holds back, not one before it that AWS has refused. */
const heldBack = (operation: string): Promise<unknown> =>
  eventually(`a held call of ${operation}`, async () =>
    (await emulator.calls()).some((call) => call.operation === operation && call.fault === 'delay'),
  );

async function stored(): Promise<StateDocument> {
  const [Bucket] = Object.keys((await emulator.inventory()).s3?.bucket ?? {}).filter((name) => name.includes('state'));
  const object = await emulator.clients.s3.send(new GetObjectCommand({ Bucket, Key: 'dev/state.json' }));
  return JSON.parse((await object.Body?.transformToString()) ?? '') as StateDocument;
}

async function unlocked(): Promise<void> {
  expect((await stage.run(['unlock'])).stdout).toBe('Stack dev is not locked.\n');
}

async function finishesAndLeavesNothing(): Promise<void> {
  await unlocked();
  expect(await stage.run([...INIT])).toMatchObject({ code: 0, stdout: expect.stringContaining('Stack dev is up') });
  expect(counts(await emulator.inventory())).toEqual(complete);
  expect((await stage.run([...DESTROY])).stdout).toMatch(/^0 left$/m);
  expect(countable(await emulator.inventory())).toEqual(countable(empty));
}

describe.each([
  ['SIGINT', 'from which the next run finishes', finishesAndLeavesNothing],
  // The record is the same, so that the next run would do the same.
  ['SIGTERM', 'and no lock', unlocked],
] as const)('%s', (signal, outcome, check) => {
  it(`during a wait ends it: exit 130, the waiting thing on record, ${outcome}`, async () => {
    const cli = startMarked([...INIT]);
    await cli.waitFor('NAT gateway (us-east-1a): pending');
    cli.child.kill(signal);
    const result = await cli.result;
    expect(result).toMatchObject({ code: 130, stdout: '' });
    expect(result.stderr).toContain('Stopping after the call in flight ...\n');
    expect(result.stderr.endsWith(STOPPED)).toBe(true);
    expect(result.stderr).not.toContain('✖');
    expect(cli.left()).toEqual([]);
    const { id } = (await stored()).steps['network/nat-gateway/a'] ?? {};
    expect(Object.keys((await emulator.inventory()).ec2?.natgateway ?? {})).toEqual([id]);
    await check();
  });
});

describe('SIGINT', () => {
  it('during a call lets it finish and records what it made; a second one changes nothing', async () => {
    await emulator.fault({
      kind: 'delay',
      match: { service: 'ec2', operation: 'CreateNatGateway' },
      seconds: 2,
    });
    const cli = startMarked([...INIT]);
    await heldBack('CreateNatGateway');
    cli.child.kill('SIGINT');
    await cli.waitFor('Stopping after the call in flight');
    cli.child.kill('SIGINT');
    const result = await cli.result;
    expect(result.code).toBe(130);
    expect(result.stderr.match(/Stopping after/g)).toHaveLength(1);
    expect(cli.left()).toEqual([]);
    const { id } = (await stored()).steps['network/nat-gateway/a'] ?? {};
    expect(Object.keys((await emulator.inventory()).ec2?.natgateway ?? {})).toEqual([id]);
    await finishesAndLeavesNothing();
  });

  it('during destroy keeps the rest on record, and the next destroy takes it down', async () => {
    expect((await stage.run([...INIT])).code).toBe(0);
    const cli = startMarked([...DESTROY]);
    await cli.waitFor('NAT gateway (us-east-1a): deleting');
    cli.child.kill('SIGINT');
    expect(await cli.result).toMatchObject({ code: 130, stdout: '' });
    expect(cli.left()).toEqual([]);
    expect(Object.keys((await stored()).steps)).toContain('network/vpc');
    await unlocked();
    expect((await stage.run([...DESTROY])).stdout).toMatch(/^0 left$/m);
    expect(countable(await emulator.inventory())).toEqual(countable(empty));
  });

  it('before anything was decided creates nothing', async () => {
    await emulator.fault({ kind: 'delay', match: { operation: 'GetCallerIdentity' }, seconds: 1 });
    const cli = startMarked([...INIT]);
    await heldBack('GetCallerIdentity');
    cli.child.kill('SIGINT');
    expect((await cli.result).code).toBe(130);
    expect(Object.keys(countable(await emulator.inventory()))).toEqual(Object.keys(countable(empty)));
  });
});
