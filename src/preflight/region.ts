import { DescribeRegionsCommand, type EC2Client } from '@aws-sdk/client-ec2';
import { hasName } from '../aws/errors.ts';
import { UserError } from '../errors.ts';
import { fail, ok, type Verdict } from './check.ts';

/**
 * Where a region that does not answer can be asked about: one of its partition that every account has. `undefined` in
 * partitions without opt-in regions. Source: AWS account management guide, "Enable or disable AWS Regions".
 */
export const regionToAskIn = (region: string): string | undefined =>
  /^(cn|us-gov|us-iso)/.test(region) || region === 'us-east-1' ? undefined : 'us-east-1';

/** `not-opted-in`, `opted-in`, `opt-in-not-required`; `undefined` for a region that does not exist. */
export async function optInStatus(ec2: EC2Client, region: string, signal: AbortSignal): Promise<string | undefined> {
  const question = new DescribeRegionsCommand({ AllRegions: true, RegionNames: [region] });
  try {
    return (await ec2.send(question, { abortSignal: signal })).Regions?.[0]?.OptInStatus;
  } catch (error) {
    if (hasName(error, 'InvalidParameterValue')) return undefined;
    throw error;
  }
}

/** A region that refused credentials which another one took. */
export function judgeRefusingRegion(region: string, status: string | undefined): Verdict {
  if (status === 'opted-in' || status === 'opt-in-not-required') return ok(`${region} is enabled`);
  if (status === undefined) {
    const message = `there is no region ${region}`;
    return fail(new UserError({ code: 'REGION_UNKNOWN', message, fix: 'Check the spelling of --region.' }));
  }
  return fail(
    new UserError({
      code: 'REGION_DISABLED',
      message: `the account has not enabled the region ${region}`,
      fix: 'Enable it (AWS console, Account, AWS Regions; that takes some minutes), or choose another --region.',
    }),
  );
}

/** Only an enabled region answers at all. */
export const answeringRegion = (region: string): Verdict => ok(`${region} is enabled`);
