import {
  CreateBucketCommand,
  DeleteBucketCommand,
  DeleteBucketPolicyCommand,
  DeleteObjectCommand,
  ListObjectVersionsCommand,
  PutBucketEncryptionCommand,
  PutBucketVersioningCommand,
  PutObjectCommand,
  PutPublicAccessBlockCommand,
  type S3Client,
} from '@aws-sdk/client-s3';
import { beforeEach, describe, expect, it } from 'vitest';
import { ensureStateBucket, looseStateSettings } from '../../state/bucket.ts';
import { deleteVersions } from '../../state/bucket-contents.ts';
import { STATE_PROBLEMS, type StateProblem } from '../../state/errors.ts';
import { BIN, cliEnvironment } from '../helpers/cli.ts';
import { useEmulator } from '../helpers/emulator.ts';
import { useWarmPrograms } from '../helpers/warm-programs.ts';
import {
  afterwards,
  bucketOptions,
  documentOf,
  putText,
  stamp,
  stateClient,
  storeFor,
  useCleanUp,
  userError,
} from './stage.ts';

useCleanUp();

const emulator = useEmulator();
const run = useWarmPrograms(() => BIN);
beforeEach(() => emulator.reset());
const KEY = 'dev/state.json';

/** A stack with two stored versions of its document. */
async function stored() {
  const stage = await storeFor(emulator);
  const session = await stage.store.open('init');
  for (const id of ['vpc-1', 'vpc-2']) {
    await session.update((draft) => {
      draft.steps.vpc = { id, token: 't', generation: 1, startedAt: '2026-01-01T00:00:00.000Z' };
    });
  }
  await session.close();
  return stage;
}

/** Every version and delete marker of every object: the same twice means that nothing was written or deleted. */
async function everything(s3: S3Client, Bucket: string): Promise<string[]> {
  const { Versions, DeleteMarkers } = await s3.send(new ListObjectVersionsCommand({ Bucket, Prefix: KEY }));
  return [...(Versions ?? []), ...(DeleteMarkers ?? [])].map(({ VersionId }) => VersionId ?? '').sort();
}

const firstWords = (code: StateProblem): string => STATE_PROBLEMS[code].fix.split('<')[0] ?? '';

describe('a damaged document', () => {
  const good = (changes: object = {}): string => JSON.stringify({ ...documentOf(emulator), ...changes });
  const latin1 = (): Buffer => Buffer.from(good({ operation: 'änit' }), 'latin1');

  it.each<[string, () => string | Buffer, StateProblem]>([
    ['truncated', () => good().slice(0, 50), 'STATE_DAMAGED'],
    ['empty', () => '', 'STATE_DAMAGED'],
    ['not JSON', () => 'damaged', 'STATE_DAMAGED'],
    ['in UTF-16', () => Buffer.from(good(), 'utf16le'), 'STATE_DAMAGED'],
    ['in Latin-1, which would be read with other characters', latin1, 'STATE_DAMAGED'],
    ['without a key', () => good({ steps: undefined }), 'STATE_DAMAGED'],
    ['with a wrong type', () => good({ steps: { vpc: { id: 7 } } }), 'STATE_DAMAGED'],
    ['of another program', () => '{"version":4,"terraform_version":"1.9.0"}', 'STATE_DAMAGED'],
    ['of another stack', () => good({ stack: 'prod' }), 'STATE_FOREIGN'],
    ['of another account', () => good({ accountId: '210987654321' }), 'STATE_FOREIGN'],
    ['of another region', () => good({ region: 'eu-west-1' }), 'STATE_FOREIGN'],
    ['of a newer version', () => good({ schemaVersion: 99, cliVersion: '9.1.0' }), 'STATE_NEWER'],
  ])('(%s) is refused by every reader and writer, and no version is added', async (_how, text, code) => {
    const { store, s3, own } = await stored();
    const session = await store.open('init');
    afterwards(() => session.close());
    const seen = await store.holder();
    await s3.send(new PutObjectCommand({ ...own, Key: KEY, Body: text() }));
    const before = await everything(s3, own.Bucket);
    const breaking = () => store.breakLock(seen as NonNullable<typeof seen>);
    for (const call of [() => store.read(), breaking]) {
      expect(await userError(call())).toMatchObject({
        code,
        exitCode: 1,
        fix: expect.stringContaining(firstWords(code)),
      });
    }
    const late = session.update((draft) => {
      draft.configs = [];
    });
    // The run that had the lock meets it as somebody else's write.
    await expect(late).rejects.toMatchObject({ code });
    await session.close();
    expect((await userError(store.open('destroy'))).code).toBe(code);
    expect(await store.holder()).toBeUndefined();
    expect(await everything(s3, own.Bucket)).toEqual(before);
  });

  it('with a byte order mark is none: editors add it, and it changes nothing', async () => {
    const { store, s3, own } = await stored();
    await putText(s3, own, KEY, `\uFEFF${good({ operation: 'by hand' })}`);
    expect(await store.read()).toMatchObject({ operation: 'by hand' });
  });

  it('is not what a page is that came instead of it: neither of the state nor of its lock', async () => {
    const { store, s3, own } = await stored();
    const session = await store.open('init');
    afterwards(() => session.close());
    const before = await everything(s3, own.Bucket);
    const page = () => emulator.fault({ kind: 'garbled', match: { operation: 'GetObject' } });
    await page();
    expect(await store.read()).toMatchObject({ steps: { vpc: { id: 'vpc-2' } } });
    await page();
    expect(await store.holder()).toMatchObject({ holder: { command: 'init' }, expired: false });
    expect(await everything(s3, own.Bucket)).toEqual(before);
  });

  it('that was deleted is told from a stack that never was', async () => {
    const { s3, own } = await stored();
    await s3.send(new DeleteObjectCommand({ Bucket: own.Bucket, Key: KEY }));
    const env = cliEnvironment(emulator.address);
    const deleted = await run(['status'], env);
    expect(deleted.code).toBe(1);
    expect(deleted.stderr).toMatch(
      /the state of stack dev is gone; its last version is of 20.*\n.*state restore --stack dev/,
    );
    expect((await run(['status', '--stack', 'never'], env)).stderr).toContain('there is no stack never');
  });
});

describe('a damaged state bucket', () => {
  const denied = (operation: string) =>
    emulator.fault({ kind: 'error', status: 403, code: 'AccessDenied', match: { service: 's3', operation } });

  it('that was deleted is named by a run in the middle, not taken for a rival', async () => {
    const { store, s3, own } = await stored();
    const session = await store.open('init');
    await deleteVersions({ s3, own }, '', () => true);
    await s3.send(new DeleteBucketCommand({ Bucket: own.Bucket }));
    const calls = [
      () => session.update(() => undefined),
      () => store.read(),
      () => store.open('destroy'),
      () => store.versions(),
      () => store.stacks(),
      () => store.restore('any'),
      () => store.discard(),
    ];
    for (const call of calls) {
      expect(await userError(call())).toMatchObject({ code: 'NO_STATE_BUCKET', exitCode: 1 });
    }
    await session.close().catch(() => undefined);
    expect((await emulator.inventory()).s3?.bucket).toBeUndefined();
  });

  it.each<[string, (stage: Awaited<ReturnType<typeof stored>>) => Promise<unknown>, string]>([
    ['GetObject', ({ store }) => store.read(), 's3:GetObject and s3:ListBucket'],
    ['PutObject', ({ store }) => store.open('init'), 's3:PutObject and s3:GetObject'],
    ['ListObjectVersions', ({ store }) => store.versions(), 's3:ListBucketVersions'],
    ['ListObjectsV2', ({ store }) => store.stacks(), 's3:ListBucket'],
    ['DeleteObject', ({ store }) => store.discard(), 's3:DeleteObject'],
    ['GetBucketTagging', ({ s3 }) => ensureStateBucket(bucketOptions(emulator, s3)), 's3:GetBucketTagging'],
  ])('that denies %s is named with the permission that is missing', async (operation, call, permission) => {
    const stage = await stored();
    const before = await stamp(stage.s3, stage.own, KEY);
    await denied(operation);
    // Whether its owner is another account shows where the refusal stays without the owner's number.
    if (operation === 'GetBucketTagging') await denied('HeadBucket');
    const error = await userError(call(stage));
    expect(error).toMatchObject({ code: 'STATE_BUCKET_DENIED', exitCode: 1 });
    expect(error.message).toContain(stage.own.Bucket);
    expect(error.fix).toContain(`Allow ${permission} on it`);
    await emulator.clearFaults();
    expect(await stamp(stage.s3, stage.own, KEY)).toBe(before);
  });

  it('of another account is named, with the account whose credentials these are', async () => {
    const Bucket = 'tfg-state-210987654321-us-east-1-an';
    await emulator.clients.s3.send(new CreateBucketCommand({ Bucket }));
    const error = await userError(ensureStateBucket({ ...bucketOptions(emulator), accountId: '210987654321' }));
    expect(error).toMatchObject({ code: 'STATE_BUCKET_NOT_OURS', exitCode: 1 });
    expect(error.fix).toContain('210987654321');
  });

  it('that somebody made in another region is named with that region, and not touched', async () => {
    const region = 'me-south-1';
    const Bucket = 'tfg-state-123456789012-me-south-1';
    const s3 = stateClient({ ...emulator, address: { ...emulator.address, region } });
    const west = stateClient({ ...emulator, address: { ...emulator.address, region: 'eu-west-1' } });
    await west.send(
      new CreateBucketCommand({ Bucket, CreateBucketConfiguration: { LocationConstraint: 'eu-west-1' } }),
    );
    const before = await emulator.inventory();
    const error = await userError(ensureStateBucket({ ...bucketOptions(emulator, s3), region }));
    expect(error).toMatchObject({ code: 'STATE_BUCKET_ELSEWHERE', exitCode: 1 });
    expect(error.message).toContain(`state bucket ${Bucket} is in eu-west-1`);
    expect(error.fix).toContain('in eu-west-1: move its objects away');
    expect(await emulator.inventory()).toEqual(before);
  });

  const S = { Bucket: 'tfg-state-123456789012-us-east-1-an' };
  const off = {
    BlockPublicAcls: false,
    IgnorePublicAcls: false,
    BlockPublicPolicy: false,
    RestrictPublicBuckets: false,
  };
  const kms = { ApplyServerSideEncryptionByDefault: { SSEAlgorithm: 'aws:kms' as const } };
  const loosen: Record<string, (s3: S3Client) => Promise<unknown>> = {
    versioning: (s3) =>
      s3.send(new PutBucketVersioningCommand({ ...S, VersioningConfiguration: { Status: 'Suspended' } })),
    'public access block': (s3) =>
      s3.send(new PutPublicAccessBlockCommand({ ...S, PublicAccessBlockConfiguration: off })),
    policy: (s3) => s3.send(new DeleteBucketPolicyCommand(S)),
    encryption: (s3) =>
      s3.send(new PutBucketEncryptionCommand({ ...S, ServerSideEncryptionConfiguration: { Rules: [kms] } })),
  };
  it('whose settings were loosened is shown with their names, and mended and said so by the next run', async () => {
    const { s3, own } = await stored();
    const names = Object.keys(loosen);
    await putText(emulator.clients.s3, own, KEY, 'damaged');
    for (const change of Object.values(loosen)) await change(emulator.clients.s3);
    const before = await everything(s3, own.Bucket);
    const options = bucketOptions(emulator, s3);
    expect((await looseStateSettings(options)).sort()).toEqual([...names].sort());
    const env = cliEnvironment(emulator.address);
    const listed = await run(['state', 'list'], env);
    expect(listed).toMatchObject({ code: 0, stderr: expect.stringMatching(/was changed by somebody \(.*versioning/) });
    expect(await everything(s3, own.Bucket)).toEqual(before);

    // A document that is written over without versioning would be lost: the settings come first.
    const restored = await run(['state', 'restore', '--yes'], env);
    expect(restored).toMatchObject({ code: 0, stderr: expect.stringMatching(/The state bucket had been.*versioning/) });
    expect(await looseStateSettings(options)).toEqual([]);
    expect((await everything(s3, own.Bucket)).length).toBe(before.length + 1);
  });
});
