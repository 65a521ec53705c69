import type { StackConfig } from '../../config/schema.ts';

export type GithubConfig = NonNullable<StackConfig['github']>;

/** `deploy` changes what runs; `plan` looks, for pull requests. */
export type GithubUse = 'deploy' | 'plan';

/**
 * The subjects of GitHub's tokens for one use, in the old format and in that of repositories made since July 2026, which has
 * the ids. Source: GitHub changelog, "Immutable subject claims for OIDC tokens".
 */
export function subjectsOf(config: GithubConfig, use: GithubUse): readonly string[] {
  const [owner, name] = config.repository.split('/');
  const context = contextOf(config, use);
  return [
    `repo:${config.repository}:${context}`,
    `repo:${owner}@${config.ownerId}/${name}@${config.repositoryId}:${context}`,
  ];
}

function contextOf({ branch, environment }: GithubConfig, use: GithubUse): string {
  if (use === 'plan') return 'pull_request';
  return environment === undefined ? `ref:refs/heads/${branch}` : `environment:${environment}`;
}
