import {
  CreateRoleCommand,
  DeleteRoleCommand,
  DeleteRolePermissionsBoundaryCommand,
  GetRoleCommand,
  PutRolePermissionsBoundaryCommand,
  type Role,
  UpdateAssumeRolePolicyCommand,
} from '@aws-sdk/client-iam';
import type { Aws } from '../../aws/aws.ts';
import { hasName, ifThere, orUndefined } from '../../aws/errors.ts';
import { retagRole } from '../../aws/retag.ts';
import { fromUpperTags, upperTags } from '../../aws/tags.ts';
import type { StackConfig } from '../../config/schema.ts';
import type { Tags } from '../../engine/ownership.ts';
import { type From, type Needs, withChanges } from '../../engine/step.ts';
import { changesOf, defineStep, must, QUICK } from '../define.ts';
import { free } from '../monthly-cost.ts';
import type { GithubUse } from './github-subjects.ts';
import {
  mayChangeRoles,
  mayDeleteRoles,
  mayFindRoles,
  mayLoadRoles,
  mayMakeRoles,
  mayRetagRoles,
} from './permissions.ts';
import { ROLE_PATH, roleName } from './role-name.ts';
import {
  type FormerGrants,
  type Grants,
  NO_FORMER_GRANTS,
  NO_GRANTS,
  parsedDocument,
  type RolePolicies,
  readPolicies,
  removePolicies,
  stripPolicies,
  writePolicies,
} from './role-policies.ts';
import type { Statement } from './statement.ts';

interface LiveRole extends Partial<RolePolicies> {
  /** The role's name: unique in the account, whatever its path and case. */
  readonly id: string;
  readonly tags: Tags;
  readonly arn: string;
  readonly trust: unknown;
  /** ARN of the policy that limits what the role's own policies can allow; empty without one. */
  readonly boundary: string;
}

export type RoleKind = 'execution' | 'task' | `github-${GithubUse}`;

interface RoleOptions {
  /** Who may assume it; ECS tasks when left out. */
  readonly trust?: (config: StackConfig) => object;
  /** Set for a role that only this worker has. */
  readonly worker?: string | undefined;
  readonly grants?: Grants;
  readonly former?: FormerGrants;
}

/**
 * A role with an inline policy of these statements, which ECS tasks of this account and region may assume. The boundary that
 * a person has asked for is that of tasks.
 */
export const role = <const N extends Needs>(
  kind: RoleKind,
  needs: N,
  statements: (config: StackConfig, from: From<N>) => Statement[],
  { trust, worker, grants = NO_GRANTS, former = NO_FORMER_GRANTS }: RoleOptions = {},
) =>
  defineStep({
    id: ['identity', `${kind}-role`, worker ?? []].flat().join('/'),
    title: worker === undefined ? `${kind} role` : `${kind} role (${worker})`,
    needs,
    repeatable: 'name',
    timeouts: QUICK,
    monthlyCost: free,
    actions: {
      find: mayFindRoles,
      load: mayLoadRoles,
      create: mayMakeRoles,
      update: mayChangeRoles,
      retag: mayRetagRoles,
      destroy: mayDeleteRoles,
      ...(kind === 'execution' && { permanent: true }),
    },
    want: (config, from) => ({
      name: roleName(kind, config.region, config.stack, worker),
      trust: (trust ?? trustOfTasks)(config) as unknown,
      boundary: (trust ? undefined : config.permissionsBoundary) ?? '',
      policy: documentOf(statements(config, from)) as unknown,
      taskPolicy: grants.policy as unknown,
      taskPolicyArns: [...grants.arns].sort(),
    }),
    findById: find,
    findOwned: async (aws, { stack }) =>
      [await find(aws, roleName(kind, aws.region, stack, worker))].flatMap((found) => found ?? []),
    load: async (aws, live): Promise<LiveRole> => ({ ...live, ...(await readPolicies(aws, live.id, grants, former)) }),
    diff: (want, live) =>
      changesOf(want, live, {
        trust: 'update',
        boundary: 'update',
        policy: 'update',
        taskPolicy: 'update',
        taskPolicyArns: 'update',
      }),
    async create(aws, want, { tags }) {
      const { Role } = await aws.clients.iam.send(
        new CreateRoleCommand({
          RoleName: want.name,
          Path: ROLE_PATH,
          AssumeRolePolicyDocument: JSON.stringify(want.trust),
          Description: `temporal-fargate: ${kind} role`,
          ...(want.boundary && { PermissionsBoundary: want.boundary }),
          Tags: upperTags(tags),
        }),
      );
      const { trust, boundary } = want;
      return { ...toLive(must(Role, 'the role')), tags, trust, boundary, taskPolicyArns: [] };
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
      await writePolicies(
        aws,
        RoleName,
        live,
        want,
        changes.map(({ field }) => field),
      );
      return withChanges(live, changes);
    },
    retag: (aws, { id }, change) => retagRole(aws, id, change),
    async destroy(aws, live) {
      const { iam } = aws.clients;
      const RoleName = live.id;
      await removePolicies(aws, RoleName, grants);
      try {
        await ifThere(iam.send(new DeleteRoleCommand({ RoleName })));
      } catch (error) {
        if (!hasName(error, 'DeleteConflictException')) throw error;
        await stripPolicies(aws, RoleName);
        await ifThere(iam.send(new DeleteRoleCommand({ RoleName })));
      }
    },
  });

/** IAM takes no policy without statements. */
const documentOf = (Statement: readonly Statement[]): object | undefined =>
  Statement.length > 0 ? { Version: '2012-10-17', Statement } : undefined;

/** Only ECS tasks of this very account and region: without the conditions any account's ECS could be made to use it. */
const trustOfTasks = ({ accountId, region, partition }: StackConfig): object => ({
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

async function find(aws: Aws, name: string): Promise<LiveRole | undefined> {
  const answer = await orUndefined(aws.clients.iam.send(new GetRoleCommand({ RoleName: name })));
  return answer?.Role && toLive(answer.Role);
}

function toLive(found: Role): LiveRole {
  return {
    id: must(found.RoleName, 'a role name'),
    tags: fromUpperTags(found.Tags),
    arn: must(found.Arn, 'a role ARN'),
    trust: parsedDocument(found.AssumeRolePolicyDocument),
    boundary: found.PermissionsBoundary?.PermissionsBoundaryArn ?? '',
  };
}
