import {
  BatchDeleteImageCommand,
  DescribeImagesCommand,
  type ECRClient,
  type ImageDetail,
  type ImageIdentifier,
} from '@aws-sdk/client-ecr';
import type { Aws } from '../../aws/aws.ts';
import { orUndefined } from '../../aws/errors.ts';
import { batchesOf, pagesOf } from '../../aws/paging.ts';
import { repositoryName } from './repository.ts';

/** Tags of the images that this program pushes begin like this; what somebody else pushed has others. */
export const OUR_TAG = 'from-';

/** Digests of the images in the stack's repository that this program pushed, and that nobody has tagged besides. */
export async function pushedImages(aws: Aws): Promise<string[]> {
  const digests: string[] = [];
  const name = repositoryName(aws.stack);
  for await (const { imageDetails = [] } of pagesOf((nextToken) =>
    orUndefined(aws.clients.ecr.send(new DescribeImagesCommand({ repositoryName: name, nextToken }))),
  )) {
    for (const { imageDigest, imageTags } of imageDetails) {
      const ours = imageTags?.every((tag) => tag.startsWith(OUR_TAG)) ?? false;
      if (imageDigest !== undefined && ours) digests.push(imageDigest);
    }
  }
  return digests;
}

/** What the repository of a stack has under this digest or tag. */
export async function storedImage(
  ecr: ECRClient,
  stack: string,
  imageId: ImageIdentifier,
): Promise<ImageDetail | undefined> {
  const command = new DescribeImagesCommand({ repositoryName: repositoryName(stack), imageIds: [imageId] });
  return (await orUndefined(ecr.send(command)))?.imageDetails?.[0];
}

/** Whether the stack's repository has an image of this digest. */
export const hasImage = async (aws: Aws, imageDigest: string): Promise<boolean> =>
  (await storedImage(aws.clients.ecr, aws.stack, { imageDigest })) !== undefined;

/** Whether it is an image of the stack's own repository: "<account>.dkr.ecr.<region>.amazonaws.com/<repository>@sha256:…". */
export const isOfRepository = (aws: Aws, image: string): boolean =>
  image.split('@')[0]?.endsWith(`/${repositoryName(aws.stack)}`) ?? false;

/** Most that BatchDeleteImage takes. */
const DELETED_AT_ONCE = 100;

/** Their layers go with them, but for those that other images have as well. */
export async function deleteImages(aws: Aws, digests: readonly string[]): Promise<void> {
  for (const some of batchesOf(digests, DELETED_AT_ONCE)) {
    const imageIds = some.map((imageDigest) => ({ imageDigest }));
    await aws.clients.ecr.send(new BatchDeleteImageCommand({ repositoryName: repositoryName(aws.stack), imageIds }));
  }
}
