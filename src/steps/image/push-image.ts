import { open } from 'node:fs/promises';
import {
  BatchCheckLayerAvailabilityCommand,
  CompleteLayerUploadCommand,
  type ECRClient,
  InitiateLayerUploadCommand,
  PutImageCommand,
  UploadLayerPartCommand,
  type UploadLayerPartCommandInput,
} from '@aws-sdk/client-ecr';
import pLimit from 'p-limit';
import { hasName } from '../../aws/errors.ts';
import type { Blob, StoredImage } from '../../image/oci.ts';
import { must } from '../define.ts';
import { may } from '../permission.ts';
import { REPOSITORY } from './repository.ts';

/**
 * A part is in memory several times, as bytes, as base64 and as the request. The dependencies of the bundled worker fit
 * into one; the smallest that ECR takes before the last one are 5 MiB. Source: Amazon ECR user guide, "Amazon ECR
 * service quotas".
 */
const LARGEST_PART = 12 * 1024 * 1024;
const UPLOADS_AT_ONCE = 3;

export const mayPush = may(
  REPOSITORY,
  'ecr:BatchCheckLayerAvailability',
  'ecr:CompleteLayerUpload',
  'ecr:InitiateLayerUpload',
  'ecr:PutImage',
  'ecr:UploadLayerPart',
);

/** A repository by its name. */
export interface Destination {
  readonly id: string;
  /** Whether it was made a moment ago. */
  readonly isEmpty: boolean;
}

/**
 * Pushes an image through ECR's own layer API, with the credentials of every other call and without Docker. Only
 * blobs that the repository lacks are sent.
 *
 * @returns the digest of its manifest, and how many bytes of blobs were sent
 */
export async function pushImage(
  ecr: ECRClient,
  { id: repositoryName, isEmpty }: Destination,
  image: StoredImage,
  imageTag: string,
): Promise<{ readonly digest: string; readonly bytes: number }> {
  const blobs = new Map([...image.layers, image.config].map((blob) => [blob.digest, blob]));
  const present = isEmpty ? NOTHING : await presentOf(ecr, repositoryName, [...blobs.keys()]);
  const limit = pLimit(UPLOADS_AT_ONCE);
  const missing = [...blobs.values()].filter((blob) => !present.has(blob.digest));
  await Promise.all(missing.map((blob) => limit(() => uploadBlob(ecr, repositoryName, blob))));
  await putManifest(ecr, repositoryName, image, imageTag);
  const bytes = missing.reduce((sum, { size }) => sum + size, 0);
  return { digest: image.manifest.digest, bytes };
}

const NOTHING: ReadonlySet<string> = new Set();

/** Those of the blobs that the repository has. */
async function presentOf(
  ecr: ECRClient,
  repositoryName: string,
  layerDigests: string[],
): Promise<ReadonlySet<string | undefined>> {
  const { layers } = await ecr.send(new BatchCheckLayerAvailabilityCommand({ repositoryName, layerDigests }));
  const available = (layers ?? []).filter(({ layerAvailability }) => layerAvailability === 'AVAILABLE');
  return new Set(available.map(({ layerDigest }) => layerDigest));
}

/** An upload that ECR no longer knows begins again, once. */
async function uploadBlob(ecr: ECRClient, repositoryName: string, blob: Blob): Promise<void> {
  try {
    await uploadOnce(ecr, repositoryName, blob);
  } catch (error) {
    if (!hasName(error, 'UploadNotFoundException')) throw error;
    await uploadOnce(ecr, repositoryName, blob);
  }
}

async function uploadOnce(ecr: ECRClient, repositoryName: string, blob: Blob): Promise<void> {
  const path = await blob.file();
  const { uploadId, partSize } = await ecr.send(new InitiateLayerUploadCommand({ repositoryName }));
  const size = Math.min(partSize ?? LARGEST_PART, LARGEST_PART);
  const file = await open(path);
  try {
    for (let first = 0; first < blob.size; ) {
      const layerPartBlob = Buffer.alloc(Math.min(size, blob.size - first));
      await file.read(layerPartBlob, 0, layerPartBlob.length, first);
      const partLastByte = first + layerPartBlob.length - 1;
      const part = { repositoryName, uploadId, partFirstByte: first, partLastByte, layerPartBlob };
      first = await uploadPart(ecr, part);
    }
  } finally {
    await file.close();
  }
  try {
    const layerDigests = [blob.digest];
    await ecr.send(
      new CompleteLayerUploadCommand({ repositoryName, uploadId: must(uploadId, 'an upload id'), layerDigests }),
    );
  } catch (error) {
    if (!hasName(error, 'LayerAlreadyExistsException')) throw error;
  }
}

/**
 * The answer to a part may be lost, and its repetition refused: ECR then says what it has, and the upload goes on there.
 *
 * @returns the byte that comes next
 */
async function uploadPart(ecr: ECRClient, part: UploadLayerPartCommandInput): Promise<number> {
  const { partFirstByte = 0, partLastByte = 0 } = part;
  try {
    await ecr.send(new UploadLayerPartCommand(part));
    return partLastByte + 1;
  } catch (error) {
    const { lastValidByteReceived } = error as { lastValidByteReceived?: number };
    const next = (lastValidByteReceived ?? 0) + 1;
    if (!hasName(error, 'InvalidLayerPartException') || next <= partFirstByte) throw error;
    return next;
  }
}

async function putManifest(
  ecr: ECRClient,
  repositoryName: string,
  { manifest }: StoredImage,
  imageTag: string,
): Promise<void> {
  try {
    await ecr.send(
      new PutImageCommand({
        repositoryName,
        // The exact bytes: the digest is theirs.
        imageManifest: Buffer.from(manifest.bytes).toString('utf8'),
        imageManifestMediaType: manifest.mediaType,
        imageDigest: manifest.digest,
        imageTag,
      }),
    );
  } catch (error) {
    if (!hasName(error, 'ImageAlreadyExistsException')) throw error;
  }
}
