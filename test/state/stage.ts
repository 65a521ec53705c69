import {
  GetObjectCommand,
  HeadObjectCommand,
  ListObjectVersionsCommand,
  PutObjectCommand,
  type S3Client,
} from '@aws-sdk/client-s3';
import { afterEach } from 'vitest';
import type { OwnBucket } from '../../src/aws/bucket.ts';
import { makeClients } from '../../src/aws/clients.ts';
import { UserError } from '../../src/errors.ts';
import { ensureStateBucket, type StateBucketOptions } from '../../state/bucket.ts';
import { newDocument, type StateDocument } from '../../state/document.ts';
import { S3Store, type StoreOptions } from '../../state/s3-store.ts';
import type { LoggedCall, TestEmulator } from '../helpers/emulator.ts';

const clients: { destroy(): void }[] = [];
const closing: (() => Promise<void>)[] = [];

/** The product's own client for the state, each with connections of its own. They are closed after the test. */
export function stateClient({ address }: TestEmulator): S3Client {
  const { endpoint, accessKeyId, secretAccessKey, region } = address;
  const made = makeClients({
    region,
    endpoint,
    credentials: { accessKeyId, secretAccessKey },
    cliVersion: 'test',
    hooks: { beforeMutation: async () => undefined, afterCall: () => undefined },
  });
  clients.push(...Object.values(made));
  return made.state;
}

/** Runs after the test, before its clients are closed: locks renew themselves until they are released. */
export function afterwards(close: () => Promise<void>): void {
  closing.push(close);
}

/** Call it once in every file that uses this stage: modules are loaded once for many files, hooks belong to one. */
export function useCleanUp(): void {
  afterEach(async () => {
    await Promise.allSettled(closing.splice(0).map((close) => close()));
    for (const client of clients.splice(0)) client.destroy();
  });
}

export function bucketOptions(emulator: TestEmulator, s3: S3Client = stateClient(emulator)): StateBucketOptions {
  const { accountId, region } = emulator.address;
  return { s3, accountId, region, partition: 'aws' };
}

/** The store of a stack in a finished state bucket. Each has a client of its own, as each process has. */
export async function storeFor(
  emulator: TestEmulator,
  options: Partial<StoreOptions> = {},
): Promise<{ store: S3Store; s3: S3Client; own: OwnBucket }> {
  const s3 = stateClient(emulator);
  const own = await ensureStateBucket(bucketOptions(emulator, s3));
  const { region } = emulator.address;
  return { store: new S3Store({ s3, own, stack: 'dev', region, cliVersion: 'test', ...options }), s3, own };
}

export function documentOf(
  { address: { accountId, region } }: TestEmulator,
  changes: Partial<StateDocument> = {},
): StateDocument {
  return { ...newDocument({ stack: 'dev', stackId: 'id-1', accountId, region }), ...changes };
}

export async function putText(s3: S3Client, { Bucket }: OwnBucket, Key: string, Body: string): Promise<string> {
  return (await s3.send(new PutObjectCommand({ Bucket, Key, Body }))).ETag ?? '';
}

export async function textOf(s3: S3Client, { Bucket }: OwnBucket, Key: string): Promise<string> {
  return (await (await s3.send(new GetObjectCommand({ Bucket, Key }))).Body?.transformToString()) ?? '';
}

/** ETag and version of what is stored: the same twice means that nobody wrote. */
export async function stamp(s3: S3Client, { Bucket }: OwnBucket, Key: string): Promise<string> {
  const { ETag, VersionId } = await s3.send(new HeadObjectCommand({ Bucket, Key }));
  return `${ETag} ${VersionId}`;
}

/** All keys with versions or delete markers, one entry each. */
export async function traces(s3: S3Client, { Bucket }: OwnBucket): Promise<string[]> {
  const { Versions, DeleteMarkers } = await s3.send(new ListObjectVersionsCommand({ Bucket }));
  return [...(Versions ?? []), ...(DeleteMarkers ?? [])].map(({ Key }) => Key ?? '').sort();
}

/** The `UserError` that a call must end with; fails when it succeeds. */
export async function userError(call: Promise<unknown>): Promise<UserError> {
  const error = await call.then(
    () => new Error('it succeeded'),
    (reason: unknown) => reason,
  );
  if (error instanceof UserError) return error;
  throw new Error('not a UserError', { cause: error });
}

export const mutations = (calls: readonly LoggedCall[]): string[] =>
  calls.filter(({ mutating }) => mutating).map(({ operation }) => operation);
