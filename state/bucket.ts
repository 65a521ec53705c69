import { HeadBucketCommand, ListObjectsV2Command, type S3Client } from '@aws-sdk/client-s3';
import { bucketName, bucketTags, createBucket, type OwnBucket, putBucketTags } from '../src/aws/bucket.ts';
import { hardenBucket, looseSettings, patiently } from '../src/aws/bucket-settings.ts';
import { hasName } from '../src/aws/errors.ts';
import { TAG } from '../src/engine/ownership.ts';
import { UserError } from '../src/errors.ts';
import { stateError } from './errors.ts';
import { onBucket } from './objects.ts';

/** Set last, when every setting has been made: tells a finished bucket from one whose making was interrupted. */
const HARDENED = 'temporal-fargate:hardened';
const HARDENED_VERSION = '1';

export interface StateBucketOptions {
  readonly s3: S3Client;
  readonly accountId: string;
  readonly region: string;
  readonly partition: string;
  /** Told the names of settings that somebody had loosened and that were put back. */
  readonly onMended?: (settings: readonly string[]) => void;
}

export function stateBucket(options: Pick<StateBucketOptions, 'accountId' | 'region'>): OwnBucket {
  return {
    Bucket: bucketName('tfg-state', options.accountId, options.region),
    ExpectedBucketOwner: options.accountId,
  };
}

/**
 * Makes the account's state bucket for this region, finishes one whose making was interrupted, and puts back settings
 * that were loosened. Refuses (`UserError` STATE_BUCKET_FOREIGN) a bucket that holds what is not ours.
 */
export async function ensureStateBucket(options: StateBucketOptions): Promise<OwnBucket> {
  const { s3, region, partition } = options;
  const own = stateBucket(options);
  const base = { [TAG.managed]: 'true', [TAG.resource]: 'state-bucket' };
  let tags = await existingTags(s3, own);
  if (tags === undefined) {
    await create(s3, own, region, base);
    tags = base;
  }
  if (tags[TAG.managed] !== 'true') await refuseForeignKeys(s3, own);
  const mended = await hardenBucket(s3, own, partition);
  if (tags[HARDENED] === HARDENED_VERSION) {
    if (mended.length > 0) options.onMended?.(mended);
  } else {
    const finished = { ...tags, ...base, [HARDENED]: HARDENED_VERSION };
    await patiently(() => putBucketTags(s3, own, finished));
  }
  return own;
}

/** The bucket when it exists and is finished, for commands that only read. */
export async function findStateBucket(options: StateBucketOptions): Promise<OwnBucket | undefined> {
  const own = stateBucket(options);
  const tags = await existingTags(options.s3, own);
  return tags === undefined ? undefined : own;
}

/** Names of the settings that are not as we make them; read only. */
export function looseStateSettings(options: StateBucketOptions): Promise<string[]> {
  const own = stateBucket(options);
  return onBucket(own, 's3:GetBucket*', looseSettings(options.s3, own, options.partition));
}

async function existingTags(s3: S3Client, own: OwnBucket): Promise<Record<string, string> | undefined> {
  try {
    return await onBucket(own, 's3:GetBucketTagging', bucketTags(s3, own));
  } catch (cause) {
    if (!(cause instanceof UserError) || cause.code !== 'STATE_BUCKET_DENIED') throw cause;
    // The same 403 means another owner. Who may look at it without naming the owner knows that.
    const theirs = await s3
      .send(new HeadBucketCommand({ Bucket: own.Bucket }))
      .then(() => true)
      .catch(() => false);
    if (!theirs) throw cause;
    const message = `using state bucket ${own.Bucket}: it is not of this account`;
    throw stateError('STATE_BUCKET_NOT_OURS', message, { account: own.ExpectedBucketOwner }, cause);
  }
}

async function create(s3: S3Client, own: OwnBucket, region: string, tags: Record<string, string>): Promise<void> {
  try {
    await patiently(() => createBucket(s3, own.Bucket, region, tags));
  } catch (cause) {
    // Somebody with the same idea was faster; both go on to harden it.
    if (hasName(cause, 'BucketAlreadyOwnedByYou')) return;
    if (hasName(cause, 'OperationAborted')) {
      const message = `creating state bucket ${own.Bucket}: S3 still works on an earlier change of this name`;
      throw stateError('STATE_BUCKET_BUSY', message, {}, cause);
    }
    throw cause;
  }
}

/** Ours are `<stack>/state.json` and `<stack>/lock.json` only. */
async function refuseForeignKeys(s3: S3Client, own: OwnBucket): Promise<void> {
  const { Contents } = await s3.send(new ListObjectsV2Command({ ...own, MaxKeys: 1000 }));
  const foreign = (Contents ?? []).map(({ Key }) => Key ?? '').find((key) => !/^[^/]+\/(state|lock)\.json$/.test(key));
  if (foreign === undefined) return;
  throw stateError(
    'STATE_BUCKET_FOREIGN',
    `state bucket ${own.Bucket} has no temporal-fargate tag and holds ${foreign}, which is not ours; it was not touched`,
  );
}
