import type { StackConfig } from '../config/schema.ts';
import { type PolicyCommand, type PrintedStatement, policyDocuments } from '../policy/index.ts';
import type { GithubPolicies } from '../steps/identity/github-role.ts';
import { repositoryName } from '../steps/image/repository.ts';
import { usedBy } from './used-things.ts';

/** What the workflows of the stack's repository may do, made as `policy` makes it; `undefined` without a repository. */
export function githubPolicies(config: StackConfig): GithubPolicies | undefined {
  if (!config.github) return undefined;
  const { accountId, region, partition, stack, permissionsBoundary: boundary, github } = config;
  const { imageFromStack } = github;
  const images = imageFromStack === undefined ? [] : [repositoryArn(config, imageFromStack)];
  const allowed = (command: PolicyCommand, more: readonly string[] = []): PrintedStatement[] =>
    policyDocuments({
      ...{ commands: [command], accountId, region, partition, stack, boundary },
      uses: [...usedBy(config), ...more],
    })
      .flatMap(({ document }) => document.Statement)
      .flatMap(withoutSecrets);
  return { deploy: allowed('deploy', images), plan: allowed('plan') };
}

const repositoryArn = ({ accountId, region, partition }: StackConfig, stack: string): string =>
  `arn:${partition}:ecr:${region}:${accountId}:repository/${repositoryName(stack)}`;

/** Workflows wait for the health check of the tasks and ask Temporal nothing, so they need no key of it. */
function withoutSecrets(statement: PrintedStatement): PrintedStatement[] {
  const actions = [statement.Action].flat().filter((action) => action !== 'secretsmanager:GetSecretValue');
  return actions.length === 0 ? [] : [{ ...statement, Action: actions }];
}
