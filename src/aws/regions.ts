import { DescribeRegionsCommand, type EC2Client } from '@aws-sdk/client-ec2';

/** Names of the regions that are enabled for the account, in the order of the alphabet. */
export async function enabledRegions(ec2: EC2Client): Promise<string[]> {
  // Without AllRegions, those that the account would have to opt in to first are left out.
  const { Regions } = await ec2.send(new DescribeRegionsCommand({}));
  return (Regions ?? []).flatMap(({ RegionName }) => RegionName ?? []).sort();
}
