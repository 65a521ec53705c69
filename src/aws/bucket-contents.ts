import {
  AbortMultipartUploadCommand,
  DeleteObjectCommand,
  DeleteObjectsCommand,
  ListMultipartUploadsCommand,
  ListObjectVersionsCommand,
  type ObjectIdentifier,
  type S3Client,
} from '@aws-sdk/client-s3';
import type { OwnBucket } from './bucket.ts';
import { ifThere, orUndefined } from './errors.ts';

/** Of a listing, and of one DeleteObjects. */
const MOST_AT_ONCE = 1000;

/** Characters that no XML 1.0 document may have, in which S3 is told what to delete: https://www.w3.org/TR/xml/#charsets */
const NOT_IN_XML = /[^\t\n\r -\uD7FF\uE000-\uFFFD\u{10000}-\u{10FFFF}]/u;

export interface VersionsPage {
  readonly objects: readonly ObjectIdentifier[];
  readonly more: boolean;
}

/** The first thousand versions and delete markers: both keep a bucket from being deleted. */
export async function firstVersions(s3: S3Client, own: OwnBucket): Promise<VersionsPage> {
  const page = await orUndefined(
    // Keys as in URLs: an answer in XML cannot carry all of them, and changes others (a line break becomes another).
    s3.send(new ListObjectVersionsCommand({ ...own, MaxKeys: MOST_AT_ONCE, EncodingType: 'url' })),
  );
  const objects = [...(page?.Versions ?? []), ...(page?.DeleteMarkers ?? [])].map(({ Key = '', VersionId }) => ({
    Key: keyIn(page, Key),
    VersionId,
  }));
  return { objects, more: page?.IsTruncated ?? false };
}

/** A key as an answer has it: in URLs S3 writes a blank as a plus sign, and a plus sign as %2B. Few other servers do. */
const keyIn = (answer: { readonly EncodingType?: string | undefined } | undefined, key: string): string =>
  answer?.EncodingType === 'url' ? decodeURIComponent(key.replaceAll('+', ' ')) : key;

/**
 * Deletes versions and delete markers page by page. Each page is deleted and the first page listed again: there are no
 * markers to get out of step.
 *
 * @param pages at most so many
 * @returns how many were deleted, and whether there are more
 */
export async function deleteVersions(
  s3: S3Client,
  own: OwnBucket,
  pages: number,
): Promise<{ readonly deleted: number; readonly more: boolean }> {
  let deleted = 0;
  for (let page = 0; page < pages; page += 1) {
    const { objects, more } = await firstVersions(s3, own);
    if (objects.length > 0) await deleteAll(s3, own, objects);
    deleted += objects.length;
    if (!more) return { deleted, more };
  }
  return { deleted, more: true };
}

async function deleteAll(s3: S3Client, own: OwnBucket, objects: readonly ObjectIdentifier[]): Promise<void> {
  const plain = objects.filter(({ Key = '' }) => !NOT_IN_XML.test(Key));
  if (plain.length > 0) {
    const { Errors } = await s3.send(new DeleteObjectsCommand({ ...own, Delete: { Objects: plain, Quiet: true } }));
    const [problem] = Errors ?? [];
    if (problem) {
      throw Object.assign(new Error(`${problem.Key}: ${problem.Message}`), {
        name: problem.Code ?? 'DeleteObjects',
        $fault: 'client',
      });
    }
  }
  for (const { Key, VersionId } of objects.filter((object) => !plain.includes(object))) {
    await s3.send(new DeleteObjectCommand({ ...own, Key, VersionId }));
  }
}

/** Parts of uploads that were never completed keep a bucket as well, and no listing of objects shows them. */
export async function abortUploads(s3: S3Client, own: OwnBucket): Promise<void> {
  const page = await s3.send(new ListMultipartUploadsCommand({ ...own, EncodingType: 'url' }));
  for (const { Key = '', UploadId } of page.Uploads ?? []) {
    await ifThere(s3.send(new AbortMultipartUploadCommand({ ...own, Key: keyIn(page, Key), UploadId })));
  }
}
