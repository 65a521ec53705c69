import type { Vpc } from '@aws-sdk/client-ec2';
import { overlaps, parseCidr } from '../config/network.ts';
import { ok, type Verdict, warn } from './check.ts';
import { withoutOwn } from './others.ts';

export interface NamedRange {
  /** Whose it is: "vpc-0abc". */
  readonly owner: string;
  readonly cidr: string;
}

/** Ranges may overlap, but then the VPCs can never be peered, nor share a VPN or a transit gateway. */
export function judgeRanges(cidr: string, others: readonly NamedRange[]): Verdict {
  const own = parseCidr(cidr);
  const hit = others.filter((other) => {
    const range = parseCidr(other.cidr);
    return own && range && overlaps(own, range);
  });
  if (hit.length === 0) return ok(`${cidr} overlaps with no other VPC of the region`);
  const names = hit.map(({ owner, cidr: range }) => `${owner} (${range})`);
  return warn(
    `${cidr} overlaps with ${names.join(', ')}`,
    'That matters only if the two are ever to be peered or share a VPN: choose another --cidr then.',
  );
}

/** Every range of the VPCs that are not this stack's. */
export const rangesOfOthers = (vpcs: readonly Vpc[], stack: string): NamedRange[] =>
  withoutOwn(vpcs, stack).flatMap(({ VpcId = '', CidrBlock, CidrBlockAssociationSet }) => {
    const cidrs = [CidrBlock, ...(CidrBlockAssociationSet ?? []).map((range) => range.CidrBlock)];
    return [...new Set(cidrs)].flatMap((cidr) => (cidr === undefined ? [] : [{ owner: VpcId, cidr }]));
  });
