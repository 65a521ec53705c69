import {
  DeleteObjectCommand,
  GetObjectCommand,
  type GetObjectCommandOutput,
  PutObjectCommand,
  type S3Client,
} from '@aws-sdk/client-s3';
import type { OwnBucket } from '../src/aws/bucket.ts';
import { hasName, httpStatus, isDenied, isNotFound } from '../src/aws/errors.ts';
import type { UserError } from '../src/errors.ts';
import { stateError } from './errors.ts';

/** The state bucket, and who talks to it. */
export interface Bucket {
  readonly s3: S3Client;
  readonly own: OwnBucket;
}

export interface StoredObject {
  /** `undefined` when the bytes are not UTF-8: decoding them all the same would change what is stored unseen. */
  readonly text: string | undefined;
  readonly etag: string;
  /** Milliseconds since 1970 by S3's clock: when it was written, and when this was read. */
  readonly writtenAt: number;
  readonly readAt: number;
}

/** `undefined` when there is no such object. */
export async function getObject(
  { s3, own }: Bucket,
  Key: string,
  VersionId?: string,
): Promise<StoredObject | undefined> {
  const command = new GetObjectCommand({ ...own, Key, VersionId });
  try {
    // Without s3:ListBucket S3 answers 403 instead of 404 for what does not exist.
    const object = await onBucket(own, 's3:GetObject and s3:ListBucket', s3.send(command));
    return {
      text: decode(await object.Body?.transformToByteArray()),
      etag: object.ETag ?? '',
      writtenAt: object.LastModified?.getTime() ?? 0,
      readAt: serverDate(object) ?? Date.now(),
    };
  } catch (error) {
    if (isNotFound(error)) return undefined;
    throw error;
  }
}

export type Condition = { readonly IfNoneMatch: '*' } | { readonly IfMatch: string };

/**
 * Stores `value` as JSON and returns the new ETag. Throws PreconditionFailed or NoSuchKey when the condition is not met,
 * also when that is because the answer to this very put was lost and the SDK sent it again.
 */
export async function putJson({ s3, own }: Bucket, Key: string, value: object, condition: Condition): Promise<string> {
  const Body = JSON.stringify(value, null, 2);
  const command = new PutObjectCommand({ ...own, Key, Body, ContentType: 'application/json', ...condition });
  // S3 asks for both when a put carries If-Match.
  return (await onBucket(own, 's3:PutObject and s3:GetObject', s3.send(command))).ETag ?? '';
}

/** Throws PreconditionFailed or NoSuchKey like `putJson`. */
export async function deleteObject({ s3, own }: Bucket, Key: string, IfMatch: string): Promise<void> {
  await onBucket(own, 's3:DeleteObject', s3.send(new DeleteObjectCommand({ ...own, Key, IfMatch })));
}

/**
 * Waits for a call on the state bucket. What S3 says about the bucket itself becomes a `UserError` that names it;
 * everything about a single object passes.
 *
 * @param permission what the caller needs for it: "s3:GetObject"
 */
export async function onBucket<T>(own: OwnBucket, permission: string, call: Promise<T>): Promise<T> {
  try {
    return await call;
  } catch (error) {
    throw bucketProblem(own, permission, error) ?? error;
  }
}

function bucketProblem({ Bucket }: OwnBucket, permission: string, error: unknown): UserError | undefined {
  if (hasName(error, 'NoSuchBucket')) {
    return stateError('NO_STATE_BUCKET', `state bucket ${Bucket} does not exist any more`, {}, error);
  }
  if (httpStatus(error) === 301 || hasName(error, 'PermanentRedirect', 'AuthorizationHeaderMalformed')) {
    const region = regionOf(error);
    const message = `state bucket ${Bucket} is in ${region ?? 'another region'}, although its name says otherwise`;
    return stateError('STATE_BUCKET_ELSEWHERE', message, { region: region ?? 'another region' }, error);
  }
  if (isDenied(error)) {
    return stateError('STATE_BUCKET_DENIED', `using state bucket ${Bucket}: access denied`, { permission }, error);
  }
  return undefined;
}

/** S3 names the right region in a header of its refusal. */
function regionOf(error: unknown): string | undefined {
  const { $response } = error as { $response?: { headers?: Record<string, string> } };
  return $response?.headers?.['x-amz-bucket-region'];
}

/** A byte order mark, which editors like to add, is left out. */
function decode(bytes: Uint8Array | undefined): string | undefined {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    return undefined;
  }
}

/** The `Date` header of an answer, which the clients keep in its metadata; see src/aws/clients.ts. */
function serverDate({ $metadata }: GetObjectCommandOutput): number | undefined {
  return ($metadata as { serverDate?: number }).serverDate;
}
