import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CreateRepositoryCommand, type ECRClient, PutImageCommand } from '@aws-sdk/client-ecr';
import { BlobStore, sha256 } from '../../src/image/blob.ts';
import { configJson, MEDIA_TYPE, manifestJson, type OciImage, type ProcessSettings } from '../../src/image/oci.ts';
import type { Platform } from '../../src/image/platform.ts';
import type { TarEntry } from '../../src/image/tar.ts';
import { pushImage } from '../../src/steps/image/push-image.ts';

export interface OwnImage {
  readonly platform: Platform;
  readonly entries: readonly TarEntry[];
  readonly settings?: Partial<ProcessSettings>;
}

/** A repository of a user's in ECR, which no stack knows of. */
export class OwnRepository {
  readonly uri: string;
  readonly #ecr: ECRClient;
  readonly #name: string;

  constructor(ecr: ECRClient, name: string) {
    this.#ecr = ecr;
    this.#name = name;
    this.uri = `123456789012.dkr.ecr.us-east-1.amazonaws.com/${name}`;
  }

  async create(): Promise<void> {
    await this.#ecr.send(new CreateRepositoryCommand({ repositoryName: this.#name }));
  }

  /**
   * Pushes an index of these images and of something that is none, as Docker's builder does it.
   * @returns the digest of each image
   */
  async push(tag: string, images: readonly OwnImage[]): Promise<string[]> {
    const folder = mkdtempSync(join(tmpdir(), 'own-image-'));
    const blobs = new BlobStore(folder);
    const manifests: object[] = [];
    const digests: string[] = [];
    for (const image of images) {
      const made = await ociImage(blobs, image);
      await pushImage(this.#ecr, { id: this.#name, isEmpty: false }, made, `${tag}-${digests.length}`);
      const [os, architecture] = image.platform.split('/');
      const { digest, mediaType, bytes } = made.manifest;
      manifests.push({ mediaType, digest, size: bytes.length, platform: { os, architecture } });
      digests.push(digest);
    }
    const attestation = { ...manifests[0], platform: { os: 'unknown', architecture: 'unknown' } };
    const index = { schemaVersion: 2, mediaType: INDEX, manifests: [attestation, ...manifests] };
    await this.#ecr.send(
      new PutImageCommand({
        ...{ repositoryName: this.#name, imageTag: tag },
        ...{ imageManifest: JSON.stringify(index), imageManifestMediaType: INDEX },
      }),
    );
    rmSync(folder, { recursive: true });
    return digests;
  }
}

const INDEX = 'application/vnd.oci.image.index.v1+json';

async function ociImage(blobs: BlobStore, { platform, entries, settings }: OwnImage): Promise<OciImage> {
  const layer = await blobs.addLayer(entries);
  const all = { user: '', env: [], entrypoint: [], cmd: [], workingDir: '/', stopSignal: 'SIGTERM', labels: {} };
  const bytes = configJson(platform, { ...all, ...settings }, [layer.diffId], ['a worker of the user’s']);
  const config = await blobs.addBytes(bytes, MEDIA_TYPE.config);
  const manifest = manifestJson(config, [layer]);
  return {
    manifest: { bytes: manifest, digest: sha256(manifest), mediaType: MEDIA_TYPE.manifest },
    config,
    layers: [layer],
    platform,
  };
}
