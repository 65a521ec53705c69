import {
  AttachRolePolicyCommand,
  DeleteRolePolicyCommand,
  DetachRolePolicyCommand,
  GetRolePolicyCommand,
  ListAttachedRolePoliciesCommand,
  ListRolePoliciesCommand,
  PutRolePolicyCommand,
} from '@aws-sdk/client-iam';
import type { Aws } from '../../aws/aws.ts';
import { ifThere, orUndefined } from '../../aws/errors.ts';
import type { StackConfig, WorkerConfig } from '../../config/schema.ts';
import { must } from '../define.ts';

/** What a person gives to a role besides what this program does. */
export interface Grants {
  readonly policy?: WorkerConfig['taskPolicy'];
  /** Of managed policies. */
  readonly arns: readonly string[];
}

/** What earlier configs gave, and the role may still have. What others attached by hand is in neither, and stays. */
export interface FormerGrants {
  readonly policy: boolean;
  readonly arns: readonly string[];
}

/** What the policies of a role are, as far as they are this program's: a member for each way in which IAM knows them. */
export interface RolePolicies {
  /** Inline, of our own. */
  readonly policy?: unknown;
  /** Inline, as a person wrote it. */
  readonly taskPolicy?: unknown;
  /** ARNs of managed ones, sorted. */
  readonly taskPolicyArns: readonly string[];
}

const INLINE = { policy: 'temporal-fargate', taskPolicy: 'temporal-fargate-worker' } as const;

export const NO_GRANTS = { arns: [] } as const satisfies Grants;
export const NO_FORMER_GRANTS = { policy: false, arns: [] } as const satisfies FormerGrants;

export const grantsOf = ({ taskPolicy, taskPolicyArns }: WorkerConfig): Grants => ({
  ...(taskPolicy && { policy: taskPolicy }),
  arns: taskPolicyArns ?? [],
});

export const isGranted = ({ policy, arns }: Grants): boolean => policy !== undefined || arns.length > 0;

export function formerGrantsOf(configs: readonly StackConfig[]): FormerGrants {
  const grants = configs.flatMap(({ workers }) => workers).map(grantsOf);
  return { policy: grants.some(({ policy }) => policy !== undefined), arns: grants.flatMap(({ arns }) => arns) };
}

/** Reads what may be there; of roles to which nobody has given anything that is one call. */
export async function readPolicies(
  aws: Aws,
  RoleName: string,
  { policy: given, arns }: Grants,
  former: FormerGrants,
): Promise<RolePolicies> {
  const inline = async (PolicyName: string): Promise<unknown> =>
    parsedDocument(
      (await orUndefined(aws.clients.iam.send(new GetRolePolicyCommand({ RoleName, PolicyName }))))?.PolicyDocument,
    );
  const ours = [...arns, ...former.arns];
  const [policy, taskPolicy, attached] = await Promise.all([
    inline(INLINE.policy),
    given || former.policy ? inline(INLINE.taskPolicy) : undefined,
    ours.length > 0 ? attachedTo(aws, RoleName) : [],
  ]);
  return { policy, taskPolicy, taskPolicyArns: attached.filter((arn) => ours.includes(arn)).sort() };
}

/** Writes the policies that are not as wanted; other people's are not touched. */
export async function writePolicies(
  aws: Aws,
  RoleName: string,
  live: Partial<RolePolicies>,
  want: RolePolicies,
  fields: readonly string[],
): Promise<void> {
  const { iam } = aws.clients;
  for (const member of ['policy', 'taskPolicy'] as const) {
    if (!fields.includes(member)) continue;
    const policy = { RoleName, PolicyName: INLINE[member] };
    await (want[member] === undefined
      ? ifThere(iam.send(new DeleteRolePolicyCommand(policy)))
      : iam.send(new PutRolePolicyCommand({ ...policy, PolicyDocument: JSON.stringify(want[member]) })));
  }
  const attached = live.taskPolicyArns ?? [];
  for (const PolicyArn of want.taskPolicyArns.filter((arn) => !attached.includes(arn))) {
    await iam.send(new AttachRolePolicyCommand({ RoleName, PolicyArn }));
  }
  for (const PolicyArn of attached.filter((arn) => !want.taskPolicyArns.includes(arn))) {
    await ifThere(iam.send(new DetachRolePolicyCommand({ RoleName, PolicyArn })));
  }
}

/** Takes away what a role was given by its config, so that it can be deleted. */
export async function removePolicies(aws: Aws, RoleName: string, { policy, arns }: Grants): Promise<void> {
  const { iam } = aws.clients;
  for (const PolicyName of [INLINE.policy, ...(policy ? [INLINE.taskPolicy] : [])]) {
    await ifThere(iam.send(new DeleteRolePolicyCommand({ RoleName, PolicyName })));
  }
  for (const PolicyArn of arns) await ifThere(iam.send(new DetachRolePolicyCommand({ RoleName, PolicyArn })));
}

/** Takes away everything, what somebody attached by hand too: it goes with the role. */
export async function stripPolicies(aws: Aws, RoleName: string): Promise<void> {
  const { iam } = aws.clients;
  const inline = await iam.send(new ListRolePoliciesCommand({ RoleName }));
  for (const PolicyName of inline.PolicyNames ?? []) {
    await ifThere(iam.send(new DeleteRolePolicyCommand({ RoleName, PolicyName })));
  }
  for (const PolicyArn of await attachedTo(aws, RoleName)) {
    await ifThere(iam.send(new DetachRolePolicyCommand({ RoleName, PolicyArn })));
  }
}

async function attachedTo(aws: Aws, RoleName: string): Promise<string[]> {
  const answer = await orUndefined(aws.clients.iam.send(new ListAttachedRolePoliciesCommand({ RoleName })));
  return (answer?.AttachedPolicies ?? []).map(({ PolicyArn }) => must(PolicyArn, 'a policy ARN'));
}

/** IAM answers policy documents URL-encoded. */
export function parsedDocument(document: string | undefined): unknown {
  return document === undefined ? undefined : JSON.parse(decodeURIComponent(document));
}
