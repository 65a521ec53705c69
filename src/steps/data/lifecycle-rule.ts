import {
  DeleteBucketLifecycleCommand,
  GetBucketLifecycleConfigurationCommand,
  type LifecycleRule,
  PutBucketLifecycleConfigurationCommand,
} from '@aws-sdk/client-s3';
import type { Aws } from '../../aws/aws.ts';
import { bucketTags } from '../../aws/bucket.ts';
import { ifThere, orUndefined } from '../../aws/errors.ts';
import type { Tags } from '../../engine/ownership.ts';
import { withChanges } from '../../engine/step.ts';
import { changesOf, defineStep, QUICK } from '../define.ts';
import { inheritedTags } from '../inherited-tags.ts';
import { free } from '../monthly-cost.ts';
import { may } from '../permission.ts';
import { DATA_BUCKET, type DataBucketStep, dataBucketName, ownBucket } from './data-bucket.ts';

export const LIFECYCLE_RULE = 'data/lifecycle-rule';

/** What S3 knows our rule by, among those that others make for the same bucket. */
const RULE = 'temporal-fargate';

/** No listing of objects shows the parts of an upload that was never completed, and they are billed like objects. */
const UPLOAD_DAYS = 7;

/** What a rule says, flat and in one form. */
interface Parts {
  readonly status: string | undefined;
  readonly expireDays: number | undefined;
  readonly abortUploadsDays: number | undefined;
  /** Of which objects; empty for all of them. */
  readonly filter: object;
  readonly furtherActions: object;
}

interface LiveRule extends Parts {
  /** The name of its bucket. */
  readonly id: string;
  readonly tags: Tags;
}

/**
 * Has S3 delete what the worker wrote so many days ago. No setting of the bucket's own step: it comes and goes with an
 * answer, a stack without it makes no call for it, and a bucket that `destroy` keeps must not go on losing objects.
 */
export const lifecycleRule = (days: number, needs: { bucket: DataBucketStep }) =>
  defineStep({
    id: LIFECYCLE_RULE,
    title: 'S3 lifecycle rule',
    needs,
    repeatable: 'name',
    timeouts: QUICK,
    monthlyCost: free,
    actions: {
      find: [may(DATA_BUCKET, 's3:GetLifecycleConfiguration', 's3:GetBucketTagging')],
      create: [may(DATA_BUCKET, 's3:PutLifecycleConfiguration')],
      update: [may(DATA_BUCKET, 's3:PutLifecycleConfiguration')],
      destroy: [may(DATA_BUCKET, 's3:PutLifecycleConfiguration')],
    },
    want: (_config, from) => ({ bucket: from.bucket.id, ...partsOf(ruleOf(days)) }),
    findById: find,
    findOwned: async (aws, { stack }) =>
      [await find(aws, dataBucketName(stack, aws.accountId, aws.region))].flatMap((found) => found ?? []),
    diff: (want, live) =>
      changesOf(want, live, {
        status: 'update',
        expireDays: 'update',
        abortUploadsDays: 'update',
        filter: 'update',
        furtherActions: 'update',
      }),
    async create(aws, want, { tags }) {
      await putRule(aws, want.bucket, ruleOf(days));
      return { id: want.bucket, tags, ...partsOf(ruleOf(days)) };
    },
    async update(aws, live, _want, changes) {
      await putRule(aws, live.id, ruleOf(days));
      return withChanges(live, changes);
    },
    destroy: (aws, live) => putRule(aws, live.id, undefined),
  });

const ruleOf = (days: number): LifecycleRule => ({
  ID: RULE,
  Status: 'Enabled',
  Filter: { Prefix: '' },
  Expiration: { Days: days },
  AbortIncompleteMultipartUpload: { DaysAfterInitiation: UPLOAD_DAYS },
});

/** S3 has several forms for "all objects", and does not always give back the one that it got. */
function partsOf(rule: LifecycleRule): Parts {
  const { ID: _id, Status, Expiration, AbortIncompleteMultipartUpload, Filter, Prefix, ...furtherActions } = rule;
  const filter = Object.entries({ Prefix, ...Filter }).filter(([, value]) => value !== undefined && value !== '');
  return {
    status: Status,
    expireDays: Expiration?.Days,
    abortUploadsDays: AbortIncompleteMultipartUpload?.DaysAfterInitiation,
    filter: Object.fromEntries(filter),
    furtherActions,
  };
}

async function find(aws: Aws, bucket: string): Promise<LiveRule | undefined> {
  const rule = (await readRules(aws, bucket))?.Rules?.find(({ ID: name }) => name === RULE);
  if (!rule) return undefined;
  const tags = await aws.tagsOf(
    `arn:${aws.partition}:s3:::${bucket}`,
    async () => (await bucketTags(aws.clients.s3, ownBucket(aws, bucket))) ?? {},
  );
  return { id: bucket, tags: inheritedTags(tags, 'data/bucket', LIFECYCLE_RULE), ...partsOf(rule) };
}

/** `undefined` when the bucket has no rules, or is not there. */
const readRules = (aws: Aws, bucket: string) =>
  orUndefined(aws.clients.s3.send(new GetBucketLifecycleConfigurationCommand(ownBucket(aws, bucket))));

/**
 * Makes `rule` the bucket's only one of ours, or takes ours away. S3 takes all rules of a bucket in one call and has no
 * condition for it, so those of others are read right before and written back as they are.
 */
async function putRule(aws: Aws, bucket: string, rule: LifecycleRule | undefined): Promise<void> {
  const { s3 } = aws.clients;
  const own = ownBucket(aws, bucket);
  const { Rules: present = [], TransitionDefaultMinimumObjectSize } = (await readRules(aws, bucket)) ?? {};
  const Rules = [...present.filter(({ ID: name }) => name !== RULE), ...(rule ? [rule] : [])];
  // S3 refuses an empty list.
  await (Rules.length === 0
    ? ifThere(s3.send(new DeleteBucketLifecycleCommand(own)))
    : s3.send(
        new PutBucketLifecycleConfigurationCommand({
          ...own,
          LifecycleConfiguration: { Rules },
          // Left out, it would go back to its default, and with it what others' transitions do.
          TransitionDefaultMinimumObjectSize,
        }),
      ));
}
