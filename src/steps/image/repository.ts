import {
  CreateRepositoryCommand,
  DeleteRepositoryCommand,
  GetLifecyclePolicyCommand,
  ListTagsForResourceCommand,
  PutImageScanningConfigurationCommand,
  PutImageTagMutabilityCommand,
  PutLifecyclePolicyCommand,
  type Repository,
} from '@aws-sdk/client-ecr';
import type { Aws } from '../../aws/aws.ts';
import { ifThere, orUndefined } from '../../aws/errors.ts';
import { retagRepository } from '../../aws/retag.ts';
import { fromUpperTags, upperTags } from '../../aws/tags.ts';
import type { Tags } from '../../engine/ownership.ts';
import { withChanges } from '../../engine/step.ts';
import { changesOf, defineStep, must, QUICK } from '../define.ts';
import { ASSUMED, always } from '../monthly-cost.ts';
import { arnIn, may, type Scope } from '../permission.ts';

/**
 * Expires untagged images only: a rule that counted tagged ones could expire the one that runs. Tagged images are
 * pruned by this tool, which knows what is deployed.
 */
const LIFECYCLE = {
  rules: [
    {
      rulePriority: 1,
      description: 'untagged images',
      selection: { tagStatus: 'untagged', countType: 'sinceImagePushed', countUnit: 'days', countNumber: 7 },
      action: { type: 'expire' },
    },
  ],
};

interface LiveRepository {
  readonly id: string;
  readonly tags: Tags;
  readonly arn: string;
  readonly uri: string;
  readonly mutability: string;
  readonly scanOnPush: boolean;
  readonly lifecycle?: unknown;
  /** Set by the call that made it: nothing is in it. */
  readonly isEmpty?: boolean;
}

export const repository = () =>
  defineStep({
    id: 'image/repository',
    title: 'ECR repository',
    needs: {},
    repeatable: 'name',
    timeouts: QUICK,
    monthlyCost: () => [always('ECR images', ASSUMED.images, 'GB', 'ecr-gb-month')],
    actions: {
      find: [may(REPOSITORY, 'ecr:DescribeRepositories', 'ecr:ListTagsForResource')],
      load: [may(REPOSITORY, 'ecr:GetLifecyclePolicy')],
      create: [may(REPOSITORY, 'ecr:CreateRepository', 'ecr:TagResource')],
      update: [
        may(REPOSITORY, 'ecr:PutImageScanningConfiguration', 'ecr:PutImageTagMutability', 'ecr:PutLifecyclePolicy'),
      ],
      retag: [may(REPOSITORY, 'ecr:TagResource', 'ecr:UntagResource')],
      destroy: [may(REPOSITORY, 'ecr:DeleteRepository')],
    },
    want: (config) => ({
      name: repositoryName(config.stack),
      mutability: 'IMMUTABLE',
      scanOnPush: true,
      lifecycle: LIFECYCLE as unknown,
    }),
    findById: find,
    findOwned: async (aws, { stack }) => [await find(aws, repositoryName(stack))].flatMap((found) => found ?? []),
    async load(aws, live): Promise<LiveRepository> {
      const answer = await orUndefined(
        aws.clients.ecr.send(new GetLifecyclePolicyCommand({ repositoryName: live.id })),
      );
      return answer?.lifecyclePolicyText ? { ...live, lifecycle: JSON.parse(answer.lifecyclePolicyText) } : live;
    },
    diff: (want, live) => changesOf(want, live, { mutability: 'update', scanOnPush: 'update', lifecycle: 'update' }),
    async create(aws, want, { tags }) {
      const answer = await aws.clients.ecr.send(
        new CreateRepositoryCommand({
          repositoryName: want.name,
          imageTagMutability: 'IMMUTABLE',
          imageScanningConfiguration: { scanOnPush: want.scanOnPush },
          encryptionConfiguration: { encryptionType: 'AES256' },
          tags: upperTags(tags),
        }),
      );
      return { ...toLive(must(answer.repository, 'the repository'), tags), isEmpty: true };
    },
    async update(aws, live, want, changes) {
      const { ecr } = aws.clients;
      const repositoryName = live.id;
      const changed = new Set(changes.map(({ field }) => field));
      if (changed.has('mutability')) {
        await ecr.send(new PutImageTagMutabilityCommand({ repositoryName, imageTagMutability: 'IMMUTABLE' }));
      }
      if (changed.has('scanOnPush')) {
        const imageScanningConfiguration = { scanOnPush: want.scanOnPush };
        await ecr.send(new PutImageScanningConfigurationCommand({ repositoryName, imageScanningConfiguration }));
      }
      if (changed.has('lifecycle')) {
        const lifecyclePolicyText = JSON.stringify(want.lifecycle);
        await ecr.send(new PutLifecyclePolicyCommand({ repositoryName, lifecyclePolicyText }));
      }
      return withChanges(live, changes);
    },
    retag: (aws, { arn }, change) => retagRepository(aws, arn, change),
    destroy: (aws, live) =>
      ifThere(aws.clients.ecr.send(new DeleteRepositoryCommand({ repositoryName: live.id, force: true }))),
  });

export type RepositoryStep = ReturnType<typeof repository>;

export const repositoryName = (stack: string): string => `temporal-fargate/${stack}`;

export const REPOSITORY: Scope = {
  sid: 'Repository',
  resources: (place) => [arnIn(place, 'ecr', `repository/${repositoryName(place.stack)}`)],
};

export const repositoryTags = (aws: Aws, arn: string): Promise<Tags> =>
  aws.tagsOf(arn, async () =>
    fromUpperTags((await aws.clients.ecr.send(new ListTagsForResourceCommand({ resourceArn: arn }))).tags),
  );

async function find(aws: Aws, name: string): Promise<LiveRepository | undefined> {
  const found = await aws.repositoryNamed(name);
  if (!found) return undefined;
  const tags = await orUndefined(repositoryTags(aws, must(found.repositoryArn, 'a repository ARN')));
  return tags && toLive(found, tags);
}

function toLive(found: Repository, tags: Tags): LiveRepository {
  return {
    id: must(found.repositoryName, 'a repository name'),
    tags,
    arn: found.repositoryArn ?? '',
    uri: found.repositoryUri ?? '',
    mutability: found.imageTagMutability ?? '',
    scanOnPush: found.imageScanningConfiguration?.scanOnPush ?? false,
  };
}
