import {
  TagResourceCommand as TagTarget,
  UntagResourceCommand as UntagTarget,
} from '@aws-sdk/client-application-auto-scaling';
import { TagResourceCommand as TagAlarm, UntagResourceCommand as UntagAlarm } from '@aws-sdk/client-cloudwatch';
import {
  TagResourceCommand as TagLogGroup,
  UntagResourceCommand as UntagLogGroup,
} from '@aws-sdk/client-cloudwatch-logs';
import { CreateTagsCommand, DeleteTagsCommand } from '@aws-sdk/client-ec2';
import { TagResourceCommand as TagRepository, UntagResourceCommand as UntagRepository } from '@aws-sdk/client-ecr';
import { TagResourceCommand as TagEcs, UntagResourceCommand as UntagEcs } from '@aws-sdk/client-ecs';
import { TagRoleCommand, UntagRoleCommand } from '@aws-sdk/client-iam';
import { TagResourceCommand as TagSecret, UntagResourceCommand as UntagSecret } from '@aws-sdk/client-secrets-manager';
import type { Tags } from '../engine/ownership.ts';
import type { Aws } from './aws.ts';
import { putBucketTags } from './bucket.ts';
import { lowerTags, upperTags } from './tags.ts';

/** Tags of a thing that are to be set, and keys of those that are to go; either may be empty. */
export interface TagChange {
  readonly put: Tags;
  readonly remove: readonly string[];
}

/**
 * Every service has its own calls for that. The Resource Groups Tagging API has one for most of them, but not for IAM,
 * and needs the permissions of each service all the same.
 */
type Retag = (aws: Aws, idOrArn: string, change: TagChange) => Promise<void>;

/** Takes away first: a thing may have all the tags it can have. */
const retagBy =
  (
    remove: (aws: Aws, idOrArn: string, keys: string[]) => Promise<unknown>,
    put: (aws: Aws, idOrArn: string, tags: Tags) => Promise<unknown>,
  ): Retag =>
  async (aws, idOrArn, change) => {
    if (change.remove.length > 0) await remove(aws, idOrArn, [...change.remove]);
    if (Object.keys(change.put).length > 0) await put(aws, idOrArn, change.put);
  };

export const retagEc2 = retagBy(
  ({ clients }, id, keys) =>
    clients.ec2.send(new DeleteTagsCommand({ Resources: [id], Tags: keys.map((Key) => ({ Key })) })),
  ({ clients }, id, tags) => clients.ec2.send(new CreateTagsCommand({ Resources: [id], Tags: upperTags(tags) })),
);

export const retagEcs = retagBy(
  ({ clients }, resourceArn, tagKeys) => clients.ecs.send(new UntagEcs({ resourceArn, tagKeys })),
  ({ clients }, resourceArn, tags) => clients.ecs.send(new TagEcs({ resourceArn, tags: lowerTags(tags) })),
);

export const retagRepository = retagBy(
  ({ clients }, resourceArn, tagKeys) => clients.ecr.send(new UntagRepository({ resourceArn, tagKeys })),
  ({ clients }, resourceArn, tags) => clients.ecr.send(new TagRepository({ resourceArn, tags: upperTags(tags) })),
);

export const retagRole = retagBy(
  ({ clients }, RoleName, TagKeys) => clients.iam.send(new UntagRoleCommand({ RoleName, TagKeys })),
  ({ clients }, RoleName, tags) => clients.iam.send(new TagRoleCommand({ RoleName, Tags: upperTags(tags) })),
);

export const retagSecret = retagBy(
  ({ clients }, SecretId, TagKeys) => clients.secrets.send(new UntagSecret({ SecretId, TagKeys })),
  ({ clients }, SecretId, tags) => clients.secrets.send(new TagSecret({ SecretId, Tags: upperTags(tags) })),
);

export const retagLogGroup = retagBy(
  ({ clients }, resourceArn, tagKeys) => clients.logs.send(new UntagLogGroup({ resourceArn, tagKeys })),
  ({ clients }, resourceArn, tags) => clients.logs.send(new TagLogGroup({ resourceArn, tags: { ...tags } })),
);

export const retagAlarm = retagBy(
  ({ clients }, ResourceARN, TagKeys) => clients.cloudwatch.send(new UntagAlarm({ ResourceARN, TagKeys })),
  ({ clients }, ResourceARN, tags) => clients.cloudwatch.send(new TagAlarm({ ResourceARN, Tags: upperTags(tags) })),
);

export const retagTarget = retagBy(
  ({ clients }, ResourceARN, TagKeys) => clients.autoscaling.send(new UntagTarget({ ResourceARN, TagKeys })),
  ({ clients }, ResourceARN, tags) => clients.autoscaling.send(new TagTarget({ ResourceARN, Tags: { ...tags } })),
);

/** S3 takes all the tags of a bucket or none, but not those that AWS itself has put there: these it keeps. */
export async function retagBucket(
  aws: Aws,
  { id, tags }: { readonly id: string; readonly tags: Tags },
  { put, remove }: TagChange,
): Promise<void> {
  const kept = Object.entries(tags).filter(([key]) => !remove.includes(key) && !key.startsWith('aws:'));
  const own = { Bucket: id, ExpectedBucketOwner: aws.accountId };
  await putBucketTags(aws.clients.s3, own, { ...Object.fromEntries(kept), ...put });
}
