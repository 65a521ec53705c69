import { createHash } from 'node:crypto';

/** Of all roles that this program makes. */
export const ROLE_PATH = '/temporal-fargate/';

const LONGEST_NAME = 64;

/** Unique in the account, so it says where it belongs. What would be too long for IAM ends with its digest. */
export function roleName(kind: string, region: string, stack: string, worker?: string): string {
  // An underscore, which no stack or worker has in its name: a-b of c and a of b-c stay apart.
  const name = `temporal-fargate-${region}-${[stack, worker ?? []].flat().join('_')}-${kind}`;
  if (name.length <= LONGEST_NAME) return name;
  const digest = createHash('sha256').update(name).digest('hex').slice(0, 8);
  return `${name.slice(0, LONGEST_NAME - digest.length - 1)}-${digest}`;
}

/**
 * Patterns for the names of the roles that a stack's tasks have. A digest takes the place of a name's end only, so that what stands before
 * the worker is there in full: no other stack's role fits.
 *
 * @param stack `*` for every stack
 */
export function roleNames(region: string, stack: string): readonly string[] {
  if (stack === '*') return [`temporal-fargate-${region}-*`];
  const ofWorkers = `temporal-fargate-${region}-${stack}_*`;
  return [roleName('execution', region, stack), roleName('task', region, stack), ofWorkers];
}

/**
 * Names of the roles with which workflows work on one stack; where the stack is `*`, `roleNames` fits them as well. They have
 * no boundary, so what is allowed on the roles of tasks must not all be allowed on them.
 */
export const workflowRoleNames = (region: string, stack: string): readonly string[] =>
  stack === '*' ? [] : [roleName('github-deploy', region, stack), roleName('github-plan', region, stack)];

/** Whether a role is called as only one of this stack can be. */
export const isRoleOfStack = (name: string, region: string, stack: string): boolean =>
  [...roleNames(region, stack), ...workflowRoleNames(region, stack)].some((pattern) =>
    pattern.endsWith('*') ? name.startsWith(pattern.slice(0, -1)) : name === pattern,
  );
