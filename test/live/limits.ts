/** What a person has to say before anything is made in an account that costs money. */
export interface Limits {
  /** Twelve digits; compared with what STS says. */
  readonly accountId: string;
  /** US dollars that the run may cost at the most. */
  readonly limitUsd: number;
  readonly region: string;
}

/** Longer than a run takes, also one whose waits are all given up at their deadlines. */
export const HOURS = 3;
const HOURS_OF_A_MONTH = 730;

/** Throws an Error that names everything that is missing or wrong. */
export function readLimits(env: NodeJS.ProcessEnv): Limits {
  const { TEMPORAL_FARGATE_LIVE_ACCOUNT, TEMPORAL_FARGATE_LIVE_LIMIT_USD, TEMPORAL_FARGATE_LIVE_REGION } = env;
  const limitUsd = Number(TEMPORAL_FARGATE_LIVE_LIMIT_USD);
  const problems = [
    /^\d{12}$/.test(TEMPORAL_FARGATE_LIVE_ACCOUNT ?? '')
      ? []
      : 'TEMPORAL_FARGATE_LIVE_ACCOUNT: the twelve digits of the account in which things may be made',
    limitUsd > 0 ? [] : 'TEMPORAL_FARGATE_LIVE_LIMIT_USD: how many US dollars the run may cost, such as 1',
    TEMPORAL_FARGATE_LIVE_REGION ? [] : 'TEMPORAL_FARGATE_LIVE_REGION: the region, such as eu-west-1',
    env.TEMPORAL_ADDRESS ? [] : 'TEMPORAL_ADDRESS: the server that the worker polls (and its namespace and key)',
    env.AWS_ENDPOINT_URL ? 'AWS_ENDPOINT_URL has to be unset: this is about AWS itself' : [],
  ].flat();
  if (problems.length > 0)
    throw new Error(`This makes things in a real AWS account that cost money. It needs:\n  ${problems.join('\n  ')}`);
  return {
    accountId: TEMPORAL_FARGATE_LIVE_ACCOUNT as string,
    limitUsd,
    region: TEMPORAL_FARGATE_LIVE_REGION as string,
  };
}

/** US dollars of a run whose stack would cost so much in a month. Throws when that is more than was allowed, or not known. */
export function costOfRun(monthlyUsd: number | null, limitUsd: number): number {
  if (monthlyUsd === null) throw new Error('Not all prices of this region are known, so no limit can be kept.');
  const usd = (monthlyUsd / HOURS_OF_A_MONTH) * HOURS;
  if (usd <= limitUsd) return usd;
  throw new Error(
    `${HOURS} hours of the stack cost ${usd.toFixed(2)} $, and ${limitUsd} $ are allowed (TEMPORAL_FARGATE_LIVE_LIMIT_USD). Nothing was made.`,
  );
}
