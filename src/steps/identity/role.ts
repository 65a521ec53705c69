import {
  CreateRoleCommand,
  DeleteRoleCommand,
  DeleteRolePermissionsBoundaryCommand,
  DeleteRolePolicyCommand,
  DetachRolePolicyCommand,
  GetRoleCommand,
  GetRolePolicyCommand,
  ListAttachedRolePoliciesCommand,
  ListRolePoliciesCommand,
  PutRolePermissionsBoundaryCommand,
  PutRolePolicyCommand,
  type Role,
  UpdateAssumeRolePolicyCommand,
} from '@aws-sdk/client-iam';
import type { Aws } from '../../aws/aws.ts';
import { hasName, ifThere, orUndefined } from '../../aws/errors.ts';
import { retagRole } from '../../aws/retag.ts';
import { fromUpperTags, upperTags } from '../../aws/tags.ts';
import type { StackConfig } from '../../config/schema.ts';
import type { Tags } from '../../engine/ownership.ts';
import type { From, Needs } from '../../engine/step.ts';
import { changesOf, defineStep, must, QUICK } from '../define.ts';
import { free } from '../monthly-cost.ts';
import type { Statement } from './statement.ts';

const PATH = '/temporal-fargate/';
const POLICY_NAME = 'temporal-fargate';

interface LiveRole {
  /** The role's name: unique in the account, whatever its path and case. */
  readonly id: string;
  readonly tags: Tags;
  readonly arn: string;
  readonly trust: unknown;
  /** ARN of the policy that limits what the role's own policies can allow; empty without one. */
  readonly boundary: string;
  readonly policy?: unknown;
}

/** A role that ECS tasks of this account and region may assume, with one inline policy. */
export const role = <const N extends Needs>(
  kind: 'execution' | 'task',
  needs: N,
  statements: (config: StackConfig, from: From<N>) => Statement[],
) =>
  defineStep({
    id: `identity/${kind}-role`,
    title: `${kind} role`,
    needs,
    repeatable: 'name',
    timeouts: QUICK,
    monthlyCost: free,
    want: (config, from) => ({
      name: roleName(kind, config.region, config.stack),
      trust: trustPolicy(config) as unknown,
      boundary: config.permissionsBoundary ?? '',
      policy: { Version: '2012-10-17', Statement: statements(config, from) } as unknown,
    }),
    findById: find,
    findOwned: async (aws, { stack }) =>
      [await find(aws, roleName(kind, aws.region, stack))].flatMap((found) => found ?? []),
    async load(aws, live): Promise<LiveRole> {
      const answer = await orUndefined(
        aws.clients.iam.send(new GetRolePolicyCommand({ RoleName: live.id, PolicyName: POLICY_NAME })),
      );
      return { ...live, policy: parsed(answer?.PolicyDocument) };
    },
    diff: (want, live) => changesOf(want, live, { trust: 'update', boundary: 'update', policy: 'update' }),
    async create(aws, want, { tags }) {
      const { Role } = await aws.clients.iam.send(
        new CreateRoleCommand({
          RoleName: want.name,
          Path: PATH,
          AssumeRolePolicyDocument: JSON.stringify(want.trust),
          Description: `temporal-fargate: ${kind} role`,
          ...(want.boundary && { PermissionsBoundary: want.boundary }),
          Tags: upperTags(tags),
        }),
      );
      return { ...toLive(must(Role, 'the role')), tags, trust: want.trust, boundary: want.boundary };
    },
    async update(aws, live, want, changes) {
      const { iam } = aws.clients;
      const RoleName = live.id;
      if (changes.some(({ field }) => field === 'trust')) {
        const PolicyDocument = JSON.stringify(want.trust);
        await iam.send(new UpdateAssumeRolePolicyCommand({ RoleName, PolicyDocument }));
      }
      if (changes.some(({ field }) => field === 'boundary')) {
        await (want.boundary
          ? iam.send(new PutRolePermissionsBoundaryCommand({ RoleName, PermissionsBoundary: want.boundary }))
          : iam.send(new DeleteRolePermissionsBoundaryCommand({ RoleName })));
      }
      if (changes.some(({ field }) => field === 'policy')) {
        const PolicyDocument = JSON.stringify(want.policy);
        await iam.send(new PutRolePolicyCommand({ RoleName, PolicyName: POLICY_NAME, PolicyDocument }));
      }
      return undefined;
    },
    retag: (aws, { id }, change) => retagRole(aws, id, change),
    async destroy(aws, live) {
      const { iam } = aws.clients;
      const RoleName = live.id;
      await ifThere(iam.send(new DeleteRolePolicyCommand({ RoleName, PolicyName: POLICY_NAME })));
      try {
        await ifThere(iam.send(new DeleteRoleCommand({ RoleName })));
      } catch (error) {
        if (!hasName(error, 'DeleteConflictException')) throw error;
        await stripPolicies(aws, RoleName);
        await ifThere(iam.send(new DeleteRoleCommand({ RoleName })));
      }
    },
  });

export const roleName = (kind: string, region: string, stack: string): string =>
  `temporal-fargate-${region}-${stack}-${kind}`;

/** Only ECS tasks of this very account and region: without the conditions any account's ECS could be made to use it. */
const trustPolicy = ({ accountId, region, partition }: StackConfig): object => ({
  Version: '2012-10-17',
  Statement: [
    {
      Effect: 'Allow',
      Principal: { Service: 'ecs-tasks.amazonaws.com' },
      Action: 'sts:AssumeRole',
      Condition: {
        StringEquals: { 'aws:SourceAccount': accountId },
        ArnLike: { 'aws:SourceArn': `arn:${partition}:ecs:${region}:${accountId}:*` },
      },
    },
  ],
});

/** Somebody attached policies by hand: they go with the role. */
async function stripPolicies(aws: Aws, RoleName: string): Promise<void> {
  const { iam } = aws.clients;
  const inline = await iam.send(new ListRolePoliciesCommand({ RoleName }));
  for (const PolicyName of inline.PolicyNames ?? []) {
    await ifThere(iam.send(new DeleteRolePolicyCommand({ RoleName, PolicyName })));
  }
  const attached = await iam.send(new ListAttachedRolePoliciesCommand({ RoleName }));
  for (const { PolicyArn } of attached.AttachedPolicies ?? []) {
    await ifThere(iam.send(new DetachRolePolicyCommand({ RoleName, PolicyArn: must(PolicyArn, 'a policy ARN') })));
  }
}

async function find(aws: Aws, name: string): Promise<LiveRole | undefined> {
  const answer = await orUndefined(aws.clients.iam.send(new GetRoleCommand({ RoleName: name })));
  return answer?.Role && toLive(answer.Role);
}

function toLive(found: Role): LiveRole {
  return {
    id: must(found.RoleName, 'a role name'),
    tags: fromUpperTags(found.Tags),
    arn: must(found.Arn, 'a role ARN'),
    trust: parsed(found.AssumeRolePolicyDocument),
    boundary: found.PermissionsBoundary?.PermissionsBoundaryArn ?? '',
  };
}

/** IAM answers policy documents URL-encoded. */
function parsed(document: string | undefined): unknown {
  return document === undefined ? undefined : JSON.parse(decodeURIComponent(document));
}
