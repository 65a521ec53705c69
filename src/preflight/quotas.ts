import {
  GetAWSDefaultServiceQuotaCommand,
  GetServiceQuotaCommand,
  ListServiceQuotasCommand,
  type ServiceQuota,
  type ServiceQuotasClient,
} from '@aws-sdk/client-service-quotas';
import { batched } from '../aws/batch.ts';
import { hasName } from '../aws/errors.ts';
import { pagesOf } from '../aws/paging.ts';
import { UserError } from '../errors.ts';
import { fail, ok, skip, type Verdict } from './check.ts';

export interface Quota {
  readonly service: 'vpc' | 'ec2' | 'fargate';
  /** Code of Service Quotas: "L-F678F1CE". */
  readonly code: string;
  /** Its name there. */
  readonly name: string;
}

/** What the account may have of something; `undefined` when AWS does not say. */
export type LimitOf = (quota: Quota) => Promise<number | undefined>;

/** Quotas that are asked for together are read by one call for each service. */
export function limitsOf(client: ServiceQuotasClient): LimitOf {
  const readers = new Map<string, (code: string) => Promise<number | undefined>>();
  return ({ service, code }) => {
    const reader =
      readers.get(service) ??
      batched(async (codes) => {
        const applied = await (codes.length > 1 ? allApplied(client, service) : oneApplied(client, service, codes));
        const others = codes.filter((one) => !applied.has(one));
        return new Map([...applied, ...(await Promise.all(others.map((one) => byDefault(client, service, one))))]);
      });
    readers.set(service, reader);
    return reader(code);
  };
}

type Limits = ReadonlyMap<string, number | undefined>;

/** Those that have a value of the account's own, which not all of them have. */
async function allApplied(client: ServiceQuotasClient, ServiceCode: string): Promise<Limits> {
  const limits = new Map<string, number>();
  for await (const { quotas = [] } of pagesOf(async (NextToken) => {
    const page = await client.send(new ListServiceQuotasCommand({ ServiceCode, NextToken }));
    return { quotas: page.Quotas, nextToken: page.NextToken };
  }))
    for (const { QuotaCode = '', Value } of quotas) if (Value !== undefined) limits.set(QuotaCode, Value);
  return limits;
}

async function oneApplied(client: ServiceQuotasClient, ServiceCode: string, codes: readonly string[]): Promise<Limits> {
  const [QuotaCode = ''] = codes;
  const value = await valueIn(client.send(new GetServiceQuotaCommand({ ServiceCode, QuotaCode })));
  return new Map(value === undefined ? [] : [[QuotaCode, value]]);
}

async function byDefault(
  client: ServiceQuotasClient,
  ServiceCode: string,
  QuotaCode: string,
): Promise<readonly [code: string, limit: number | undefined]> {
  return [QuotaCode, await valueIn(client.send(new GetAWSDefaultServiceQuotaCommand({ ServiceCode, QuotaCode })))];
}

async function valueIn(answer: Promise<{ readonly Quota?: ServiceQuota | undefined }>): Promise<number | undefined> {
  try {
    return (await answer).Quota?.Value;
  } catch (error) {
    if (hasName(error, 'NoSuchResourceException')) return undefined;
    throw error;
  }
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
