import { CreateServiceLinkedRoleCommand } from '@aws-sdk/client-iam';
import type { Aws } from '../../aws/aws.ts';
import { hasName } from '../../aws/errors.ts';

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
