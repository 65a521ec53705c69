import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CreateClusterCommand } from '@aws-sdk/client-ecs';
import { CreateBucketCommand, DeleteBucketCommand } from '@aws-sdk/client-s3';
import { DeleteSecretCommand } from '@aws-sdk/client-secrets-manager';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { hardenBucket } from '../../src/aws/bucket-settings.ts';
import { ownerTags } from '../../src/engine/ownership.ts';
import { AwsStack } from '../helpers/aws-stack.ts';
import { type Inventory, useEmulator } from '../helpers/emulator.ts';
import { countable } from '../helpers/inventory.ts';
import { idOf } from './stage.ts';

const emulator = useEmulator({
  delaySeconds: 0.1,
  strict: ['on', 'role=4', 'service-linked-role=2', 'cluster=1.5', 'bucket=2', 'bucket-name=3', 'secret-name=3'],
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
  it('is taken as it is: the stack comes up, takes names that are freed late, is as planned, and goes down to nothing', async () => {
    await stack.up();
    const seen = await refused();
    expect(seen).toContain('CreateCluster InvalidParameterException');
    expect(seen).toContain('RegisterScalableTarget ValidationException');
    expect(seen).toContain('PutBucketPolicy OperationAborted');
    expect(await stack.pending()).toEqual({});
    const { s3, secrets } = emulator.clients;
    await s3.send(new DeleteBucketCommand({ Bucket: idOf(stack, 'data/bucket') }));
    const SecretId = idOf(stack, 'secrets/temporal');
    await secrets.send(new DeleteSecretCommand({ SecretId, ForceDeleteWithoutRecovery: true }));
    await stack.up();
    const late = await refused();
    expect(late).toContain('CreateBucket OperationAborted');
    expect(late).toContain('CreateSecret InvalidRequestException');
    expect(await stack.pending()).toEqual({});
    expect(await stack.down({ purge: true, deleteData: true })).toEqual({ kept: [], left: [] });
    expect(countable(await emulator.inventory())).toEqual(empty);
  });

  it('a role that RegisterTaskDefinition, CreateService and tasks refuse for a while fails nothing', async () => {
    await stack.up();
    await emulator.clearCalls();
    // The roles were made early and had their time; now they are the last to be made again.
    await stack.down({ purge: true, deleteData: true });
    // Names are free again, so that nothing but the roles themselves is late.
    await emulator.settle();
    await emulator.fault({ kind: 'delay', seconds: 3, match: { operation: 'CreateRole' }, times: 2, before: true });
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

  it('runs that set up one bucket at the same time all come through', async () => {
    const { s3, state } = stack.aws.clients;
    const own = { Bucket: 'set-up-by-many', ExpectedBucketOwner: emulator.address.accountId };
    await s3.send(new CreateBucketCommand({ Bucket: own.Bucket }));
    const match = { operation: 'PutBucketVersioning' };
    await emulator.fault({ kind: 'delay', seconds: 0.5, match, times: 3, before: true });
    const runs = await Promise.all(Array.from({ length: 6 }, () => hardenBucket(state, own, 'aws')));
    expect(runs.flat()).toContain('versioning');
    expect(await refused()).toContain('PutBucketVersioning OperationAborted');
    expect(await hardenBucket(state, own, 'aws')).toEqual([]);
  });
});
