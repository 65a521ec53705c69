import { GetRoleCommand, ListRolesCommand } from '@aws-sdk/client-iam';
import type { Aws } from '../../aws/aws.ts';
import { orUndefined } from '../../aws/errors.ts';
import { pagesOf } from '../../aws/paging.ts';
import { fromUpperTags } from '../../aws/tags.ts';
import { type Claim, isOwned, TAG } from '../../engine/ownership.ts';
import type { AnyStep } from '../../engine/step.ts';
import { type AwsStep, must } from '../define.ts';
import { keyed } from '../keyed.ts';
import { type RoleKind, role } from './role.ts';
import { isRoleOfStack, ROLE_PATH, roleName } from './role-name.ts';

/** A role as the id of its step says it. */
interface RoleOf {
  readonly kind: RoleKind;
  /** The one worker that has it; `undefined` for a role of the whole stack. */
  readonly worker: string | undefined;
}

/**
 * Steps for the stack's roles that none of the known ones is about, such as that of a worker whose name was in a lost
 * state. No index of tags has roles in it, and IAM lists them without their tags: they are found by their names, and
 * each is asked for its tags.
 */
export async function findStrayRoles(aws: Aws, claim: Claim, known: readonly AnyStep[]): Promise<AwsStep[]> {
  const expected = new Set(known.flatMap(({ id }) => nameOf(aws, id) ?? []));
  const names = (await listRoles(aws)).filter(
    (name) => !expected.has(name) && isRoleOfStack(name, aws.region, claim.stack),
  );
  const found = await Promise.all(names.map((name) => stepOf(aws, claim, name)));
  return found.flatMap((step) => step ?? []);
}

/** The same steps, in which task definitions need those of these roles that they may name: so they go first. */
export const beforeRoles = (steps: readonly AwsStep[], roles: readonly AwsStep[]): AwsStep[] =>
  steps.map((step) => {
    const named = roles.filter(({ id }) => mayName(step.id, roleOf(id)));
    return named.length === 0 ? step : { ...step, needs: { ...step.needs, ...keyed('role', named) } };
  });

/** The workers that have one of these roles to themselves. */
export const workersWithRoles = (roles: readonly AwsStep[]): string[] =>
  roles.flatMap(({ id }) => roleOf(id)?.worker ?? []);

function mayName(stepId: string, named: RoleOf | undefined): boolean {
  const [, worker] = /^compute\/task-definition\/(.+)$/.exec(stepId) ?? [];
  return worker !== undefined && /^(execution|task)$/.test(named?.kind ?? '') && (named?.worker ?? worker) === worker;
}

const OF_A_ROLE = /^identity\/(execution|task|github-deploy|github-plan)-role(?:\/(.+))?$/;

function roleOf(stepId: string): RoleOf | undefined {
  const [, kind, worker] = OF_A_ROLE.exec(stepId) ?? [];
  return kind === undefined ? undefined : { kind: kind as RoleKind, worker };
}

function nameOf({ region, stack }: Aws, stepId: string): string | undefined {
  const known = roleOf(stepId);
  return known && roleName(known.kind, region, stack, known.worker);
}

/** Names of all roles in the account that this program has made. */
async function listRoles({ clients }: Aws): Promise<string[]> {
  const names: string[] = [];
  const pages = pagesOf(async (Marker) => {
    const page = await clients.iam.send(new ListRolesCommand({ PathPrefix: ROLE_PATH, MaxItems: 1000, Marker }));
    return { roles: page.Roles ?? [], nextToken: page.Marker };
  });
  for await (const { roles } of pages) names.push(...roles.map(({ RoleName }) => must(RoleName, 'a role name')));
  return names;
}

/** `undefined` when it is somebody else's by its tags, or of a kind that this program does not make. */
async function stepOf(aws: Aws, claim: Claim, RoleName: string): Promise<AwsStep | undefined> {
  const answer = await orUndefined(aws.clients.iam.send(new GetRoleCommand({ RoleName })));
  const tags = fromUpperTags(answer?.Role?.Tags);
  const id = tags[TAG.resource] ?? '';
  const its = roleOf(id);
  // By another name nobody would find it again.
  if (!its || nameOf(aws, id) !== RoleName || !isOwned(tags, claim, id)) return undefined;
  return role(its.kind, {}, () => [], { worker: its.worker });
}
