import { UserError, usageError } from '../errors.ts';
import type { BaseImage, ResolvedBase } from './base.ts';
import { BlobStore } from './blob.ts';
import { bringCertificates } from './certificates.ts';
import { blobFile } from './download.ts';
import { type Layer, MEDIA_TYPE } from './oci.ts';
import { type Descriptor, type FoundImage, findImage } from './oci-manifest.ts';
import type { Platform } from './platform.ts';
import { type ImageReference, parseImageReference } from './reference.ts';
import { Registry } from './registry.ts';
import type { BuildContext } from './source.ts';

/**
 * Debian with Node, as Docker's official images have it, from Amazon's mirror of them: no login, and no limit that a
 * team would meet. Slim, and glibc, because Temporal's native core has no musl build.
 */
export const DEFAULT_BASE = 'public.ecr.aws/docker/library/node:24-bookworm-slim';

/**
 * A base from a public registry. Its manifest and config are read at once, its layers only when the repository that the
 * worker is pushed to lacks them.
 *
 * @throws UserError BAD_ANSWER when `name` names no image
 */
export function registryBase(name: string): BaseImage {
  const reference = parseImageReference(name);
  if (reference === undefined) {
    throw usageError(`--base-image: "${name}" names no image`, `Write it like ${DEFAULT_BASE}.`, 'BAD_ANSWER');
  }
  return { name, resolve: (platform, context) => resolve(name, reference, platform, context) };
}

async function resolve(
  name: string,
  reference: ImageReference,
  platform: Platform,
  { cacheDir, note, signal, fetch }: BuildContext,
): Promise<ResolvedBase> {
  const registry = new Registry(reference, '--base-image', signal, fetch);
  note(`reading the base image ${name}`);
  const wanted = reference.digest ?? reference.tag ?? '';
  const { digest, manifest, config } = await findImage(registry, wanted, platform, {
    unusable: (problem) => unusable(name, problem),
    damaged: (problem) => damaged(name, problem),
  });
  const { layers } = manifest;
  refuseUnusable(name, config, layers);
  const blobs = new BlobStore(cacheDir);
  const found = layers.map(({ digest: layer, size }, position): Layer => {
    const download = {
      ...{ digest: layer, size, source: registry, what: 'the base image' },
      damaged: (problem: string) => damaged(name, problem),
    };
    return {
      digest: layer,
      size,
      // Docker's name for the same bytes; an OCI manifest calls them by OCI's.
      mediaType: MEDIA_TYPE.layer,
      diffId: config.rootfs.diff_ids[position] ?? '',
      file: () => blobFile(blobs, download, note),
    };
  });
  return {
    layers: found,
    env: config.config?.Env ?? [],
    digest,
    // Known of the default; of another one it takes its layers to know.
    lacksCertificates: name === DEFAULT_BASE || !(await bringCertificates(found)),
  };
}

function refuseUnusable(name: string, { history }: FoundImage['config'], layers: readonly Descriptor[]): void {
  if (history?.some(({ created_by }) => /alpine-minirootfs|\bapk add\b/.test(created_by ?? '')))
    throw unusable(name, "it is Alpine, whose musl Temporal's native core cannot run on");
  const odd = layers.find(({ mediaType }) => !/[.+]gzip$/.test(mediaType));
  if (odd) throw unusable(name, `one of its layers is ${odd.mediaType}, and only gzip is understood`);
}

const unusable = (name: string, problem: string): UserError =>
  new UserError({
    code: 'BASE_IMAGE',
    message: `the base image ${name} cannot be used: ${problem}`,
    fix: `Name another with --base-image, such as ${DEFAULT_BASE}.`,
  });

const damaged = (name: string, problem: string): UserError =>
  new UserError({
    code: 'IMAGE_DAMAGED',
    message: `reading the base image ${name}: ${problem}`,
    fix: 'Run the same command again; a proxy may be in the way.',
  });
