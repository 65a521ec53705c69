import {
  GetAWSDefaultServiceQuotaCommand,
  GetServiceQuotaCommand,
  type ServiceQuota,
  type ServiceQuotasClient,
} from '@aws-sdk/client-service-quotas';
import { hasName } from '../aws/errors.ts';
import { UserError } from '../errors.ts';
import { fail, ok, skip, type Verdict } from './check.ts';

export interface Quota {
  readonly service: 'vpc' | 'ec2' | 'fargate';
  /** Code of Service Quotas: "L-F678F1CE". */
  readonly code: string;
  /** Its name there. */
  readonly name: string;
}

/** The account's own value, or AWS's default where it has none. */
export async function quotaOf(
  quotas: ServiceQuotasClient,
  { service, code }: Quota,
  signal: AbortSignal,
): Promise<ServiceQuota> {
  const which = { ServiceCode: service, QuotaCode: code };
  const applied = await quotas.send(new GetServiceQuotaCommand(which), { abortSignal: signal }).catch((error) => {
    if (hasName(error, 'NoSuchResourceException')) return undefined;
    throw error;
  });
  if (applied?.Quota?.Value !== undefined) return applied.Quota;
  const { Quota } = await quotas.send(new GetAWSDefaultServiceQuotaCommand(which), { abortSignal: signal });
  return Quota ?? {};
}

export interface Room {
  readonly quota: Quota;
  /** How many the account may have; `undefined` when AWS does not say. */
  readonly limit: number | undefined;
  /** How many there are that are not this stack's. */
  readonly others: number;
  /** How many this stack has when it is made. */
  readonly wanted: number;
}

/** Whether all that the stack is to have fits beside what others have. */
export function judgeRoom({ quota, limit, others, wanted }: Room): Verdict {
  if (limit === undefined) return unknownLimit(quota);
  const detail = `${wanted} needed, and others have ${others} of ${limit}`;
  if (others + wanted <= limit) return ok(detail);
  return fail(
    new UserError({
      code: 'AWS_QUOTA',
      message: `the quota "${quota.name}" is too small: ${detail}`,
      fix: `Delete ${others + wanted - limit} that nobody needs, or have the quota raised (Service Quotas console, ${quota.code}).`,
    }),
  );
}

export const unknownLimit = ({ code }: Quota): Verdict => skip(`Service Quotas gives no value for ${code}`);
