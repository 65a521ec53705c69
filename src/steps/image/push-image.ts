import { open } from 'node:fs/promises';
import {
  BatchCheckLayerAvailabilityCommand,
  CompleteLayerUploadCommand,
  type ECRClient,
  InitiateLayerUploadCommand,
  PutImageCommand,
  UploadLayerPartCommand,
} from '@aws-sdk/client-ecr';
import pLimit from 'p-limit';
import { hasName } from '../../aws/errors.ts';
import type { Blob, OciImage } from '../../image/oci.ts';
import { must } from '../define.ts';

/** ECR takes 20 MiB at most in one part. */
const LARGEST_PART = 20 * 1024 * 1024;
const UPLOADS_AT_ONCE = 3;

/**
 * Pushes an image through ECR's own layer API, with the credentials of every other call and without Docker. Only
 * blobs that the repository lacks are sent.
 *
 * @returns the digest of its manifest
 */
export async function pushImage(
  ecr: ECRClient,
  repositoryName: string,
  image: OciImage,
  imageTag: string,
): Promise<string> {
  const blobs = new Map([...image.layers, image.config].map((blob) => [blob.digest, blob]));
  const { layers } = await ecr.send(
    new BatchCheckLayerAvailabilityCommand({ repositoryName, layerDigests: [...blobs.keys()] }),
  );
  const present = new Set(
    (layers ?? []).filter((layer) => layer.layerAvailability === 'AVAILABLE').map((layer) => layer.layerDigest),
  );
  const limit = pLimit(UPLOADS_AT_ONCE);
  const missing = [...blobs.values()].filter((blob) => !present.has(blob.digest));
  await Promise.all(missing.map((blob) => limit(() => uploadBlob(ecr, repositoryName, blob))));
  await putManifest(ecr, repositoryName, image, imageTag);
  return image.manifest.digest;
}

async function uploadBlob(ecr: ECRClient, repositoryName: string, blob: Blob): Promise<void> {
  const { uploadId, partSize } = await ecr.send(new InitiateLayerUploadCommand({ repositoryName }));
  const size = Math.min(partSize ?? LARGEST_PART, LARGEST_PART);
  const file = await open(blob.path);
  try {
    for (let first = 0; first < blob.size; first += size) {
      const layerPartBlob = Buffer.alloc(Math.min(size, blob.size - first));
      await file.read(layerPartBlob, 0, layerPartBlob.length, first);
      const partLastByte = first + layerPartBlob.length - 1;
      await ecr.send(
        new UploadLayerPartCommand({ repositoryName, uploadId, partFirstByte: first, partLastByte, layerPartBlob }),
      );
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

async function putManifest(
  ecr: ECRClient,
  repositoryName: string,
  { manifest }: OciImage,
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
