import { HeadBucketCommand, ListObjectsV2Command, type S3Client } from '@aws-sdk/client-s3';
import {
  bucketName,
  bucketTags,
  createBucket,
  hardenBucket,
  type OwnBucket,
  patiently,
  putBucketTags,
} from '../src/aws/bucket.ts';
import { hasName, httpStatus } from '../src/aws/errors.ts';
import { TAG } from '../src/engine/ownership.ts';
import { EXIT, UserError } from '../src/errors.ts';

/** Set last, when every setting has been made: tells a finished bucket from one whose making was interrupted. */
const HARDENED = 'temporal-fargate:hardened';
const HARDENED_VERSION = '1';

export interface StateBucketOptions {
  readonly s3: S3Client;
  readonly accountId: string;
  readonly region: string;
  readonly partition: string;
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
  await hardenBucket(s3, own, partition);
  if (tags[HARDENED] !== HARDENED_VERSION) {
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

async function existingTags(s3: S3Client, own: OwnBucket): Promise<Record<string, string> | undefined> {
  try {
    return await bucketTags(s3, own);
  } catch (cause) {
    if (httpStatus(cause) !== 403) throw cause;
    const theirs = await s3
      .send(new HeadBucketCommand({ Bucket: own.Bucket }))
      .then(() => true)
      .catch(() => false);
    throw new UserError({
      code: 'STATE_BUCKET_DENIED',
      message: `reading state bucket ${own.Bucket}: access denied`,
      fix: theirs
        ? `The bucket belongs to another account than ${own.ExpectedBucketOwner}; use that account's credentials.`
        : 'Allow s3:GetBucketTagging on it for these credentials.',
      cause,
    });
  }
}

async function create(s3: S3Client, own: OwnBucket, region: string, tags: Record<string, string>): Promise<void> {
  try {
    await patiently(() => createBucket(s3, own.Bucket, region, tags));
  } catch (cause) {
    // Somebody with the same idea was faster; both go on to harden it.
    if (hasName(cause, 'BucketAlreadyOwnedByYou')) return;
    if (hasName(cause, 'OperationAborted')) {
      throw new UserError({
        code: 'STATE_BUCKET_BUSY',
        message: `creating state bucket ${own.Bucket}: S3 still works on an earlier change of this name`,
        fix: 'A bucket that was deleted a moment ago keeps its name busy, for up to an hour. Try again later.',
        exitCode: EXIT.tryAgain,
        cause,
      });
    }
    throw cause;
  }
}

/** Ours are `<stack>/state.json` and `<stack>/lock.json` only. */
async function refuseForeignKeys(s3: S3Client, own: OwnBucket): Promise<void> {
  const { Contents } = await s3.send(new ListObjectsV2Command({ ...own, MaxKeys: 1000 }));
  const foreign = (Contents ?? []).map(({ Key }) => Key ?? '').find((key) => !/^[^/]+\/(state|lock)\.json$/.test(key));
  if (foreign === undefined) return;
  throw new UserError({
    code: 'STATE_BUCKET_FOREIGN',
    message: `state bucket ${own.Bucket} has no temporal-fargate tag and holds ${foreign}, which is not ours; it was not touched`,
    fix: 'Move its objects to another bucket and delete it, then run the command again.',
  });
}
