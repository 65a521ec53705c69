import { stateBucket } from '../../state/bucket.ts';
import { repositoryName } from '../steps/image/repository.ts';
import { arnIn, may, type Permission, type PolicyPlace, type Scope } from '../steps/permission.ts';

const bucket = (place: PolicyPlace): string => `arn:${place.partition}:s3:::${stateBucket(place).Bucket}`;

const BUCKET: Scope = { sid: 'StateBucket', resources: (place) => [bucket(place)] };

/** Document and lock of the stack. */
const OWN: Scope = { sid: 'State', resources: (place) => [`${bucket(place)}/${place.stack}/*`] };

const ALL: Scope = {
  sid: 'StatesOfAll',
  resources: (place) => ['state', 'lock'].map((object) => `${bucket(place)}/*/${object}.json`),
};

/** Documents of the stacks whose repositories are named as used: only who may have their images reads them. */
const USED: Scope = {
  sid: 'UsedStates',
  resources: (place) => {
    const theirs = arnIn(place, 'ecr', `repository/${repositoryName('')}`);
    const stacks = place.uses.flatMap((arn) => (arn.startsWith(theirs) ? arn.slice(theirs.length) : []));
    return stacks.map((stack) => `${bucket(place)}/${stack}/state.json`);
  },
};

/** Listing versions names the bucket and no object: the prefix has to say whose. */
const VERSIONS: Scope = {
  sid: 'StateVersions',
  resources: (place) => [bucket(place)],
  conditions: ({ stack }) => (stack === '*' ? {} : { StringLike: { 's3:prefix': [`${stack}/*`] } }),
};

/**
 * S3 says that an object is not there, and does not only refuse it, to those who may list the bucket; and it asks that
 * without a prefix, so that none can be a condition. Names of stacks are all that a list shows.
 */
export const mayReadState: readonly Permission[] = [
  may(BUCKET, 's3:GetBucketTagging', 's3:ListBucket'),
  may(VERSIONS, 's3:ListBucketVersions'),
  may(OWN, 's3:GetObject'),
];

/**
 * Whose network a stack may share, and who lives in its own, is in the states of the others. They hold ids and answers,
 * and no secrets.
 */
export const mayReadAllStates: readonly Permission[] = [may(ALL, 's3:GetObject')];

/** Which image another stack runs is in its state (src/commands/image-from-stack.ts). */
export const mayReadUsedStates: readonly Permission[] = [may(USED, 's3:GetObject')];

/** A lock, and every write under it, by condition: S3 then asks for GetObject as well. */
export const mayWriteState: readonly Permission[] = [may(OWN, 's3:GetObject', 's3:PutObject', 's3:DeleteObject')];

export const mayReadVersions: readonly Permission[] = [may(OWN, 's3:GetObjectVersion')];

export const mayPurgeState: readonly Permission[] = [may(OWN, 's3:DeleteObjectVersion')];

export const maySeeSettings: readonly Permission[] = [
  may(BUCKET, 's3:GetBucketOwnershipControls', 's3:GetBucketPolicy', 's3:GetBucketPublicAccessBlock'),
  may(BUCKET, 's3:GetBucketVersioning', 's3:GetEncryptionConfiguration', 's3:GetLifecycleConfiguration'),
];

/**
 * The bucket is shared by all stacks of the region, and who may set its policy has the states of all of them: not for the
 * operator of one stack.
 */
export const mayMakeBucket: readonly Permission[] = [
  may(BUCKET, 's3:CreateBucket', 's3:TagResource', 's3:PutBucketTagging'),
  may(BUCKET, 's3:PutBucketOwnershipControls', 's3:PutBucketPolicy', 's3:PutBucketPublicAccessBlock'),
  may(BUCKET, 's3:PutBucketVersioning', 's3:PutEncryptionConfiguration', 's3:PutLifecycleConfiguration'),
];

/** Likewise. */
export const mayDeleteBucket: readonly Permission[] = [may(BUCKET, 's3:DeleteBucket')];
