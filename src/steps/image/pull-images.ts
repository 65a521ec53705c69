import type { StackConfig } from '../../config/schema.ts';
import { ecrRepositoryOf, parseImageReference } from '../../image/reference.ts';
import type { Statement } from '../identity/statement.ts';

/**
 * What the execution role needs to pull the workers' images, and nothing besides; images of other registries are public.
 *
 * @param own ARN of the stack's own repository, if it has one
 */
export function mayPullImages(config: StackConfig, own: string | undefined): Statement[] {
  const theirs = config.workers.flatMap(({ image }) => repositoryArn(config, image) ?? []);
  const [first, ...more] = [...new Set([...(own === undefined ? [] : [own]), ...theirs])];
  if (first === undefined) return [];
  return [
    // The one call of ECR that knows no resource.
    { Sid: 'Token', Effect: 'Allow', Action: 'ecr:GetAuthorizationToken', Resource: '*' },
    {
      Sid: 'Pull',
      Effect: 'Allow',
      Action: ['ecr:BatchCheckLayerAvailability', 'ecr:GetDownloadUrlForLayer', 'ecr:BatchGetImage'],
      Resource: more.length === 0 ? first : [first, ...more],
    },
  ];
}

/** `undefined` when the image is not in a private repository of ECR. */
function repositoryArn({ partition }: StackConfig, image: string | undefined): string | undefined {
  const reference = image === undefined ? undefined : parseImageReference(image);
  const found = reference && ecrRepositoryOf(reference);
  return found && `arn:${partition}:ecr:${found.region}:${found.accountId}:repository/${found.name}`;
}
