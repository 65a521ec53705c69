import type { ImageDetail } from '@aws-sdk/client-ecr';
import type { Aws } from '../../aws/aws.ts';
import type { WorkerConfig } from '../../config/schema.ts';
import type { Tags } from '../../engine/ownership.ts';
import { UserError } from '../../errors.ts';
import { defineStep, QUICK } from '../define.ts';
import { inheritedTags } from '../inherited-tags.ts';
import { free } from '../monthly-cost.ts';
import { may } from '../permission.ts';
import { type Destination, mayPush, pushImage } from './push-image.ts';
import { REPOSITORY, type RepositoryStep, repositoryName, repositoryTags } from './repository.ts';
import { storedImage } from './stored-images.ts';

interface LiveImage {
  /** `sha256:…` */
  readonly id: string;
  readonly tags: Tags;
  /** Tags in the repository, each the hash of what the image was made from. */
  readonly inputHashes: readonly string[];
}

/**
 * A worker's image, known by digest. Its tag in the repository is the hash of everything it is made from, so the repository
 * itself tells whether it has to be built. Workers that are made from the same things share it there.
 *
 * @param inputHash what it is to be made from; `undefined` leaves whatever is deployed as it is
 */
export const workerImage = (
  { name }: WorkerConfig,
  inputHash: string | undefined,
  needs: { repository: RepositoryStep },
) =>
  defineStep({
    id: stepId(name),
    title: `worker image (${name})`,
    needs,
    replacedWith: ['repository'],
    repeatable: 'name',
    timeouts: QUICK,
    monthlyCost: free,
    actions: {
      find: [may(REPOSITORY, 'ecr:DescribeImages', 'ecr:ListTagsForResource')],
      create: [mayPush],
      update: [mayPush],
      destroy: [],
    },
    want: (_config, { repository: { id, isEmpty } }) => ({ repository: { id, isEmpty: isEmpty === true }, inputHash }),
    findById: (aws, digest) => find(aws, name, { imageDigest: digest }),
    findOwned: async (aws) => {
      const image = aws.imageOf(name);
      if (!image) return [];
      // The repository is looked at anyway: without it there is no image.
      if (aws.surveying && !(await aws.repositoryNamed(repositoryName(aws.stack)))) return [];
      const found = await find(aws, name, { imageTag: image.inputHash });
      return found ? [found] : [];
    },
    diff(want, live) {
      if (want.inputHash === undefined || live.inputHashes.includes(want.inputHash)) return [];
      return [{ field: 'madeFrom', from: live.inputHashes.join(', '), to: want.inputHash, how: 'update' }];
    },
    create: (aws, want, { tags }) => pushed(aws, name, want.repository, tags),
    revises: () => true,
    async update(aws, { tags }, want) {
      // What was deployed once is there still, for a rollback: nothing has to be built.
      const image = aws.imageOf(name);
      const known = image && (await find(aws, name, { imageTag: image.inputHash }));
      return known ?? pushed(aws, name, want.repository, tags);
    },
    goesWith: 'repository',
    destroy: async () => undefined,
  });

export type WorkerImageStep = ReturnType<typeof workerImage>;

const stepId = (worker: string): string => `image/worker-image/${worker}`;

async function pushed(aws: Aws, worker: string, repository: Destination, tags: Tags): Promise<LiveImage> {
  const image = aws.imageOf(worker);
  if (!image) {
    throw new UserError({
      code: 'IMAGE_GONE',
      message: `the image of ${worker} is not in its repository any more, and this run was not told where to make it from`,
      fix: `Run temporal-fargate init with --worker ${worker} and --worker-dir.`,
    });
  }
  const { inputHash } = image;
  const digest = await aws.together(`push ${inputHash}`, async () => {
    const { digest, bytes } = await pushImage(aws.clients.ecr, repository, await image.build(), inputHash);
    image.pushed?.(bytes);
    return digest;
  });
  return { id: digest, tags, inputHashes: [inputHash] };
}

async function find(
  aws: Aws,
  worker: string,
  imageId: { imageDigest: string } | { imageTag: string },
): Promise<LiveImage | undefined> {
  const found = await storedImage(aws.clients.ecr, aws.stack, imageId);
  return found?.imageDigest === undefined ? undefined : toLive(aws, worker, found, found.imageDigest);
}

async function toLive(aws: Aws, worker: string, found: ImageDetail, digest: string): Promise<LiveImage> {
  const theirs = await repositoryTags(aws, aws.arn('ecr', `repository/${repositoryName(aws.stack)}`));
  return {
    id: digest,
    tags: inheritedTags(theirs, 'image/repository', stepId(worker)),
    inputHashes: found.imageTags ?? [],
  };
}
