import { CLUSTER, IN_CLUSTER } from '../compute/cluster.ts';
import {
  ANYTHING,
  arnIn,
  type IamAction,
  may,
  ONLY_OTHER_TAGS,
  type Permission,
  type PolicyPlace,
  requestTag,
  resourceTag,
  type Scope,
} from '../permission.ts';
import { USED_VPCS } from '../used.ts';

const TYPES = [
  'vpc',
  'subnet',
  'internet-gateway',
  'elastic-ip',
  'natgateway',
  'route-table',
  'vpc-endpoint',
  'security-group',
] as const;

type Ec2Type = (typeof TYPES)[number];

/**
 * One ARN for each type: IAM's user guide allows no wildcard in place of the type ("IAM JSON policy elements: Resource"),
 * whatever EC2's own examples do.
 */
const things = (place: PolicyPlace, types: readonly Ec2Type[] = TYPES): string[] =>
  types.map((type) => arnIn(place, 'ec2', `${type}/*`));

/**
 * Things that are about to be made, which have no tags yet: the request has to give them. A type must not stand beside one
 * that is made in it: the request's tags would then count for its parent, which may be another stack's.
 */
const newThings = (sid: string, ...types: readonly Ec2Type[]): Scope => ({
  sid,
  resources: (place) => things(place, types),
  conditions: (place) => ({ StringEquals: requestTag(place) }),
});

const NEW_ALONE = newThings('CreateAlone', 'vpc', 'internet-gateway', 'elastic-ip');
const NEW_IN_VPC = newThings('CreateInVpc', 'subnet', 'route-table');
const NEW_INSIDE = newThings('CreateInside', 'natgateway', 'vpc-endpoint', 'security-group');

/** What carries the stack's tag already. AWS makes the ids, so there are no names to go by. */
const OWN: Scope = {
  sid: 'OwnNetwork',
  resources: (place) => things(place),
  conditions: (place) => ({ StringEquals: resourceTag(place) }),
};

/** In AWS, tags given in the creating call need a permission of their own. */
const tagsOf = (operation: string): Scope => ({
  sid: 'TagWhileCreating',
  resources: (place) => things(place),
  conditions: (place) => ({ StringEquals: { ...requestTag(place), 'ec2:CreateAction': [operation] } }),
});

const OTHER_TAGS: Scope = {
  sid: 'OtherTagsOfNetwork',
  resources: (place) => things(place),
  conditions: (place) => ({ StringEquals: resourceTag(place), ...ONLY_OTHER_TAGS }),
};

type Creates =
  | 'CreateVpc'
  | 'CreateInternetGateway'
  | 'AllocateAddress'
  | 'CreateSubnet'
  | 'CreateRouteTable'
  | 'CreateNatGateway'
  | 'CreateVpcEndpoint'
  | 'CreateSecurityGroup';

const NEW: Readonly<Record<Creates, Scope>> = {
  CreateVpc: NEW_ALONE,
  CreateInternetGateway: NEW_ALONE,
  AllocateAddress: NEW_ALONE,
  CreateSubnet: NEW_IN_VPC,
  CreateRouteTable: NEW_IN_VPC,
  CreateNatGateway: NEW_INSIDE,
  CreateVpcEndpoint: NEW_INSIDE,
  CreateSecurityGroup: NEW_INSIDE,
};

/** Making a thing that carries the stack's tags from the first moment, in something that has them already. */
export function mayMake(operation: Creates): readonly Permission[] {
  const action: IamAction = `ec2:${operation}`;
  return [
    may(NEW[operation], action),
    may(tagsOf(operation), 'ec2:CreateTags'),
    ...(NEW[operation] === NEW_ALONE ? [] : [may(OWN, action)]),
    ...(operation === 'CreateSecurityGroup' ? [may(USED_VPCS, action)] : []),
  ];
}

/** Changing or deleting what the stack has made. */
export const mayChange = (...operations: readonly string[]): readonly Permission[] => [
  may(OWN, ...operations.map((operation): IamAction => `ec2:${operation}`)),
];

/** EC2 lets nobody name what may be described: all of the region is seen. */
export const mayDescribe = (...things: readonly string[]): readonly Permission[] => [
  may(ANYTHING, ...things.map((thing): IamAction => `ec2:Describe${thing}`)),
];

/** Finding things of the stack: of many kinds at once, EC2's list of tags says first which there are (src/aws/ec2-kinds.ts). */
export const mayFind = (...things: readonly string[]): readonly Permission[] => mayDescribe(...things, 'Tags');

export const mayRetag: readonly Permission[] = [may(OTHER_TAGS, 'ec2:CreateTags', 'ec2:DeleteTags')];

/** Looking for the network interface that keeps a thing from being deleted, and for the task that it is of. */
export const mayFindBlocker: readonly Permission[] = [
  ...mayDescribe('NetworkInterfaces'),
  may(IN_CLUSTER, 'ecs:ListTasks'),
  may(CLUSTER, 'ecs:DescribeTasks'),
];
