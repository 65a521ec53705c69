import { DescribeRegionsCommand, DescribeVpcsCommand, type EC2Client, type Vpc } from '@aws-sdk/client-ec2';

/**
 * Regions of the partition `aws` with their places. Source: AWS regions and availability zones user guide, "AWS Regions"
 * (2026-11). Which of them an account may use, only `enabledRegions` knows.
 */
export const REGION_NAMES: Readonly<Record<string, string>> = {
  'af-south-1': 'Cape Town',
  'ap-east-1': 'Hong Kong',
  'ap-northeast-1': 'Tokyo',
  'ap-northeast-2': 'Seoul',
  'ap-northeast-3': 'Osaka',
  'ap-south-1': 'Mumbai',
  'ap-south-2': 'Hyderabad',
  'ap-southeast-1': 'Singapore',
  'ap-southeast-2': 'Sydney',
  'ap-southeast-3': 'Jakarta',
  'ap-southeast-4': 'Melbourne',
  'ap-southeast-5': 'Malaysia',
  'ap-southeast-7': 'Thailand',
  'ca-central-1': 'Canada (Central)',
  'ca-west-1': 'Calgary',
  'eu-central-1': 'Frankfurt',
  'eu-central-2': 'Zurich',
  'eu-north-1': 'Stockholm',
  'eu-south-1': 'Milan',
  'eu-south-2': 'Spain',
  'eu-west-1': 'Ireland',
  'eu-west-2': 'London',
  'eu-west-3': 'Paris',
  'il-central-1': 'Tel Aviv',
  'me-central-1': 'UAE',
  'me-south-1': 'Bahrain',
  'mx-central-1': 'Mexico (Central)',
  'sa-east-1': 'São Paulo',
  'us-east-1': 'N. Virginia',
  'us-east-2': 'Ohio',
  'us-west-1': 'N. California',
  'us-west-2': 'Oregon',
};

/** The regions that are switched on in this account, sorted. */
export async function enabledRegions(ec2: EC2Client): Promise<string[]> {
  // Without AllRegions, EC2 leaves out those that need an opt-in and have none.
  const { Regions } = await ec2.send(new DescribeRegionsCommand({}));
  return (Regions ?? []).flatMap(({ RegionName }) => RegionName ?? []).sort();
}

/** All VPCs of the account in this region. */
export async function allVpcs(ec2: EC2Client): Promise<Vpc[]> {
  const { Vpcs } = await ec2.send(new DescribeVpcsCommand({}));
  return Vpcs ?? [];
}

/** The ranges of these VPCs, also the added ones; as CIDR. */
export const cidrsOf = (vpcs: readonly Vpc[]): string[] =>
  vpcs.flatMap(({ CidrBlock, CidrBlockAssociationSet }) => [
    ...(CidrBlock === undefined ? [] : [CidrBlock]),
    ...(CidrBlockAssociationSet ?? []).flatMap((added) => added.CidrBlock ?? []),
  ]);
