import { expect, it } from 'vitest';
import { githubPolicies } from '../../src/commands/github-policies.ts';
import type { StackConfig } from '../../src/config/schema.ts';
import { toStackConfig } from '../../src/config/stack-config.ts';
import { STAND_IN } from '../../src/config/stand-in.ts';
import { listOf } from './matching.ts';

const github = { repository: 'acme/orders', repositoryId: '4711', ownerId: '99', branch: 'main' };

/** On which repositories the roles for GitHub may read images, of a stack whose worker is this image. */
function readable(image: string): Record<string, readonly string[]> {
  const where = { accountId: '123456789012', partition: 'aws' };
  const config: StackConfig = { ...toStackConfig({ ...STAND_IN, workerSource: 'image', image }, where), github };
  return Object.fromEntries(
    Object.entries(githubPolicies(config) ?? {}).map(([use, statements]) => [
      use,
      statements
        .filter(({ Action }) => listOf(Action as string).includes('ecr:BatchGetImage'))
        .flatMap(({ Resource }) => listOf(Resource as string))
        .filter((resource) => !resource.includes('repository/temporal-fargate/dev')),
    ]),
  );
}

it('The workflows of a stack may read the image of --image where it is in ECR, whoever owns it', () => {
  const [ours, theirs] = ['123456789012', '999999999999'].map(
    (account) => `arn:aws:ecr:us-east-1:${account}:repository/team/worker`,
  );
  expect(readable('123456789012.dkr.ecr.us-east-1.amazonaws.com/team/worker:1.4')).toEqual({
    deploy: [ours],
    plan: [ours],
  });
  expect(readable('999999999999.dkr.ecr.us-east-1.amazonaws.com/team/worker')).toEqual({
    deploy: [theirs],
    plan: [theirs],
  });
  expect(readable('ghcr.io/ada/worker:1.4')).toEqual({ deploy: [], plan: [] });
});
