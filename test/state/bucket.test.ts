import {
  CreateBucketCommand,
  DeleteBucketLifecycleCommand,
  DeleteBucketPolicyCommand,
  DeleteBucketTaggingCommand,
  GetBucketEncryptionCommand,
  GetBucketLifecycleConfigurationCommand,
  GetBucketOwnershipControlsCommand,
  GetBucketPolicyCommand,
  GetBucketTaggingCommand,
  GetBucketVersioningCommand,
  GetPublicAccessBlockCommand,
  PutBucketEncryptionCommand,
  PutBucketLifecycleConfigurationCommand,
  PutBucketOwnershipControlsCommand,
  PutBucketVersioningCommand,
  PutPublicAccessBlockCommand,
  type S3Client,
} from '@aws-sdk/client-s3';
import { beforeEach, describe, expect, it } from 'vitest';
import { ensureStateBucket, findStateBucket, stateBucket } from '../../state/bucket.ts';
import { useEmulator } from '../helpers/emulator.ts';
import { bucketOptions, mutations, putText, stamp, stateClient, storeFor, useCleanUp, userError } from './stage.ts';

useCleanUp();

const emulator = useEmulator({ strict: ['bucket=0'] });
beforeEach(() => emulator.reset());

const Bucket = 'tfg-state-123456789012-us-east-1-an';
const FIRST_TAGS = { 'temporal-fargate:managed': 'true', 'temporal-fargate:resource': 'state-bucket' };
const FINISHED_TAGS = { ...FIRST_TAGS, 'temporal-fargate:hardened': '1' };
const CREATION = [
  'CreateBucket',
  'PutBucketVersioning',
  'PutBucketPolicy',
  'PutBucketLifecycleConfiguration',
  'PutBucketTagging',
];

const ensure = (s3?: S3Client) => ensureStateBucket(bucketOptions(emulator, s3));

/** All settings of the bucket, read with plain SDK calls. */
async function settings(): Promise<Record<string, unknown>> {
  const { s3 } = emulator.clients;
  const [access, owner, encryption, versioning, policy, lifecycle, tags] = await Promise.all([
    s3.send(new GetPublicAccessBlockCommand({ Bucket })),
    s3.send(new GetBucketOwnershipControlsCommand({ Bucket })),
    s3.send(new GetBucketEncryptionCommand({ Bucket })),
    s3.send(new GetBucketVersioningCommand({ Bucket })),
    s3.send(new GetBucketPolicyCommand({ Bucket })),
    s3.send(new GetBucketLifecycleConfigurationCommand({ Bucket })),
    s3.send(new GetBucketTaggingCommand({ Bucket })),
  ]);
  const [rule] = lifecycle.Rules ?? [];
  return {
    access: access.PublicAccessBlockConfiguration,
    owner: owner.OwnershipControls?.Rules,
    encryption: encryption.ServerSideEncryptionConfiguration?.Rules?.map(
      (one) => one.ApplyServerSideEncryptionByDefault?.SSEAlgorithm,
    ),
    versioning: versioning.Status,
    policy: (JSON.parse(policy.Policy ?? '{}') as { Statement: { Sid: string; Effect: string }[] }).Statement.map(
      ({ Sid, Effect }) => `${Effect} ${Sid}`,
    ),
    lifecycle: [
      lifecycle.Rules?.length,
      rule?.Status,
      rule?.NoncurrentVersionExpiration?.NoncurrentDays,
      rule?.Expiration,
    ],
    tags: Object.fromEntries((tags.TagSet ?? []).map(({ Key, Value }) => [Key, Value])),
  };
}

const HARD = {
  access: { BlockPublicAcls: true, IgnorePublicAcls: true, BlockPublicPolicy: true, RestrictPublicBuckets: true },
  owner: [{ ObjectOwnership: 'BucketOwnerEnforced' }],
  encryption: ['AES256'],
  versioning: 'Enabled',
  policy: ['Deny DenyInsecureTransport', 'Deny DenyOldTls', 'Deny DenyOtherAccounts'],
  lifecycle: [1, 'Enabled', 90, undefined],
  tags: FINISHED_TAGS,
};

describe('a new account', () => {
  it('gets a bucket in its own namespace, tagged in the creating call and hard in every setting', async () => {
    expect(await findStateBucket(bucketOptions(emulator))).toBeUndefined();
    expect(await ensure()).toEqual({ Bucket, ExpectedBucketOwner: '123456789012' });
    expect(await settings()).toEqual(HARD);
    const calls = await emulator.calls();
    expect(mutations(calls)).toEqual(CREATION);
    expect(calls.find(({ operation }) => operation === 'CreateBucket')?.params).toEqual({
      Bucket,
      BucketNamespace: 'account-regional',
      CreateBucketConfiguration: { Tags: Object.entries(FIRST_TAGS).map(([Key, Value]) => ({ Key, Value })) },
    });
  });

  it('names the region everywhere but in us-east-1', async () => {
    const options = { ...bucketOptions(emulator), region: 'eu-west-1' };
    const s3 = stateClient({ ...emulator, address: { ...emulator.address, region: 'eu-west-1' } });
    const { Bucket: name } = await ensureStateBucket({ ...options, s3 });
    expect(name).toBe('tfg-state-123456789012-eu-west-1-an');
    const created = (await emulator.calls()).find(({ operation }) => operation === 'CreateBucket');
    expect(created?.params).toMatchObject({ CreateBucketConfiguration: { LocationConstraint: 'eu-west-1' } });
  });

  it('gets one bucket from two runs at once, which both succeed', async () => {
    await Promise.all([ensure(stateClient(emulator)), ensure(stateClient(emulator))]);
    expect(await settings()).toEqual(HARD);
    expect(Object.keys((await emulator.inventory()).s3?.bucket ?? {})).toEqual([Bucket]);
  });
});

describe('a finished bucket', () => {
  it('is looked at and not changed', async () => {
    await ensure();
    await emulator.clearCalls();
    await ensure();
    const calls = await emulator.calls();
    expect(mutations(calls)).toEqual([]);
    expect(calls.length).toBeGreaterThan(0);
  });

  const S = { Bucket };
  const open = {
    BlockPublicAcls: false,
    IgnorePublicAcls: false,
    BlockPublicPolicy: false,
    RestrictPublicBuckets: false,
  };
  const kms = { ApplyServerSideEncryptionByDefault: { SSEAlgorithm: 'aws:kms' as const } };
  const expiring = {
    ID: 'all',
    Status: 'Enabled' as const,
    Filter: { Prefix: '' },
    Expiration: { Days: 1 },
    NoncurrentVersionExpiration: { NoncurrentDays: 90 },
  };
  it.each<[string, string, (s3: S3Client) => Promise<unknown>]>([
    [
      'public access',
      'PutPublicAccessBlock',
      (s3) => s3.send(new PutPublicAccessBlockCommand({ ...S, PublicAccessBlockConfiguration: open })),
    ],
    [
      'ownership',
      'PutBucketOwnershipControls',
      (s3) =>
        s3.send(
          new PutBucketOwnershipControlsCommand({
            ...S,
            OwnershipControls: { Rules: [{ ObjectOwnership: 'ObjectWriter' }] },
          }),
        ),
    ],
    [
      'encryption',
      'PutBucketEncryption',
      (s3) => s3.send(new PutBucketEncryptionCommand({ ...S, ServerSideEncryptionConfiguration: { Rules: [kms] } })),
    ],
    [
      'versioning',
      'PutBucketVersioning',
      (s3) => s3.send(new PutBucketVersioningCommand({ ...S, VersioningConfiguration: { Status: 'Suspended' } })),
    ],
    ['its policy', 'PutBucketPolicy', (s3) => s3.send(new DeleteBucketPolicyCommand(S))],
    ['its lifecycle', 'PutBucketLifecycleConfiguration', (s3) => s3.send(new DeleteBucketLifecycleCommand(S))],
    [
      'the expiry of current objects',
      'PutBucketLifecycleConfiguration',
      (s3) =>
        s3.send(new PutBucketLifecycleConfigurationCommand({ ...S, LifecycleConfiguration: { Rules: [expiring] } })),
    ],
    ['its tags', 'PutBucketTagging', (s3) => s3.send(new DeleteBucketTaggingCommand(S))],
  ])('gets %s back when it was loosened by hand', async (_name, operation, loosen) => {
    await ensure();
    await loosen(emulator.clients.s3);
    await emulator.clearCalls();
    await ensure();
    expect(mutations(await emulator.calls())).toEqual([operation]);
    expect(await settings()).toEqual(HARD);
  });
});

describe('a run that died', () => {
  it.each(CREATION.map((operation, index) => [operation, index + 1] as const))(
    'after its %s was carried out is finished by the next',
    async (operation, n) => {
      await emulator.fault({ kind: 'close-after', mutating: true, after: n });
      await emulator.fault({ kind: 'error', mutating: true, status: 400, code: 'Dead', after: n + 1, times: 99 });
      await expect(ensure()).rejects.toThrow();
      await emulator.clearFaults();
      expect(mutations(await emulator.calls())).toEqual([...CREATION.slice(0, n), operation]);
      await emulator.clearCalls();
      await ensure();
      expect(mutations(await emulator.calls())).toEqual(CREATION.slice(n));
      expect(await settings()).toEqual(HARD);
      await emulator.clearCalls();
      await ensure();
      expect(mutations(await emulator.calls())).toEqual([]);
    },
  );

  it.each(CREATION.map((operation, index) => [operation, index + 1] as const))(
    'is not what a lost answer to %s means: the same run goes on',
    async (_operation, n) => {
      await emulator.fault({ kind: 'close-after', mutating: true, after: n });
      await ensure();
      expect(await settings()).toEqual(HARD);
    },
  );

  it('is not what 409 OperationAborted means: another run changes the bucket at this moment', async () => {
    await emulator.fault({ kind: 'error', mutating: true, status: 409, code: 'OperationAborted', after: 1 });
    await emulator.fault({ kind: 'error', mutating: true, status: 409, code: 'OperationAborted', after: 4 });
    await ensure();
    expect(await settings()).toEqual(HARD);
  });

  it('is told to try again when the name stays busy', async () => {
    await emulator.fault({ kind: 'error', mutating: true, status: 409, code: 'OperationAborted', times: 99 });
    const error = await userError(ensure());
    expect(error).toMatchObject({ code: 'STATE_BUCKET_BUSY', exitCode: 75, fix: expect.stringContaining('Try again') });
  });
});

describe('a bucket of our name without our tag', () => {
  const make = () => emulator.clients.s3.send(new CreateBucketCommand({ Bucket }));

  it('is refused and not touched when it holds a key that is not ours', async () => {
    await make();
    const { s3 } = emulator.clients;
    const own = stateBucket(emulator.address);
    await putText(s3, own, 'dev/state.json', '{}');
    await putText(s3, own, 'photos/cat.jpg', 'meow');
    const before = await emulator.inventory();
    await emulator.clearCalls();
    const error = await userError(ensure());
    expect(error.code).toBe('STATE_BUCKET_FOREIGN');
    expect(error.message).toMatch(/holds photos\/cat\.jpg, which is not ours; it was not touched/);
    expect(error.fix).toMatch(/another bucket/);
    expect(mutations(await emulator.calls())).toEqual([]);
    expect(await emulator.inventory()).toEqual(before);
  });

  it.each([['nothing'], ['only keys of ours']])('is finished when it holds %s', async (what) => {
    await make();
    const { s3 } = emulator.clients;
    const own = stateBucket(emulator.address);
    const keys = what === 'nothing' ? [] : ['dev/state.json', 'prod/lock.json'];
    for (const key of keys) await putText(s3, own, key, '{}');
    const before = await Promise.all(keys.map((key) => stamp(s3, own, key)));
    await ensure();
    expect(await settings()).toEqual(HARD);
    expect(await Promise.all(keys.map((key) => stamp(s3, own, key)))).toEqual(before);
  });

  it('is refused when another account owns it, which is said', async () => {
    const accountId = '210987654321';
    const theirs = 'tfg-state-210987654321-us-east-1-an';
    await emulator.clients.s3.send(new CreateBucketCommand({ Bucket: theirs }));
    await emulator.clearCalls();
    const error = await userError(ensureStateBucket({ ...bucketOptions(emulator), accountId }));
    expect(error).toMatchObject({ code: 'STATE_BUCKET_NOT_OURS', fix: expect.stringContaining('another account') });
    expect(mutations(await emulator.calls())).toEqual([]);
  });

  it('is refused with the missing permission named when reading its tags is denied', async () => {
    await emulator.fault({
      kind: 'error',
      status: 403,
      code: 'AccessDenied',
      match: { operation: 'GetBucketTagging' },
    });
    const error = await userError(ensure());
    expect(error).toMatchObject({ code: 'STATE_BUCKET_DENIED', fix: expect.stringContaining('s3:GetBucketTagging') });
  });
});

describe('ExpectedBucketOwner', () => {
  it('is on every S3 call of the state code but the one that creates the bucket', async () => {
    const { store, own } = await storeFor(emulator);
    const session = await store.open('init');
    await session.update((draft) => {
      draft.configs = [{}];
    });
    const seen = await store.holder();
    if (seen) await store.breakLock(seen);
    await session.close();
    const [version] = await store.versions();
    await store.restore(version?.versionId ?? '');
    const last = await store.open('destroy');
    await last.deleteDocument();
    await last.close();
    await store.purge();
    await store.deleteBucket();
    const calls = (await emulator.calls()).filter(({ agent }) => agent.includes('temporal-fargate/test'));
    const without = calls.filter(({ params }) => params.ExpectedBucketOwner !== own.ExpectedBucketOwner);
    expect(without.map(({ operation }) => operation)).toEqual(['CreateBucket']);
    const operations = new Set(calls.map(({ operation }) => operation));
    for (const operation of [
      'PutObject',
      'GetObject',
      'DeleteObject',
      'DeleteObjects',
      'ListObjectVersions',
      'ListObjectsV2',
    ])
      expect(operations).toContain(operation);
    expect(operations).toContain('DeleteBucket');
  });
});
