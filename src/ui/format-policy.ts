interface NamedPolicy {
  readonly name: string;
  readonly document: object;
}

/**
 * What there is, and how to give it to IAM.
 *
 * @param longest characters that IAM takes in one policy
 * @param folder where the documents have been written to; `undefined` when they were printed
 */
export function formatPolicies(policies: readonly NamedPolicy[], longest: number, folder: string | undefined): string {
  const lines = policies.map(
    ({ name, document }) => `Policy ${name}: ${JSON.stringify(document).length} of ${longest} characters.`,
  );
  if (folder === undefined) return lines.join('\n');
  return [...lines, 'To make them:', ...policies.map(({ name }) => `  ${createPolicy(name, folder)}`)].join('\n');
}

const createPolicy = (name: string, folder: string): string =>
  `aws iam create-policy --policy-name ${name} --policy-document file://${folder.replace(/\/+$/, '')}/${name}.json`;

/** What an administrator does once, before others can run `init` with a policy that is printed here. */
export function formatBootstrap({
  region,
  stack,
  boundary,
}: {
  readonly region: string;
  readonly stack: string | undefined;
  /** ARN of the boundary. */
  readonly boundary: string;
}): string {
  return [
    'Once, by an administrator of the account: make the boundary (aws iam create-policy), and the state bucket of the region:',
    `  temporal-fargate state create --region ${region}`,
    'From then on whoever has the policy of init names the boundary:',
    `  temporal-fargate init --stack ${stack ?? '<name>'} --region ${region} --permissions-boundary ${boundary}`,
  ].join('\n');
}
