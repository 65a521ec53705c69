import type { Credentials } from '../temporal/target.ts';
import { judgeClock, judgeCredentials } from './account.ts';
import { type Check, single, skip } from './check.ts';
import { dryRuns } from './dry-runs.ts';
import { judgeExpiry } from './expiry.ts';
import { fargateQuotas } from './fargate-quotas.ts';
import { networkQuotas } from './network-quotas.ts';
import { limitsOf } from './quotas.ts';
import { judgeRanges, rangesOfOthers } from './ranges.ts';
import { answeringRegion } from './region.ts';
import { serviceRoles } from './service-roles.ts';
import { judgeSpot } from './spot.ts';
import type { Target } from './target.ts';
import { judgeZones } from './zones.ts';

export interface Caller {
  /** ARN */
  readonly arn: string;
  readonly expiration: Date | undefined;
  readonly region: string;
  /** AWS's clock minus this machine's. */
  readonly clockOffsetMs: number | undefined;
}

/** What the first answer of AWS has told already. */
export const callerChecks = ({ arn, expiration, region, clockOffsetMs }: Caller): Check[] => [
  single('credentials', 'AWS credentials', () => judgeCredentials(arn, expiration, Date.now())),
  single('region', 'region', () => answeringRegion(region)),
  single('clock', 'clock', () => judgeClock(clockOffsetMs)),
];

/**
 * IAM could simulate the caller's policies, but only for callers that may iam:SimulatePrincipalPolicy, and it knows neither
 * the policies of a session nor the tags that conditions ask for: its no is not certain, and a wrong one stops a good run.
 */
const NO_DRY_RUN = 'only EC2 can be asked without doing it';

/**
 * Whether the account has room for the stack, and lets these credentials make it.
 *
 * @param all also what can be in nobody's way, and is only worth knowing
 */
export function accountChecks(target: Target, all: boolean): Check[] {
  const { clients, network, workers, stack, zones, vpcs } = target;
  const limitOf = limitsOf(clients.quotas);
  return [
    ...dryRuns(target),
    single('permissions/others', 'permissions of others', () => skip(NO_DRY_RUN)),
    ...(all ? [serviceRoles(clients.iam)] : []),
    ...networkQuotas(target, limitOf),
    ...fargateQuotas(target, limitOf),
    ...(network
      ? [
          single('zones', 'availability zones', async () => judgeZones(network.zones, await zones())),
          single('cidr', 'address range', async () => judgeRanges(network.cidr, rangesOfOthers(await vpcs(), stack))),
        ]
      : []),
    single('spot', 'Spot', () => judgeSpot(workers)),
  ];
}

export const expiryCheck = (credentials: () => Promise<Credentials>): Check =>
  single('temporal/expiry', 'Temporal: expiry', async () => judgeExpiry(await credentials(), Date.now()));
