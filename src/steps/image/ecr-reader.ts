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
  const repository = { registryId: accountId, repositoryName: name };
  const checked = (text: string, digest: string): unknown => {
    const actual = sha256(text);
    if (actual !== digest) throw error('IMAGE_DAMAGED', name, `what it answers for ${digest} has the digest ${actual}`);
    return JSON.parse(text);
  };
  return {
    async manifest(wanted) {
      const imageId = wanted.startsWith('sha256:') ? { imageDigest: wanted } : { imageTag: wanted };
      const answer = await orUndefined(
        ecr.send(
          new BatchGetImageCommand({ ...repository, imageIds: [imageId], acceptedMediaTypes: [...MANIFEST_TYPES] }),
        ),
      );
      if (!answer) throw error('IMAGE_NOT_FOUND', name, `there is no such repository in account ${accountId}`);
      const [found] = answer.images ?? [];
      if (!found) {
        const [failure] = answer.failures ?? [];
        throw error('IMAGE_NOT_FOUND', name, `it has no image ${wanted} (${failure?.failureCode ?? 'not found'})`);
      }
      const digest = must(found.imageId?.imageDigest, 'the digest of an image');
      return { digest, content: checked(must(found.imageManifest, 'a manifest'), digest) };
    },
    async blob(layerDigest) {
      const { downloadUrl } = await ecr.send(new GetDownloadUrlForLayerCommand({ ...repository, layerDigest }));
      return checked(await download(must(downloadUrl, 'where a blob is')), layerDigest);
    },
  };
}

const error = (code: string, repository: string, problem: string): UserError =>
  new UserError({
    code,
    message: `reading ${repository} from ECR: ${problem}`,
    fix: 'Name an image that is there with --image, by tag or digest.',
  });
