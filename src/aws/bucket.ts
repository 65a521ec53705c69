import {
  type BucketLocationConstraint,
  CreateBucketCommand,
  GetBucketPolicyCommand,
  GetBucketTaggingCommand,
  PutBucketPolicyCommand,
  PutBucketTaggingCommand,
  type S3Client,
} from '@aws-sdk/client-s3';

/** A bucket of ours and the account that must own it; every call carries both. */
export interface OwnBucket {
  readonly Bucket: string;
  readonly ExpectedBucketOwner: string;
}

/** Regions without the account-regional namespace (March 2026); there the name carries the account id all the same. */
const NO_REGIONAL_NAMESPACE = new Set(['me-south-1', 'me-central-1']);

/**
 * A bucket name in the account's own namespace, which nobody else can take: `<name>-<account>-<region>-an`.
 * At most 63 characters, so `name` has at most 63 - 12 - 14 - 5.
 */
export function bucketName(name: string, accountId: string, region: string): string {
  return `${name}-${accountId}-${region}${NO_REGIONAL_NAMESPACE.has(region) ? '' : '-an'}`;
}

export async function createBucket(
  s3: S3Client,
  bucket: string,
  region: string,
  tags: Readonly<Record<string, string>>,
): Promise<void> {
  await s3.send(
    new CreateBucketCommand({
      Bucket: bucket,
      ...(NO_REGIONAL_NAMESPACE.has(region) ? {} : { BucketNamespace: 'account-regional' }),
      CreateBucketConfiguration: {
        // us-east-1 is the one region that must not be named.
        ...(region === 'us-east-1' ? {} : { LocationConstraint: region as BucketLocationConstraint }),
        Tags: Object.entries(tags).map(([Key, Value]) => ({ Key, Value })),
      },
    }),
  );
}

/** `undefined` when there is no such bucket; `{}` when it has no tags. */
export async function bucketTags(s3: S3Client, own: OwnBucket): Promise<Record<string, string> | undefined> {
  try {
    const { TagSet } = await s3.send(new GetBucketTaggingCommand(own));
    return Object.fromEntries((TagSet ?? []).map(({ Key, Value }) => [Key ?? '', Value ?? '']));
  } catch (error) {
    if ((error as Error).name === 'NoSuchTagSet') return {};
    if ((error as Error).name === 'NoSuchBucket') return undefined;
    throw error;
  }
}

export async function putBucketTags(s3: S3Client, own: OwnBucket, tags: Record<string, string>): Promise<void> {
  const TagSet = Object.entries(tags).map(([Key, Value]) => ({ Key, Value }));
  await s3.send(new PutBucketTaggingCommand({ ...own, Tagging: { TagSet } }));
}

/** Refuses everything that does not come over TLS 1.2 or newer, and every other account. */
export function bucketPolicy({ Bucket, ExpectedBucketOwner }: OwnBucket, partition: string): object {
  const Resource = [`arn:${partition}:s3:::${Bucket}`, `arn:${partition}:s3:::${Bucket}/*`];
  const deny = { Effect: 'Deny', Principal: '*', Action: 's3:*', Resource };
  return {
    Version: '2012-10-17',
    Statement: [
      { Sid: 'DenyInsecureTransport', ...deny, Condition: { Bool: { 'aws:SecureTransport': 'false' } } },
      { Sid: 'DenyOldTls', ...deny, Condition: { NumericLessThan: { 's3:TlsVersion': '1.2' } } },
      {
        Sid: 'DenyOtherAccounts',
        ...deny,
        Condition: {
          StringNotEquals: { 'aws:PrincipalAccount': ExpectedBucketOwner },
          Bool: { 'aws:PrincipalIsAWSService': 'false' },
        },
      },
    ],
  };
}

/** `undefined` when the bucket has no policy. Throws NoSuchBucket. */
export async function readPolicy(s3: S3Client, own: OwnBucket): Promise<unknown> {
  try {
    const { Policy } = await s3.send(new GetBucketPolicyCommand(own));
    return Policy === undefined ? undefined : JSON.parse(Policy);
  } catch (error) {
    if ((error as Error).name === 'NoSuchBucketPolicy') return undefined;
    throw error;
  }
}

export async function putPolicy(s3: S3Client, own: OwnBucket, policy: object): Promise<void> {
  await s3.send(new PutBucketPolicyCommand({ ...own, Policy: JSON.stringify(policy) }));
}
