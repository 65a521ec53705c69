import { DeleteBucketCommand } from '@aws-sdk/client-s3';
import type { Aws } from '../../aws/aws.ts';
import {
  bucketName,
  bucketPolicy,
  bucketTags,
  createBucket,
  type OwnBucket,
  putPolicy,
  readPolicy,
} from '../../aws/bucket.ts';
import { abortUploads, deleteVersions, firstVersions } from '../../aws/bucket-contents.ts';
import { hasName, ifThere, orUndefined } from '../../aws/errors.ts';
import { retagBucket } from '../../aws/retag.ts';
import type { Tags } from '../../engine/ownership.ts';
import { withChanges } from '../../engine/step.ts';
import { changesOf, defineStep, QUICK } from '../define.ts';
import { ASSUMED, always } from '../monthly-cost.ts';
import { may, type PolicyPlace, type Scope } from '../permission.ts';

/** Pages of a thousand objects that are deleted before the engine is asked whether to go on: about half a minute. */
const PAGES_AT_ONCE = 25;

interface LiveBucket {
  readonly id: string;
  readonly tags: Tags;
  readonly policy?: unknown;
}

/**
 * Where the worker writes. Private by AWS's own defaults for new buckets (public access blocked, no ACLs, encrypted)
 * and by a policy that refuses every other account and everything without TLS.
 */
export const dataBucket = () =>
  defineStep({
    id: 'data/bucket',
    title: 'data bucket',
    needs: {},
    repeatable: 'name',
    timeouts: QUICK,
    monthlyCost: () => [always('S3 data', ASSUMED.data, 'GB', 's3-gb-month')],
    actions: {
      find: [may(DATA_BUCKET, 's3:GetBucketTagging', 's3:GetBucketPolicy')],
      load: [may(DATA_BUCKET, 's3:GetBucketPolicy')],
      create: [may(DATA_BUCKET, 's3:CreateBucket', 's3:TagResource')],
      update: [may(DATA_BUCKET, 's3:PutBucketPolicy')],
      retag: [may(DATA_BUCKET, 's3:PutBucketTagging')],
      destroy: [may(DATA_BUCKET, 's3:ListBucketVersions', 's3:DeleteBucket')],
      deleteData: [
        may(DATA_BUCKET, 's3:ListBucketMultipartUploads'),
        may(DATA, 's3:AbortMultipartUpload', 's3:DeleteObjectVersion'),
      ],
    },
    want: ({ stack, accountId, region, partition }) => {
      const name = dataBucketName(stack, accountId, region);
      return {
        name,
        region,
        policy: bucketPolicy({ Bucket: name, ExpectedBucketOwner: accountId }, partition) as unknown,
      };
    },
    findById: find,
    findOwned: async (aws, { stack }) =>
      [await find(aws, dataBucketName(stack, aws.accountId, aws.region))].flatMap((found) => found ?? []),
    async load(aws, live): Promise<LiveBucket> {
      if ('policy' in live) return live;
      return { ...live, policy: await readPolicy(aws.clients.s3, ownBucket(aws, live.id)) };
    },
    diff: (want, live) => changesOf(want, live, { policy: 'update' }),
    async create(aws, want, { tags }) {
      try {
        await createBucket(aws.clients.s3, want.name, want.region, tags);
      } catch (cause) {
        if (!hasName(cause, 'OperationAborted')) throw cause;
        const message = `S3 has not freed the name ${want.name} yet: a deleted bucket keeps its name for minutes, up to an hour`;
        throw Object.assign(new Error(message, { cause }), { name: 'OperationAborted' });
      }
      return { id: want.name, tags };
    },
    async update(aws, live, want, changes) {
      await putPolicy(aws.clients.s3, ownBucket(aws, live.id), want.policy as object);
      return withChanges(live, changes);
    },
    async keep(aws, live, { deleteData }) {
      if (deleteData) return undefined;
      const { objects, more } = await firstVersions(aws.clients.s3, ownBucket(aws, live.id));
      if (objects.length === 0) return undefined;
      return `holds ${more ? 'more than ' : ''}${versionsText(objects.length)}`;
    },
    retag: (aws, live, change) => retagBucket(aws, live, change),
    async clear(aws, live, { deleteData }) {
      if (!deleteData) return undefined;
      const { deleted, more } = await deleteVersions(aws.clients.s3, ownBucket(aws, live.id), PAGES_AT_ONCE);
      return more ? `${versionsText(deleted)} more deleted, and there are others` : undefined;
    },
    async destroy(aws, live, { deleteData }) {
      try {
        await ifThere(aws.clients.s3.send(new DeleteBucketCommand(ownBucket(aws, live.id))));
      } catch (error) {
        // Written to meanwhile, or an unfinished upload: the engine asks again.
        if (hasName(error, 'BucketNotEmpty') && deleteData) await abortUploads(aws.clients.s3, ownBucket(aws, live.id));
        throw error;
      }
    },
  });

export type DataBucketStep = ReturnType<typeof dataBucket>;

export const dataBucketName = (stack: string, accountId: string, region: string): string =>
  bucketName(`tfg-${stack}-data`, accountId, region);

const arnOfBucket = ({ partition, stack, accountId, region }: PolicyPlace): string =>
  `arn:${partition}:s3:::${dataBucketName(stack, accountId, region)}`;

export const DATA_BUCKET: Scope = { sid: 'DataBucket', resources: (place) => [arnOfBucket(place)] };
export const DATA: Scope = { sid: 'Data', resources: (place) => [`${arnOfBucket(place)}/*`] };

const versionsText = (count: number): string => `${count} object version${count === 1 ? '' : 's'}`;

export const ownBucket = (aws: Aws, Bucket: string): OwnBucket => ({ Bucket, ExpectedBucketOwner: aws.accountId });

async function find(aws: Aws, name: string): Promise<LiveBucket | undefined> {
  const indexed = aws.surveying ? await aws.indexedTags(`arn:${aws.partition}:s3:::${name}`) : undefined;
  if (indexed) {
    // The policy has to be read anyway, and proves that the bucket still exists.
    const answer = await orUndefined(readPolicy(aws.clients.s3, ownBucket(aws, name)).then((policy) => ({ policy })));
    return answer && { id: name, tags: indexed, policy: answer.policy };
  }
  const tags = await bucketTags(aws.clients.s3, ownBucket(aws, name));
  return tags && { id: name, tags };
}
