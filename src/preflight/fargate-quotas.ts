import { UserError } from '../errors.ts';
import { type Check, fail, ok, single, type Verdict, warn } from './check.ts';
import { type LimitOf, type Quota, unknownLimit } from './quotas.ts';
import type { Target, VcpuRange } from './target.ts';

/** Source: Amazon ECS developer guide, "AWS Fargate service quotas" (2026-11). */
const ON_DEMAND: Quota = { service: 'fargate', code: 'L-3032A538', name: 'Fargate On-Demand vCPU resource count' };
const SPOT: Quota = { service: 'fargate', code: 'L-36FBB829', name: 'Fargate Spot vCPU resource count' };

/**
 * A quota of Fargate fails no call: ECS would go on trying for ever. So it has to be known before, for all tasks that
 * auto scaling may start.
 */
export function fargateQuotas({ vcpus }: Target, limitOf: LimitOf): Check[] {
  const check = (quota: Quota, title: string, need: VcpuRange): Check[] =>
    need.max === 0
      ? []
      : [single(`quota/${quota.code}`, title, async () => judgeVcpus(quota, await limitOf(quota), need))];
  return [...check(ON_DEMAND, 'on-demand vCPU quota', vcpus.onDemand), ...check(SPOT, 'Spot vCPU quota', vcpus.spot)];
}

/**
 * Too few for the smallest number of tasks is a failure, too few for the largest a limit to auto scaling.
 *
 * @param limit vCPUs that may run at once in the account and region, those of others among them
 */
export function judgeVcpus(quota: Quota, limit: number | undefined, { min, max }: VcpuRange): Verdict {
  if (limit === undefined) return unknownLimit(quota);
  const raise = `have the quota raised (Service Quotas console, ${quota.code})`;
  if (min > limit) {
    const message = `the quota "${quota.name}" allows ${limit} vCPU, and the smallest number of tasks needs ${min}`;
    return fail(
      new UserError({ code: 'AWS_QUOTA', message, fix: `Choose a smaller --cpu or --min-tasks, or ${raise}.` }),
    );
  }
  const detail = `up to ${max} of ${limit} vCPU, which others may use too`;
  if (max <= limit) return ok(detail);
  return warn(
    `the largest number of tasks needs ${max} vCPU, and the quota allows ${limit}`,
    `Scaling out will stop there: choose a smaller --max-tasks, or ${raise}.`,
  );
}
