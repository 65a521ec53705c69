import type { ECRClient } from '@aws-sdk/client-ecr';
import { Cancelled, UserError } from '../../errors.ts';
import { BlobStore } from '../../image/blob.ts';
import { type BlobSource, blobFile } from '../../image/download.ts';
import type { Blob, StoredImage } from '../../image/oci.ts';
import { type Descriptor, manifestOf } from '../../image/oci-manifest.ts';
import type { EcrRepository } from '../../image/reference.ts';
import type { BuildContext, Fetch } from '../../image/source.ts';
import { must } from '../define.ts';
import { blobUrl, storedManifest } from './ecr-reader.ts';
import { OUR_TAG } from './stored-images.ts';

interface Context extends Pick<BuildContext, 'cacheDir' | 'note'> {
  readonly fetch: Fetch;
  readonly signal: AbortSignal;
}
type Repository = Pick<EcrRepository, 'accountId' | 'name'>;

const AGAIN = 'Run the same command again; a proxy may be in the way.';

/**
 * An image of a private repository as it is there, byte by byte, so that its digest is the same wherever it is pushed. Its
 * manifest is read at once; its blobs when they are asked for, and not when an earlier run has left them on this machine.
 *
 * Throws UserErrors IMAGE_NOT_FOUND, IMAGE_DAMAGED, and of blobs REGISTRY_UNREACHABLE; Cancelled when the signal aborts.
 *
 * @param digest of an image of one platform
 */
export async function imageOf(
  ecr: ECRClient,
  repository: Repository,
  digest: string,
  context: Context,
): Promise<StoredImage> {
  const { name } = repository;
  const damaged = (problem: string): UserError =>
    new UserError({ code: 'IMAGE_DAMAGED', message: `reading ${name} from ECR: ${problem}`, fix: AGAIN });
  const { text, mediaType } = await storedManifest(ecr, repository, digest, AGAIN);
  const { config, layers } = manifestOf(JSON.parse(text), { damaged });
  const blobs = new BlobStore(context.cacheDir);
  const source = blobsOf(ecr, repository, context);
  const blob = (one: Descriptor): Blob => ({
    ...one,
    file: () => blobFile(blobs, { ...one, source, what: `the image in ${name}`, damaged }, context.note),
  });
  return {
    manifest: { bytes: Buffer.from(text), digest, mediaType: must(mediaType, 'the type of a manifest') },
    config: blob(config),
    layers: layers.map(blob),
  };
}

function blobsOf(ecr: ECRClient, repository: Repository, { fetch, signal }: Context): BlobSource {
  const unreachable = (why: string, cause?: unknown): Error =>
    signal.aborted
      ? new Cancelled()
      : new UserError({
          code: 'REGISTRY_UNREACHABLE',
          message: `reading ${repository.name} from ECR: ${why}`,
          fix: AGAIN,
          cause,
        });
  async function* watched(bytes: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
    try {
      yield* bytes;
    } catch (cause) {
      throw unreachable((cause as Error).message, cause);
    }
  }
  return {
    async open(digest, first) {
      const url = await blobUrl(ecr, repository, digest);
      const headers = first > 0 ? { range: `bytes=${first}-` } : {};
      const answer = await fetch(url, { headers, signal }).catch((cause: Error) => {
        throw unreachable(cause.message, cause);
      });
      if (!answer.ok || !answer.body) throw unreachable(`where it keeps its bytes answers with HTTP ${answer.status}`);
      return { first: answer.status === 206 ? first : 0, bytes: watched(answer.body) };
    },
  };
}

/**
 * The tag under which a repository takes an image of another: one that it has there, so that whoever makes the image from
 * the same things finds it. A tag never moves; where all of them stand for another image here, as with builds that give
 * other bytes each time, it is one made of the digest. Pure.
 *
 * @param tags of the image where it comes from
 * @param here digests that these stand for in the repository that takes it
 */
export function tagFor(digest: string, tags: readonly string[], here: ReadonlyMap<string, string | undefined>): string {
  const ours = tags.filter((tag) => tag.startsWith(OUR_TAG));
  return (
    ours.find((tag) => here.get(tag) === digest) ??
    ours.find((tag) => here.get(tag) === undefined) ??
    `${OUR_TAG}${digest.replace(/^sha256:/, '').slice(0, 32)}`
  );
}
