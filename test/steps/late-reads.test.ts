import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { AwsStack } from '../helpers/aws-stack.ts';
import { type Inventory, useEmulator } from '../helpers/emulator.ts';
import { countable } from '../helpers/inventory.ts';

// Reads lag by much more than the pauses between looks, and by less than a run is ready to wait.
const emulator = useEmulator({ delaySeconds: 0.1, strict: ['on', 'ec2-id=0.3', 'ec2-tag=0.6', 'ec2-deleted=0.4'] });

let folder: string;
let stack: AwsStack;
let empty: Inventory;

beforeEach(async () => {
  await emulator.reset();
  folder = mkdtempSync(join(tmpdir(), 'temporal-fargate-late-'));
  stack = new AwsStack(emulator.address, folder);
  empty = countable(await emulator.inventory());
});

afterEach(() => {
  stack.close();
  rmSync(folder, { recursive: true, force: true });
});

/** Runs up to this call, which is refused for good. */
async function stopAt(operation: string, run: () => Promise<unknown> = () => stack.up()): Promise<void> {
  await emulator.fault({
    kind: 'error',
    code: 'UnauthorizedOperation',
    status: 403,
    match: { operation },
    before: true,
  });
  await expect(run()).rejects.toThrow(/fault/);
  await emulator.clearFaults();
}

async function ownGateways(): Promise<number> {
  const gateways = (await emulator.inventory()).ec2?.['internet-gateway'] ?? {};
  return Object.values(gateways).filter(({ tags }) => Object.keys(tags as object).length > 0).length;
}

const down = () => stack.down({ purge: true, deleteData: true });

describe('An EC2 whose reads lag', () => {
  it('takes the whole stack up once, plans nothing after it, and down to nothing', async () => {
    await stack.up();
    expect(await stack.pending()).toEqual({});
    expect(await down()).toEqual({ kept: [], left: [] });
    expect(countable(await emulator.inventory())).toEqual(empty);
    expect(stack.session.document.steps).toEqual({});
  });

  it('a run right after one that failed takes what that one made, seen or not', async () => {
    await stopAt('AttachInternetGateway');
    const pending = await stack.pending();
    expect(pending['network/internet-gateway']).toEqual(['update', 'attachedTo']);
    expect(pending['network/vpc']).toBeUndefined();
    await stack.up();
    expect(await ownGateways()).toBe(1);
    expect(await stack.pending()).toEqual({});
    expect(await down()).toEqual({ kept: [], left: [] });
    expect(countable(await emulator.inventory())).toEqual(empty);
  });

  it('a destroy right after a run that failed deletes what is not to be seen yet', async () => {
    await stopAt('AttachInternetGateway');
    expect(await ownGateways()).toBe(1);
    expect(await down()).toEqual({ kept: [], left: [] });
    expect(countable(await emulator.inventory())).toEqual(empty);
  });

  it('a run right after a destroy that failed makes anew what is still listed', async () => {
    await stack.up();
    await stopAt('DeleteVpc', down);
    await stack.up();
    expect(await ownGateways()).toBe(1);
    expect(await stack.pending()).toEqual({});
    expect(await down()).toEqual({ kept: [], left: [] });
    expect(countable(await emulator.inventory())).toEqual(empty);
  });

  it('a call that was answered too early is repeated without stumbling over what it did', async () => {
    const match = { operation: 'AssociateRouteTable' };
    await emulator.fault({ kind: 'error', code: 'InvalidSubnetID.NotFound', status: 400, match, before: true });
    await stack.up();
    expect(await stack.pending()).toEqual({});
    const refused = (await emulator.calls()).filter(({ error }) => error === 'InvalidSubnetID.NotFound');
    expect(refused.map(({ operation }) => operation)).toContain('AssociateRouteTable');
    expect(await down()).toEqual({ kept: [], left: [] });
  });
});
