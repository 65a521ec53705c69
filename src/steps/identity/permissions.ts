import { arnIn, may, type Permission, type PolicyPlace, type Scope } from '../permission.ts';
import { USED_POLICIES } from '../used.ts';
import { ROLE_PATH, roleNames, workflowRoleNames } from './role-name.ts';

const arnsOf = (place: PolicyPlace, names: readonly string[], path = ROLE_PATH): string[] =>
  names.map((name) => arnIn(place, 'iam', `role${path}${name}`, { global: true }));

const roles = (place: PolicyPlace): string[] => arnsOf(place, roleNames(place.region, place.stack));

const namesOfAll = ({ region, stack }: PolicyPlace): string[] => [
  ...roleNames(region, stack),
  ...workflowRoleNames(region, stack),
];

const bounded = ({ boundary }: PolicyPlace) => ({ 'iam:PermissionsBoundary': [boundary] });

/** Also those of workflows: the stack has them, so they are looked at with it, and go with it. */
const ROLES: Scope = { sid: 'Roles', resources: (place) => arnsOf(place, namesOfAll(place)) };

/** With any path: of a role that does not exist IAM knows none. */
const LOOKED_FOR: Scope = { sid: 'LookForRoles', resources: (place) => arnsOf(place, namesOfAll(place), '/*') };

/**
 * Roles with the boundary, and no others: whoever could make a role without one and hand it to a task, could do everything
 * that the account can.
 */
const BOUNDED: Scope = {
  sid: 'RolesWithBoundary',
  resources: roles,
  conditions: (place) => ({ StringEquals: bounded(place) }),
};

/** What a task runs as. */
const FOR_TASKS: Scope = {
  sid: 'PassRolesToTasks',
  resources: roles,
  conditions: () => ({ StringEquals: { 'iam:PassedToService': ['ecs-tasks.amazonaws.com'] } }),
};

const policiesIn = USED_POLICIES.resources;

/** Roles to which managed policies of a person's are attached; none where no such policy is named. */
const ATTACHED: Scope = {
  sid: 'AttachUsedPolicies',
  resources: (place) => (policiesIn(place).length > 0 ? roles(place) : []),
  conditions: (place) => ({ StringEquals: bounded(place), ArnEquals: { 'iam:PolicyARN': policiesIn(place) } }),
};

export const mayFindRoles: readonly Permission[] = [may(LOOKED_FOR, 'iam:GetRole')];
export const mayLoadRoles: readonly Permission[] = [
  may(ROLES, 'iam:GetRolePolicy'),
  may(withUsedPolicies(ROLES), 'iam:ListAttachedRolePolicies'),
];
export const mayMakeRoles: readonly Permission[] = [may(BOUNDED, 'iam:CreateRole'), may(ROLES, 'iam:TagRole')];
/** Not DeleteRolePermissionsBoundary: that is for an administrator. */
export const mayChangeRoles: readonly Permission[] = [
  may(BOUNDED, 'iam:PutRolePermissionsBoundary', 'iam:PutRolePolicy', 'iam:UpdateAssumeRolePolicy'),
  may(ROLES, 'iam:DeleteRolePolicy'),
  may(ATTACHED, 'iam:AttachRolePolicy', 'iam:DetachRolePolicy'),
];
export const mayRetagRoles: readonly Permission[] = [may(ROLES, 'iam:TagRole', 'iam:UntagRole')];
/** What somebody attached by hand goes with the role. */
export const mayDeleteRoles: readonly Permission[] = [
  may(ROLES, 'iam:DeleteRole', 'iam:DeleteRolePolicy', 'iam:DetachRolePolicy'),
  may(ROLES, 'iam:ListAttachedRolePolicies', 'iam:ListRolePolicies'),
];
export const mayPassRoles: readonly Permission[] = [may(FOR_TASKS, 'iam:PassRole')];

/** The scope where a managed policy is named; nothing elsewhere. */
function withUsedPolicies(scope: Scope): Scope {
  return { ...scope, resources: (place) => (policiesIn(place).length > 0 ? scope.resources(place) : []) };
}
