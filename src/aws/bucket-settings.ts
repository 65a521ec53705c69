import { isDeepStrictEqual } from 'node:util';
import {
  GetBucketEncryptionCommand,
  GetBucketLifecycleConfigurationCommand,
  GetBucketOwnershipControlsCommand,
  GetBucketVersioningCommand,
  GetPublicAccessBlockCommand,
  PutBucketEncryptionCommand,
  PutBucketLifecycleConfigurationCommand,
  PutBucketOwnershipControlsCommand,
  PutBucketVersioningCommand,
  PutPublicAccessBlockCommand,
  type S3Client,
} from '@aws-sdk/client-s3';
import { bucketPolicy, type OwnBucket, putPolicy, readPolicy } from './bucket.ts';
import { hasName, orUndefined } from './errors.ts';

/** One setting of a bucket: what it is to be, how to read and to write it. */
interface Setting {
  readonly name: string;
  readonly want: unknown;
  read(): Promise<unknown>;
  write(): Promise<unknown>;
}

const PUBLIC_ACCESS_BLOCK = {
  BlockPublicAcls: true,
  IgnorePublicAcls: true,
  BlockPublicPolicy: true,
  RestrictPublicBuckets: true,
};

/** Everything a bucket needs that holds ids which cost money when they are lost. */
function hardSettings(s3: S3Client, own: OwnBucket, partition: string): Setting[] {
  const policy = bucketPolicy(own, partition);
  return [
    {
      name: 'public access block',
      want: PUBLIC_ACCESS_BLOCK,
      read: async () =>
        (await orUndefined(s3.send(new GetPublicAccessBlockCommand(own))))?.PublicAccessBlockConfiguration,
      write: () =>
        s3.send(new PutPublicAccessBlockCommand({ ...own, PublicAccessBlockConfiguration: PUBLIC_ACCESS_BLOCK })),
    },
    {
      name: 'object ownership',
      want: 'BucketOwnerEnforced',
      read: async () =>
        (await orUndefined(s3.send(new GetBucketOwnershipControlsCommand(own))))?.OwnershipControls?.Rules?.[0]
          ?.ObjectOwnership,
      write: () =>
        s3.send(
          new PutBucketOwnershipControlsCommand({
            ...own,
            OwnershipControls: { Rules: [{ ObjectOwnership: 'BucketOwnerEnforced' }] },
          }),
        ),
    },
    {
      name: 'encryption',
      want: 'AES256',
      read: async () =>
        (await orUndefined(s3.send(new GetBucketEncryptionCommand(own))))?.ServerSideEncryptionConfiguration?.Rules?.[0]
          ?.ApplyServerSideEncryptionByDefault?.SSEAlgorithm,
      write: () =>
        s3.send(
          new PutBucketEncryptionCommand({
            ...own,
            ServerSideEncryptionConfiguration: {
              Rules: [{ ApplyServerSideEncryptionByDefault: { SSEAlgorithm: 'AES256' } }],
            },
          }),
        ),
    },
    {
      name: 'versioning',
      want: 'Enabled',
      read: async () => (await s3.send(new GetBucketVersioningCommand(own))).Status,
      write: () => s3.send(new PutBucketVersioningCommand({ ...own, VersioningConfiguration: { Status: 'Enabled' } })),
    },
    {
      name: 'policy',
      want: policy,
      read: () => readPolicy(s3, own),
      write: () => putPolicy(s3, own, policy),
    },
    {
      name: 'lifecycle',
      // Not the whole rule, which S3 may give back in another form: what it keeps, and that nothing current expires.
      want: [{ status: 'Enabled', keptDays: 90, expiresCurrent: false }],
      read: async () =>
        (await orUndefined(s3.send(new GetBucketLifecycleConfigurationCommand(own))))?.Rules?.map((rule) => ({
          status: rule.Status,
          keptDays: rule.NoncurrentVersionExpiration?.NoncurrentDays,
          expiresCurrent: rule.Expiration !== undefined,
        })),
      write: () =>
        s3.send(
          new PutBucketLifecycleConfigurationCommand({
            ...own,
            LifecycleConfiguration: {
              Rules: [
                {
                  ID: 'old-versions',
                  Status: 'Enabled',
                  Filter: { Prefix: '' },
                  NoncurrentVersionExpiration: { NoncurrentDays: 90, NewerNoncurrentVersions: 20 },
                  AbortIncompleteMultipartUpload: { DaysAfterInitiation: 7 },
                },
              ],
            },
          }),
        ),
    },
  ];
}

/**
 * Reads every setting and writes those that differ, one after the other: S3 refuses parallel changes to one bucket
 * (409 OperationAborted). Idempotent, so a run that died in the middle is finished by the next.
 *
 * @returns the names of the settings it changed
 */
export async function hardenBucket(s3: S3Client, own: OwnBucket, partition: string): Promise<string[]> {
  const wrong = await differing(s3, own, partition);
  for (const setting of wrong) await patiently(() => setting.write(), { unless: () => isSet(setting) });
  return wrong.map((setting) => setting.name);
}

/** Names of the settings that `hardenBucket` would change; changes nothing. */
export async function looseSettings(s3: S3Client, own: OwnBucket, partition: string): Promise<string[]> {
  return (await differing(s3, own, partition)).map((setting) => setting.name);
}

async function differing(s3: S3Client, own: OwnBucket, partition: string): Promise<Setting[]> {
  const settings = hardSettings(s3, own, partition);
  const present = await Promise.all(settings.map((setting) => setting.read()));
  return settings.filter((setting, index) => !isDeepStrictEqual(present[index], setting.want));
}

const isSet = async (setting: Setting): Promise<boolean> => isDeepStrictEqual(await setting.read(), setting.want);

/**
 * Repeats a change that S3 puts off (409 OperationAborted) because another run changes the same bucket at this moment.
 * Gives up after two seconds or, when it can see with `unless` whether the other run has made the same change, after
 * some twenty; the pauses differ, so that many runs do not stay in step.
 */
export async function patiently(
  change: () => Promise<unknown>,
  { unless }: { unless?: () => Promise<boolean> } = {},
): Promise<void> {
  const attempts = unless ? 12 : 4;
  for (let attempt = 1; ; attempt += 1) {
    try {
      await change();
      return;
    } catch (error) {
      if (!hasName(error, 'OperationAborted') || attempt === attempts) throw error;
      const longest = Math.min(125 * 2 ** attempt, 2_000);
      await new Promise((resolve) => setTimeout(resolve, longest * (0.75 + Math.random() / 2)));
      if (await unless?.()) return;
    }
  }
}
