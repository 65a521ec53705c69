import {
  DeleteObjectsCommand,
  ListObjectsV2Command,
  ListObjectVersionsCommand,
  type ListObjectVersionsCommandInput,
  type ObjectIdentifier,
} from '@aws-sdk/client-s3';
import { type Bucket, onBucket } from './objects.ts';

/** Keys of all current objects. */
export async function keysOf({ s3, own }: Bucket): Promise<string[]> {
  const keys: string[] = [];
  let ContinuationToken: string | undefined;
  do {
    const page = await onBucket(own, 's3:ListBucket', s3.send(new ListObjectsV2Command({ ...own, ContinuationToken })));
    keys.push(...(page.Contents ?? []).map(({ Key }) => Key ?? ''));
    ContinuationToken = page.NextContinuationToken;
  } while (ContinuationToken !== undefined);
  return keys;
}

/**
 * Deletes the versions that `goes` picks, and all delete markers. Versions go first: one whose marker was gone before it
 * would be the current one again.
 */
export async function deleteVersions(
  { s3, own }: Bucket,
  prefix: string,
  goes: (version: { IsLatest?: boolean | undefined }) => boolean,
): Promise<void> {
  const versions: ObjectIdentifier[] = [];
  const markers: ObjectIdentifier[] = [];
  let from: Pick<ListObjectVersionsCommandInput, 'KeyMarker' | 'VersionIdMarker'> = {};
  for (let more = true; more; ) {
    const command = new ListObjectVersionsCommand({ ...own, Prefix: prefix, ...from });
    const page = await onBucket(own, 's3:ListBucketVersions', s3.send(command));
    versions.push(...(page.Versions ?? []).filter(goes).map(identify));
    markers.push(...(page.DeleteMarkers ?? []).map(identify));
    from = { KeyMarker: page.NextKeyMarker, VersionIdMarker: page.NextVersionIdMarker };
    more = page.IsTruncated === true;
  }
  for (const doomed of [...pagesOf(versions), ...pagesOf(markers)]) {
    const command = new DeleteObjectsCommand({ ...own, Delete: { Objects: doomed, Quiet: true } });
    const { Errors } = await onBucket(own, 's3:DeleteObjectVersion', s3.send(command));
    const [problem] = Errors ?? [];
    if (problem)
      throw Object.assign(new Error(`${problem.Key}: ${problem.Message}`), { name: problem.Code ?? 'Error' });
  }
}

const identify = ({ Key, VersionId }: { Key?: string | undefined; VersionId?: string | undefined }) => ({
  Key: Key ?? '',
  VersionId,
});

/** S3 deletes at most 1000 objects in one call. */
function pagesOf<T>(things: readonly T[]): T[][] {
  const pages: T[][] = [];
  for (let from = 0; from < things.length; from += 1000) pages.push(things.slice(from, from + 1000));
  return pages;
}
