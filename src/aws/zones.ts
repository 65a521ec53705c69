import { DescribeAvailabilityZonesCommand, type EC2Client } from '@aws-sdk/client-ec2';

/** Zones (by id) that Fargate does not have. Source: Amazon ECS developer guide, "Fargate Regions" (2026-11). */
const WITHOUT_FARGATE = new Set(['usw1-az2', 'apne1-az3', 'use1-az3']);

/** @param zoneId such as "use1-az3": names of zones differ from account to account */
export const hasFargate = (zoneId: string): boolean => !WITHOUT_FARGATE.has(zoneId);

/** Names of the zones in which tasks and a NAT gateway can be, in AWS's order. */
export async function usableZones(ec2: EC2Client): Promise<string[]> {
  const { AvailabilityZones } = await ec2.send(
    new DescribeAvailabilityZonesCommand({
      Filters: [
        { Name: 'zone-type', Values: ['availability-zone'] },
        { Name: 'state', Values: ['available'] },
      ],
    }),
  );
  return (AvailabilityZones ?? [])
    .filter(({ ZoneId }) => hasFargate(ZoneId ?? ''))
    .flatMap(({ ZoneName }) => ZoneName ?? [])
    .sort();
}
