import { GetRoleCommand, type IAMClient } from '@aws-sdk/client-iam';
import { hasName } from '../aws/errors.ts';
import { type Check, ok, single, type Verdict } from './check.ts';

/**
 * The roles with which AWS's services act for themselves, one of each in an account. Source: the developer guides of
 * Amazon ECS and Application Auto Scaling, "service-linked roles".
 */
const ROLES: Readonly<Record<string, string>> = {
  ECS: 'AWSServiceRoleForECS',
  'auto scaling': 'AWSServiceRoleForApplicationAutoScaling_ECSService',
};

export const serviceRoles = (iam: IAMClient): Check =>
  single('service-roles', 'service-linked roles', async (abortSignal) => {
    const looks = Object.entries(ROLES).map(async ([owner, RoleName]) =>
      (await exists(iam, RoleName, abortSignal)) ? [] : owner,
    );
    return judgeServiceRoles((await Promise.all(looks)).flat());
  });

/** A missing one is no failure: `init` makes it, as far as iam:CreateServiceLinkedRole allows. */
const judgeServiceRoles = (missing: readonly string[]): Verdict =>
  ok(missing.length === 0 ? 'there' : `not there yet, and made by init: ${missing.join(', ')}`);

async function exists(iam: IAMClient, RoleName: string, abortSignal: AbortSignal): Promise<boolean> {
  try {
    await iam.send(new GetRoleCommand({ RoleName }), { abortSignal });
    return true;
  } catch (error) {
    if (hasName(error, 'NoSuchEntityException')) return false;
    throw error;
  }
}
