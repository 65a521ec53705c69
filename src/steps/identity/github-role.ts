import { githubProviderArn } from '../../aws/github-provider.ts';
import { type GithubConfig, type GithubUse, subjectsOf } from './github-subjects.ts';
import { role } from './role.ts';
import type { Statement } from './statement.ts';

/** What each use needs; steps do not know the policies of commands. */
export type GithubPolicies = Readonly<Record<GithubUse, readonly Statement[]>>;

/** Roles for the workflows of one repository: one that deploys, and one for pull requests that only looks. */
export const githubRoles = (github: GithubConfig, policies: GithubPolicies | undefined) =>
  (['deploy', 'plan'] as const).map((use) =>
    role(`github-${use}`, {}, () => [...(policies?.[use] ?? [])], {
      trust: ({ partition, accountId }) => trustOfWorkflows(githubProviderArn(partition, accountId), github, use),
    }),
  );

/**
 * Exactly these workflows. `aud` alone would let in every repository of GitHub; the id holds when a name is given up and
 * taken by somebody else. Source: IAM user guide, "Configuring a role for GitHub OIDC identity provider".
 */
function trustOfWorkflows(provider: string, github: GithubConfig, use: GithubUse): object {
  const claim = (name: string): string => `token.actions.githubusercontent.com:${name}`;
  return {
    Version: '2012-10-17',
    Statement: [
      {
        Effect: 'Allow',
        Principal: { Federated: provider },
        Action: 'sts:AssumeRoleWithWebIdentity',
        Condition: {
          StringEquals: {
            [claim('aud')]: 'sts.amazonaws.com',
            [claim('repository_id')]: github.repositoryId,
            [claim('sub')]: subjectsOf(github, use),
          },
        },
      },
    ],
  };
}
