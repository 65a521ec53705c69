/** An IAM policy as it is written: what IAM makes of it, IAM says. */
export type PolicyDocument = Readonly<Record<string, unknown>>;

interface ParsedPolicy {
  readonly policy?: PolicyDocument;
  readonly problem?: string;
}

/**
 * Characters, without white space between them. IAM takes 10,240 in all inline policies of a role; the one for the data
 * bucket is below 700. Source: IAM user guide, "IAM and AWS STS quotas".
 */
const LONGEST = 10_240 - 700;

/** Managed policies that a role can have. Source: the same; more on request. */
export const MOST_POLICY_ARNS = 10;

const VERSIONS = ['2012-10-17', '2008-10-17'];

/** JSON of an identity policy. What is wrong is said early, as far as it can be known without IAM. */
export function parseTaskPolicy(text: string): ParsedPolicy {
  let policy: unknown;
  try {
    policy = JSON.parse(text);
  } catch {
    return { problem: 'it is not JSON' };
  }
  const problem = policyProblem(policy);
  return problem === undefined ? { policy: policy as PolicyDocument } : { problem };
}

function policyProblem(policy: unknown): string | undefined {
  if (!isObject(policy)) return 'it is not a JSON object with Version and Statement';
  if (!VERSIONS.includes(String(policy.Version))) return `its Version is not "${VERSIONS[0]}", which IAM goes by today`;
  const statements = Array.isArray(policy.Statement) ? policy.Statement : [policy.Statement];
  if (policy.Statement === undefined || statements.length === 0) return 'it has no Statement';
  for (const [index, statement] of statements.entries()) {
    const why = statementProblem(statement);
    if (why !== undefined) return `statement ${index + 1} ${why}`;
  }
  const names = statements.flatMap(({ Sid }: { Sid?: unknown }) => Sid ?? []);
  if (new Set(names).size < names.length) return 'two of its statements have the same Sid';
  const size = JSON.stringify(policy).length;
  return size > LONGEST
    ? `it has ${size} characters, and a role has room for ${LONGEST} besides its own; use a managed policy, by --task-policy-arns`
    : undefined;
}

function statementProblem(statement: unknown): string | undefined {
  if (!isObject(statement)) return 'is not a JSON object';
  if (['Principal', 'NotPrincipal'].some((member) => member in statement)) {
    return 'has a Principal, which only policies of resources have: here it is the task';
  }
  if (!['Allow', 'Deny'].includes(String(statement.Effect))) return 'has no Effect "Allow" or "Deny"';
  for (const member of ['Action', 'Resource']) {
    if (member in statement === `Not${member}` in statement) return `needs either ${member} or Not${member}`;
  }
  return undefined;
}

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** Of a policy that somebody manages: a customer, or AWS itself. */
export const POLICY_ARN = /^arn:aws[a-z-]*:iam::(\d{12}|aws):policy\/[\w+=,.@/-]+$/;
