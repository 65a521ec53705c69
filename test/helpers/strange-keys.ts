import { DeleteObjectsCommand, PutBucketVersioningCommand, PutObjectCommand, type S3Client } from '@aws-sdk/client-s3';

/** Keys that S3 takes and that some escaping, path or parser on the way changes. */
export const STRANGE_KEYS = [
  'ключ/ünï 😀',
  'a+b c%20d%2B',
  'line\nbreak',
  'return\r\ntab\t',
  '/leading//slashes/',
  '../up/../..',
  '.',
  '..',
  'q"&amp;<>\'?x=y#z',
  'control\u0001\u001f',
  '\u0085\u2028',
  ' ',
  'é'.repeat(512),
];

/** Makes the bucket a versioned one with so many versions: two of each strange key, the rest delete markers. */
export async function fillWithVersions(s3: S3Client, Bucket: string, count: number): Promise<void> {
  await s3.send(new PutBucketVersioningCommand({ Bucket, VersioningConfiguration: { Status: 'Enabled' } }));
  for (const Key of [...STRANGE_KEYS, ...STRANGE_KEYS]) await s3.send(new PutObjectCommand({ Bucket, Key, Body: 'x' }));
  const names = Array.from({ length: count - 2 * STRANGE_KEYS.length }, (_, at) => `messages/${at} & more`);
  for (let from = 0; from < names.length; from += 1000) {
    const Objects = names.slice(from, from + 1000).map((Key) => ({ Key }));
    await s3.send(new DeleteObjectsCommand({ Bucket, Delete: { Objects, Quiet: true } }));
  }
}
