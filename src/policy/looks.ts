import { CLUSTER, IN_CLUSTER } from '../steps/compute/cluster.ts';
import { LOG_GROUP } from '../steps/compute/log-group.ts';
import { REPOSITORY } from '../steps/image/repository.ts';
import { mayDescribe } from '../steps/network/permissions.ts';
import { ANYTHING, arnIn, may, type Permission, type Scope } from '../steps/permission.ts';
import { SECRET } from '../steps/secrets/temporal-secret.ts';

/*
 * What commands ask of AWS beside their steps, by what it is for. Each is what the file of that name in src/aws, src/preflight
 * or src/commands calls.
 */

/** One look at everything by its tags (src/aws/tags.ts). */
export const maySurvey: readonly Permission[] = [may(ANYTHING, 'tag:GetResources')];

/** Roles that only their names tell of (src/steps/identity/stray-roles.ts): IAM lists all roles, or none. */
export const mayListRoles: readonly Permission[] = [may(ANYTHING, 'iam:ListRoles')];

/** Zones and address ranges, for defaults. */
export const mayFindPlaces: readonly Permission[] = mayDescribe('AvailabilityZones', 'Vpcs');

export const maySeeZones: readonly Permission[] = mayDescribe('AvailabilityZones');
export const maySeeRegions: readonly Permission[] = mayDescribe('Regions');

/** How many tasks run. */
export const mayCountTasks: readonly Permission[] = [may(CLUSTER, 'ecs:DescribeServices')];

/** Whether tasks could work in a network of others (src/aws/existing-network.ts). */
export const mayLookAtNetworks: readonly Permission[] = mayDescribe(
  ...['RouteTables', 'Subnets', 'VpcAttribute', 'VpcEndpoints', 'Vpcs'],
);

/** Of one that does not exist yet IAM knows no path. */
const SERVICE_LINKED_ROLES: Scope = {
  sid: 'LookForServiceLinkedRoles',
  resources: (place) =>
    ['aws-service-role/*', 'AWSServiceRoleFor*'].map((name) => arnIn(place, 'iam', `role/${name}`, { global: true })),
};

/** Room in the account (src/preflight). Whether EC2 would create is asked by creating on trial, with init's permissions. */
export const mayCheckAccount: readonly Permission[] = [
  ...mayDescribe('Addresses', 'AvailabilityZones', 'InternetGateways', 'NatGateways', 'Regions', 'Subnets', 'Vpcs'),
  may(
    ANYTHING,
    'servicequotas:GetAWSDefaultServiceQuota',
    'servicequotas:GetServiceQuota',
    'servicequotas:ListServiceQuotas',
  ),
];

/** Whether AWS's services have their roles already: `init` makes what is missing of them, and `doctor` says so. */
export const maySeeServiceRoles: readonly Permission[] = [may(SERVICE_LINKED_ROLES, 'iam:GetRole')];

/** What runs (src/aws/service-report.ts). */
export const maySeeTasks: readonly Permission[] = [
  may(CLUSTER, 'ecs:DescribeServices', 'ecs:DescribeTasks', 'ecs:ListServiceDeployments'),
  may(IN_CLUSTER, 'ecs:ListTasks'),
];

/** How it scales (src/aws/scaling-report.ts), and by which addresses it reaches Temporal (src/aws/egress.ts). */
export const maySeeScaling: readonly Permission[] = [
  may(
    ANYTHING,
    'application-autoscaling:DescribeScalableTargets',
    'application-autoscaling:DescribeScalingActivities',
    'application-autoscaling:DescribeScalingPolicies',
    'cloudwatch:DescribeAlarms',
  ),
];

export const maySeeEgress: readonly Permission[] = mayDescribe(
  ...['NatGateways', 'NetworkInterfaces', 'RouteTables', 'Subnets'],
);

export const mayReadLogs: readonly Permission[] = [may(LOG_GROUP, 'logs:FilterLogEvents')];

/** The credentials in the stack's own secret (src/commands/temporal-access.ts). */
export const mayReadCredentials: readonly Permission[] = [may(SECRET, 'secretsmanager:GetSecretValue')];

/** After a deployment that worked, what no rollback needs is deleted (src/commands/prune.ts). */
export const mayPrune: readonly Permission[] = [
  ...maySeeTasks,
  may(ANYTHING, 'ecs:DeregisterTaskDefinition', 'ecs:DescribeTaskDefinition', 'ecs:ListTaskDefinitions'),
  may(REPOSITORY, 'ecr:BatchDeleteImage', 'ecr:DescribeImages'),
];
