import { CreateServiceLinkedRoleCommand } from '@aws-sdk/client-iam';
import type { Aws } from '../../aws/aws.ts';
import { hasName } from '../../aws/errors.ts';
import { arnIn, may, type Permission, type Scope } from '../permission.ts';

/**
 * Makes the role with which a service of AWS acts for itself, if the account has none yet. One per account, shared by
 * everybody in it: never tagged and never deleted by us.
 */
export async function ensureServiceLinkedRole(aws: Aws, service: string): Promise<void> {
  try {
    await aws.clients.iam.send(new CreateServiceLinkedRoleCommand({ AWSServiceName: service }));
  } catch (error) {
    // "Service role name … has been taken in this account"
    if (!hasName(error, 'InvalidInputException')) throw error;
  }
}

/** Making the role of this service of AWS, which anybody may need in a new account; of no other one. */
export const mayMakeServiceLinkedRole = (service: string): readonly Permission[] => [
  may(serviceLinkedRole(service), 'iam:CreateServiceLinkedRole'),
];

const serviceLinkedRole = (service: string): Scope => ({
  sid: 'ServiceLinkedRoles',
  resources: (place) => [arnIn(place, 'iam', 'role/aws-service-role/*', { global: true })],
  conditions: () => ({ StringEquals: { 'iam:AWSServiceName': [service] } }),
});
