import { BatchGetImageCommand, type ECRClient, GetDownloadUrlForLayerCommand } from '@aws-sdk/client-ecr';
import { orUndefined } from '../../aws/errors.ts';
import { UserError } from '../../errors.ts';
import { sha256 } from '../../image/blob.ts';
import { type ImageReader, MANIFEST_TYPES } from '../../image/oci-manifest.ts';
import type { EcrRepository } from '../../image/reference.ts';
import { must } from '../define.ts';

/**
 * Reads images of a private repository by ECR's own API, with the credentials of every other call.
 *
 * Throws UserErrors IMAGE_NOT_FOUND and IMAGE_DAMAGED, and what AWS answers to a caller who may not.
 *
 * @param download answers what a URL holds, as text
 */
export function ecrReader(
  ecr: ECRClient,
  { accountId, name }: EcrRepository,
  download: (url: string) => Promise<string>,
): ImageReader {
  return {
    async manifest(wanted) {
      const { digest, text } = await storedManifest(ecr, { accountId, name }, wanted, FIX);
      return { digest, content: JSON.parse(text) };
    },
    async blob(digest) {
      const url = await blobUrl(ecr, { accountId, name }, digest);
      return JSON.parse(checked(await download(url), digest, name, FIX));
    },
  };
}

const FIX = 'Name an image that is there with --image, by tag or digest.';

/** Where a repository is: the client says in which region. */
type Place = Pick<EcrRepository, 'accountId' | 'name'>;

export interface StoredManifest {
  /** `sha256:…` of the text. */
  readonly digest: string;
  /** Its very bytes. */
  readonly text: string;
  readonly mediaType: string | undefined;
}

/**
 * A manifest as it is stored. Throws UserErrors IMAGE_NOT_FOUND and IMAGE_DAMAGED.
 *
 * @param wanted a tag or a digest
 * @param fix what such an error tells a person to do
 */
export async function storedManifest(
  ecr: ECRClient,
  { accountId, name }: Place,
  wanted: string,
  fix: string,
): Promise<StoredManifest> {
  const imageId = wanted.startsWith('sha256:') ? { imageDigest: wanted } : { imageTag: wanted };
  const answer = await orUndefined(
    ecr.send(
      new BatchGetImageCommand({
        ...{ registryId: accountId, repositoryName: name, imageIds: [imageId] },
        acceptedMediaTypes: [...MANIFEST_TYPES],
      }),
    ),
  );
  if (!answer) throw error('IMAGE_NOT_FOUND', name, `there is no such repository in account ${accountId}`, fix);
  const [found] = answer.images ?? [];
  if (!found) {
    const [failure] = answer.failures ?? [];
    throw error('IMAGE_NOT_FOUND', name, `it has no image ${wanted} (${failure?.failureCode ?? 'not found'})`, fix);
  }
  const digest = must(found.imageId?.imageDigest, 'the digest of an image');
  const text = checked(must(found.imageManifest, 'a manifest'), digest, name, fix);
  return { digest, text, mediaType: found.imageManifestMediaType };
}

/** Where the bytes of a blob can be read without credentials, for a while. */
export async function blobUrl(ecr: ECRClient, { accountId, name }: Place, layerDigest: string): Promise<string> {
  const where = { registryId: accountId, repositoryName: name, layerDigest };
  const { downloadUrl } = await ecr.send(new GetDownloadUrlForLayerCommand(where));
  return must(downloadUrl, 'where a blob is');
}

function checked(text: string, digest: string, name: string, fix: string): string {
  const actual = sha256(text);
  if (actual === digest) return text;
  throw error('IMAGE_DAMAGED', name, `what it answers for ${digest} has the digest ${actual}`, fix);
}

const error = (code: string, repository: string, problem: string, fix: string): UserError =>
  new UserError({ code, message: `reading ${repository} from ECR: ${problem}`, fix });
