import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CreateClusterCommand } from '@aws-sdk/client-ecs';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ownerTags } from '../../src/engine/ownership.ts';
import { AwsStack } from '../helpers/aws-stack.ts';
import { type Inventory, useEmulator } from '../helpers/emulator.ts';
import { countable } from '../helpers/inventory.ts';

const emulator = useEmulator({
  delaySeconds: 0.1,
  strict: ['on', 'role=2', 'service-linked-role=0.5', 'cluster=1.5', 'bucket=0.5', 'bucket-name=3'],
});

let folder: string;
let stack: AwsStack;
let empty: Inventory;

beforeEach(async () => {
  await emulator.reset();
  folder = mkdtempSync(join(tmpdir(), 'temporal-fargate-stubborn-'));
  stack = new AwsStack(emulator.address, folder);
  empty = countable(await emulator.inventory());
});

afterEach(() => {
  stack.close();
  rmSync(folder, { recursive: true, force: true });
});

/** "CreateCluster InvalidParameterException" for every refused call that should have changed something. */
async function refused(): Promise<Set<string>> {
  const calls = await emulator.calls();
  return new Set(calls.flatMap(({ operation, error, mutating }) => (mutating && error ? `${operation} ${error}` : [])));
}

describe('An AWS that learns of roles late, and settles slowly', () => {
  it('is taken as it is: the stack comes up, is as planned, goes down to nothing, and comes up again', async () => {
    await stack.up();
    const seen = await refused();
    expect(seen).toContain('CreateCluster InvalidParameterException');
    expect(seen).toContain('RegisterScalableTarget ValidationException');
    expect(seen).toContain('PutBucketPolicy OperationAborted');
    expect(await stack.pending()).toEqual({});
    expect(await stack.down({ purge: true, deleteData: true })).toEqual({ kept: [], left: [] });
    expect(countable(await emulator.inventory())).toEqual(empty);
    await stack.up();
    expect(await refused()).toContain('CreateBucket OperationAborted');
    expect(await stack.pending()).toEqual({});
  });

  it('a role that RegisterTaskDefinition, CreateService and tasks refuse for a while fails nothing', async () => {
    await stack.up();
    await emulator.clearCalls();
    // The roles were made early and had their time; now they are the last to be made again.
    await stack.down({ purge: true, deleteData: true });
    await emulator.fault({ kind: 'delay', seconds: 1.2, match: { operation: 'CreateRole' }, times: 2, before: true });
    await stack.up();
    const seen = await refused();
    expect(seen).toContain('RegisterTaskDefinition AccessDeniedException');
    expect(seen).toContain('RegisterTaskDefinition ClientException');
    expect(await stack.pending()).toEqual({});
  });

  it('capacity providers that are being changed are changed back when that is done', async () => {
    await stack.up();
    const { ecs } = emulator.clients;
    await stack.down({ purge: true, deleteData: true });
    await ecs.send(
      new CreateClusterCommand({
        clusterName: 'temporal-fargate-dev',
        capacityProviders: ['FARGATE'],
        tags: Object.entries(ownerTags(stack.owner, 'compute/cluster')).map(([key, value]) => ({ key, value })),
      }),
    );
    await emulator.clearCalls();
    await stack.up();
    expect(await refused()).toContain('PutClusterCapacityProviders UpdateInProgressException');
    expect(await stack.pending()).toEqual({});
  });
});
