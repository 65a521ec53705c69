import type { ExistingSecret } from '../aws/existing-secret.ts';
import { TAG } from '../engine/ownership.ts';
import { UserError } from '../errors.ts';

/**
 * The secret, when ECS can use it under this ARN; throws `UserError` BAD_SECRET when it cannot.
 *
 * @param flagFor how it would have to be given under this ARN
 */
export function usableSecret(
  arn: string,
  found: ExistingSecret | undefined,
  accountId: string,
  flagFor: (arn: string) => string,
): ExistingSecret & { readonly version: string } {
  if (!found) throw badSecret(arn, 'does not exist', 'Look for its ARN: aws secretsmanager list-secrets.');
  const { version, kmsKey, tags } = found;
  if (found.arn !== arn) {
    const why = 'is not its whole ARN: policies and ECS know a secret only with the suffix that AWS has added';
    throw badSecret(arn, why, `Give ${flagFor(found.arn)}`);
  }
  if (tags[TAG.managed] !== undefined) {
    const why = `belongs to stack ${tags[TAG.stack]}, and is deleted with it`;
    throw badSecret(arn, why, 'Make a secret that belongs to no stack, or leave this one out.');
  }
  if (found.scheduledForDeletion)
    throw badSecret(
      arn,
      'is scheduled for deletion',
      `Bring it back: aws secretsmanager restore-secret --secret-id ${arn}`,
    );
  if (version === undefined)
    throw badSecret(arn, 'has no value yet', `Give it one: aws secretsmanager put-secret-value --secret-id ${arn} ...`);
  if (kmsKey === undefined && arn.split(':')[4] !== accountId) {
    const why = 'is of another account and encrypted with the key of AWS itself, which no other account can use';
    throw badSecret(arn, why, 'Have it encrypted with a customer-managed key that this account may use.');
  }
  return { ...found, version };
}

export const badSecret = (arn: string, problem: string, fix: string): UserError =>
  new UserError({ code: 'BAD_SECRET', message: `secret ${arn} ${problem}`, fix });
