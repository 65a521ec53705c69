import { DescribeImagesCommand, type ImageDetail } from '@aws-sdk/client-ecr';
import type { Aws } from '../../aws/aws.ts';
import { orUndefined } from '../../aws/errors.ts';
import { TAG, type Tags } from '../../engine/ownership.ts';
import { UserError } from '../../errors.ts';
import { defineStep, QUICK } from '../define.ts';
import { free } from '../monthly-cost.ts';
import { pushImage } from './push-image.ts';
import { type RepositoryStep, repositoryName, repositoryTags } from './repository.ts';

interface LiveImage {
  /** `sha256:…` */
  readonly id: string;
  readonly tags: Tags;
  /** Tags in the repository, each the hash of what the image was made from. */
  readonly inputHashes: readonly string[];
}

/**
 * The image, known by digest. Its tag in the repository is the hash of everything it is made from, so the repository
 * itself tells whether it has to be built.
 *
 * @param inputHash what it is to be made from; `undefined` leaves whatever is deployed as it is
 */
export const workerImage = (inputHash: string | undefined, needs: { repository: RepositoryStep }) =>
  defineStep({
    id: 'image/worker-image',
    title: 'worker image',
    needs,
    replacedWith: ['repository'],
    repeatable: 'name',
    timeouts: QUICK,
    monthlyCost: free,
    want: (_config, from) => ({ repository: from.repository.id, inputHash }),
    findById: (aws, digest) => find(aws, { imageDigest: digest }),
    findOwned: async (aws) => {
      if (!aws.image) return [];
      const found = await find(aws, { imageTag: aws.image.inputHash });
      return found ? [found] : [];
    },
    diff(want, live) {
      if (want.inputHash === undefined || live.inputHashes.includes(want.inputHash)) return [];
      return [{ field: 'madeFrom', from: live.inputHashes.join(', '), to: want.inputHash, how: 'update' }];
    },
    async create(aws, want, { tags }) {
      const digest = await push(aws, want.repository);
      return { id: digest, tags, inputHashes: aws.image ? [aws.image.inputHash] : [] };
    },
    revises: () => true,
    update: (aws, _live, want) => push(aws, want.repository),
    goesWith: 'repository',
    destroy: async () => undefined,
  });

export type WorkerImageStep = ReturnType<typeof workerImage>;

async function push(aws: Aws, repository: string): Promise<string> {
  if (!aws.image) {
    throw new UserError({
      code: 'IMAGE_GONE',
      message:
        'the image of your worker is not in its repository any more, and this run was not told where to make it from',
      fix: 'Run temporal-fargate init with --worker-dir.',
    });
  }
  return pushImage(aws.clients.ecr, repository, await aws.image.build(), aws.image.inputHash);
}

async function find(aws: Aws, imageId: { imageDigest: string } | { imageTag: string }): Promise<LiveImage | undefined> {
  const name = repositoryName(aws.stack);
  const answer = await orUndefined(
    aws.clients.ecr.send(new DescribeImagesCommand({ repositoryName: name, imageIds: [imageId] })),
  );
  const [found] = answer?.imageDetails ?? [];
  return found?.imageDigest === undefined ? undefined : toLive(aws, name, found, found.imageDigest);
}

/** AWS gives images no tags: an image is ours exactly when its repository is. */
async function toLive(aws: Aws, name: string, found: ImageDetail, digest: string): Promise<LiveImage> {
  const theirs = await repositoryTags(aws, aws.arn('ecr', `repository/${name}`));
  const ours = theirs[TAG.resource] === 'image/repository';
  return {
    id: digest,
    tags: ours ? { ...theirs, [TAG.resource]: 'image/worker-image' } : theirs,
    inputHashes: found.imageTags ?? [],
  };
}
