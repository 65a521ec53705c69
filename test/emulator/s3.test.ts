import {
  type BucketLocationConstraint,
  CreateBucketCommand,
  DeleteBucketCommand,
  DeleteObjectCommand,
  DeleteObjectsCommand,
  GetBucketEncryptionCommand,
  GetBucketOwnershipControlsCommand,
  GetBucketTaggingCommand,
  GetObjectCommand,
  GetPublicAccessBlockCommand,
  HeadBucketCommand,
  HeadObjectCommand,
  ListObjectVersionsCommand,
  type ListObjectVersionsCommandInput,
  PutBucketPolicyCommand,
  PutBucketVersioningCommand,
  PutObjectCommand,
  PutPublicAccessBlockCommand,
} from '@aws-sdk/client-s3';
import { beforeEach, describe, expect, it } from 'vitest';
import { clientsFor, refusal, useEmulator } from '../helpers/emulator.ts';
import { STRANGE_KEYS } from '../helpers/strange-keys.ts';
import { given } from './network.ts';

const emulator = useEmulator({ strict: ['off'] });
beforeEach(() => emulator.reset());
const Bucket = 'stack-123456789012-us-east-1-an';

async function createBucket(): Promise<void> {
  await emulator.clients.s3.send(new CreateBucketCommand({ Bucket, BucketNamespace: 'account-regional' }));
}

async function put(Key: string, extra: { IfMatch?: string; IfNoneMatch?: string } = {}): Promise<string> {
  return given((await emulator.clients.s3.send(new PutObjectCommand({ Bucket, Key, Body: 'text', ...extra }))).ETag);
}

describe('a bucket in another region', () => {
  // S3 API reference, "Error responses": PermanentRedirect, 301.
  it('is not reached, and the answer names its region', async () => {
    await createBucket();
    const { s3 } = clientsFor(emulator.address, 'eu-west-1');
    const answer = await refusal(s3.send(new GetBucketTaggingCommand({ Bucket })));
    expect(answer).toMatchObject({ name: 'PermanentRedirect', status: 301 });
    const raised = await s3.send(new HeadBucketCommand({ Bucket })).catch((error: unknown) => error);
    const { $response } = raised as { $response?: { headers: Record<string, string> } };
    expect($response?.headers['x-amz-bucket-region']).toBe('us-east-1');
    s3.destroy();
  });
});

describe('a new bucket', () => {
  it('blocks public access, disables ACLs and encrypts, as AWS makes buckets since 2023', async () => {
    const { s3 } = emulator.clients;
    await createBucket();
    const access = await s3.send(new GetPublicAccessBlockCommand({ Bucket }));
    expect(access.PublicAccessBlockConfiguration).toEqual({
      BlockPublicAcls: true,
      IgnorePublicAcls: true,
      BlockPublicPolicy: true,
      RestrictPublicBuckets: true,
    });
    const ownership = await s3.send(new GetBucketOwnershipControlsCommand({ Bucket }));
    expect(ownership.OwnershipControls?.Rules).toEqual([{ ObjectOwnership: 'BucketOwnerEnforced' }]);
    const encryption = await s3.send(new GetBucketEncryptionCommand({ Bucket }));
    expect(encryption.ServerSideEncryptionConfiguration?.Rules).toMatchObject([
      { ApplyServerSideEncryptionByDefault: { SSEAlgorithm: 'AES256' } },
    ]);
  });

  it('has the tags of CreateBucketConfiguration from the start', async () => {
    const { s3 } = emulator.clients;
    const Tags = [{ Key: 'temporal-fargate:stack', Value: 'dev' }];
    await s3.send(new CreateBucketCommand({ Bucket, CreateBucketConfiguration: { Tags } }));
    expect((await s3.send(new GetBucketTaggingCommand({ Bucket }))).TagSet).toEqual(Tags);
  });

  it('keeps its settings when it is created again in us-east-1, which answers 200', async () => {
    const { s3 } = emulator.clients;
    await createBucket();
    const PublicAccessBlockConfiguration = { BlockPublicAcls: true };
    await s3.send(new PutPublicAccessBlockCommand({ Bucket, PublicAccessBlockConfiguration }));
    await createBucket();
    const access = await s3.send(new GetPublicAccessBlockCommand({ Bucket }));
    expect(access.PublicAccessBlockConfiguration?.RestrictPublicBuckets).toBe(false);
  });

  it('is refused in other regions when it exists (BucketAlreadyOwnedByYou)', async () => {
    const { s3 } = clientsFor(emulator.address, 'eu-west-1');
    const LocationConstraint: BucketLocationConstraint = 'eu-west-1';
    const create = () =>
      s3.send(new CreateBucketCommand({ Bucket: 'in-europe', CreateBucketConfiguration: { LocationConstraint } }));
    await create();
    expect((await refusal(create())).name).toBe('BucketAlreadyOwnedByYou');
  });

  it('must have the account and region in its name in the account-regional namespace', async () => {
    const create = new CreateBucketCommand({ Bucket: 'stack', BucketNamespace: 'account-regional' });
    expect((await refusal(emulator.clients.s3.send(create))).name).toBe('InvalidNamespaceHeader');
  });
});

describe('ExpectedBucketOwner', () => {
  it('refuses another account with 403 AccessDenied', async () => {
    const { s3 } = emulator.clients;
    await createBucket();
    const mine = { Bucket, ExpectedBucketOwner: '123456789012' };
    const other = { Bucket, ExpectedBucketOwner: '210987654321' };
    await s3.send(new HeadBucketCommand(mine));
    expect((await refusal(s3.send(new HeadBucketCommand(other)))).status).toBe(403);
    const put = new PutObjectCommand({ ...other, Key: 'a', Body: 'x' });
    expect(await refusal(s3.send(put))).toMatchObject({ name: 'AccessDenied', status: 403 });
  });
});

describe('conditional writes', () => {
  it('creates with If-None-Match only when the key is absent, also after a delete marker', async () => {
    const { s3 } = emulator.clients;
    await createBucket();
    await s3.send(new PutBucketVersioningCommand({ Bucket, VersioningConfiguration: { Status: 'Enabled' } }));
    await put('lock', { IfNoneMatch: '*' });
    expect(await refusal(put('lock', { IfNoneMatch: '*' }))).toMatchObject({ name: 'PreconditionFailed', status: 412 });
    await s3.send(new DeleteObjectCommand({ Bucket, Key: 'lock' }));
    await put('lock', { IfNoneMatch: '*' });
  });

  it('lets exactly one of many simultaneous creations win', async () => {
    await createBucket();
    const outcomes = await Promise.allSettled(Array.from({ length: 10 }, () => put('lock', { IfNoneMatch: '*' })));
    expect(outcomes.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
  });

  it('replaces with If-Match only the version named: 412 for another, 404 for none', async () => {
    await createBucket();
    const first = await put('lock');
    const { s3 } = emulator.clients;
    const body = new PutObjectCommand({ Bucket, Key: 'lock', Body: 'other', IfMatch: first });
    const second = given((await s3.send(body)).ETag);
    expect(second).not.toBe(first);
    expect(await refusal(put('lock', { IfMatch: first }))).toMatchObject({ name: 'PreconditionFailed', status: 412 });
    expect(await refusal(put('absent', { IfMatch: first }))).toMatchObject({ name: 'NoSuchKey', status: 404 });
  });

  it('deletes with If-Match only the version named', async () => {
    const { s3 } = emulator.clients;
    await createBucket();
    const etag = await put('lock');
    const remove = (IfMatch: string) => s3.send(new DeleteObjectCommand({ Bucket, Key: 'lock', IfMatch }));
    expect((await refusal(remove('"0123456789abcdef0123456789abcdef"'))).name).toBe('PreconditionFailed');
    await remove(etag);
    expect((await refusal(s3.send(new HeadObjectCommand({ Bucket, Key: 'lock' })))).status).toBe(404);
  });

  it('deletes with If-Match: * whatever object is there', async () => {
    const { s3 } = emulator.clients;
    await createBucket();
    await put('lock');
    const remove = () => s3.send(new DeleteObjectCommand({ Bucket, Key: 'lock', IfMatch: '*' }));
    await remove();
    expect((await refusal(remove())).status).toBe(404);
  });
});

describe('objects', () => {
  it('answers with a Date, by which leases are judged', async () => {
    const { s3 } = emulator.clients;
    await createBucket();
    let date: string | undefined;
    s3.middlewareStack.add(
      (next) => async (args) => {
        const result = await next(args);
        date = (result.response as { headers: Record<string, string> }).headers.date;
        return result;
      },
      { step: 'deserialize', name: 'seeDate', override: true },
    );
    await put('a');
    expect(Number.isNaN(Date.parse(given(date)))).toBe(false);
  });

  it('can be read although the bucket policy denies plain HTTP under a condition', async () => {
    const { s3 } = emulator.clients;
    await createBucket();
    const Resource = [`arn:aws:s3:::${Bucket}`, `arn:aws:s3:::${Bucket}/*`];
    const Condition = { Bool: { 'aws:SecureTransport': 'false' } };
    const Statement = [{ Sid: 'TlsOnly', Effect: 'Deny', Principal: '*', Action: 's3:*', Resource, Condition }];
    const Policy = JSON.stringify({ Version: '2012-10-17', Statement });
    await s3.send(new PutBucketPolicyCommand({ Bucket, Policy }));
    await put('a');
    const read = await s3.send(new GetObjectCommand({ Bucket, Key: 'a' }));
    expect(await read.Body?.transformToString()).toBe('text');
  });

  it('keep their bucket while a version or a delete marker is left (BucketNotEmpty)', async () => {
    const { s3 } = emulator.clients;
    await createBucket();
    await s3.send(new PutBucketVersioningCommand({ Bucket, VersioningConfiguration: { Status: 'Enabled' } }));
    await put('a');
    await s3.send(new DeleteObjectCommand({ Bucket, Key: 'a' }));
    const remove = () => s3.send(new DeleteBucketCommand({ Bucket }));
    expect(await refusal(remove())).toMatchObject({ name: 'BucketNotEmpty', status: 409 });
    const { Versions = [], DeleteMarkers = [] } = await s3.send(new ListObjectVersionsCommand({ Bucket }));
    expect([Versions.length, DeleteMarkers.length]).toEqual([1, 1]);
    const Objects = [...Versions, ...DeleteMarkers].map(({ Key, VersionId }) => ({ Key: given(Key), VersionId }));
    const deleted = await s3.send(new DeleteObjectsCommand({ Bucket, Delete: { Objects, Quiet: true } }));
    expect([deleted.Deleted, deleted.Errors]).toEqual([undefined, undefined]);
    await remove();
    expect((await refusal(s3.send(new HeadBucketCommand({ Bucket })))).status).toBe(404);
  });
});

describe('keys', () => {
  beforeEach(async () => {
    await createBucket();
    const VersioningConfiguration = { Status: 'Enabled' } as const;
    await emulator.clients.s3.send(new PutBucketVersioningCommand({ Bucket, VersioningConfiguration }));
  });
  const list = (extra: Partial<ListObjectVersionsCommandInput> = {}) =>
    emulator.clients.s3.send(new ListObjectVersionsCommand({ Bucket, ...extra }));

  // S3 user guide, "Naming Amazon S3 objects"; API reference, ListObjectVersions, encoding-type.
  it('are any text, in the order of their bytes, and listed as in URLs when that is asked for', async () => {
    for (const key of STRANGE_KEYS) await put(key);
    const { Versions = [], EncodingType } = await list({ EncodingType: 'url' });
    expect(EncodingType).toBe('url');
    const inOrder = STRANGE_KEYS.toSorted((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)));
    const decoded = Versions.map(({ Key }) => decodeURIComponent(given(Key).replaceAll('+', '%20')));
    expect(decoded).toEqual(inOrder);
    expect(Versions.map(({ Key }) => Key)).toContain('a%2Bb+c%2520d%252B');
  });

  it('that never existed get a delete marker all the same', async () => {
    await emulator.clients.s3.send(new DeleteObjectCommand({ Bucket, Key: 'never' }));
    expect((await list()).DeleteMarkers).toMatchObject([{ Key: 'never', IsLatest: true }]);
  });

  it('are listed with all their versions, newest first, in pages that begin behind a version or behind a key', async () => {
    for (const key of ['a', 'b', 'a']) await put(key);
    await emulator.clients.s3.send(new DeleteObjectCommand({ Bucket, Key: 'a' }));
    const first = await list({ MaxKeys: 2 });
    expect(first).toMatchObject({ IsTruncated: true, NextKeyMarker: 'a', DeleteMarkers: [{ IsLatest: true }] });
    expect(first.Versions).toMatchObject([{ Key: 'a', IsLatest: false }]);
    const markers = { KeyMarker: first.NextKeyMarker, VersionIdMarker: first.NextVersionIdMarker };
    const rest = await list(markers);
    expect(rest.Versions).toMatchObject([
      { Key: 'a', IsLatest: false },
      { Key: 'b', IsLatest: true },
    ]);
    expect(rest.IsTruncated).toBe(false);
    expect((await list({ KeyMarker: 'a' })).Versions).toMatchObject([{ Key: 'b' }]);
  });

  it('are deleted a thousand at a time at most, and not none (MalformedXML)', async () => {
    const Objects = Array.from({ length: 1001 }, (_, at) => ({ Key: String(at) }));
    for (const some of [Objects, []]) {
      const remove = new DeleteObjectsCommand({ Bucket, Delete: { Objects: some } });
      expect((await refusal(emulator.clients.s3.send(remove))).name).toBe('MalformedXML');
    }
  });
});
