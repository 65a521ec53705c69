import { NO_RANGES, subnetRanges } from './network.ts';
import type { NetworkConfig, Place } from './network-config.ts';
import { type Answers, listOf } from './option.ts';

/** A place that nobody has looked up: nothing is ever created there. */
const NOWHERE: Place = { vpcId: 'vpc-00000000', subnetIds: ['subnet-00000000'], assignPublicIp: false };

/**
 * The network part of a config, still to be parsed.
 *
 * @param place where a network that is not the stack's own was found to be; absent while answers are only compared
 * @returns `tooSmall`: the address range has no room for the subnets, which are left out
 */
export function networkFields(answers: Answers, place: Place = NOWHERE): { fields: object; tooSmall: boolean } {
  const preset = answers.network;
  const { vpcId, subnetIds, assignPublicIp } = place;
  if (preset === 'existing') {
    const assigned = answers.assignPublicIp === 'auto' ? assignPublicIp : answers.assignPublicIp === 'yes';
    const ids = { vpcId: answers.vpcId, subnetIds: listOf(answers.subnetIds) };
    return { fields: { preset, ...ids, assignPublicIp: assigned }, tooSmall: false };
  }
  if (preset === 'shared') {
    return { fields: { preset, stack: answers.networkStack, vpcId, subnetIds, assignPublicIp }, tooSmall: false };
  }
  const zones = listOf(answers.zones);
  const cidr = String(answers.cidr ?? '');
  const ranges = subnetRanges(cidr, zones.length, preset !== 'public');
  return { fields: { preset, cidr, zones, ...(ranges ?? NO_RANGES) }, tooSmall: ranges === undefined };
}

/** The answers that lead to this network. */
export function networkAnswers(network: NetworkConfig): Answers {
  const { preset } = network;
  if (preset === 'shared') return { network: preset, networkStack: network.stack };
  if (preset === 'existing') {
    const { vpcId, subnetIds, assignPublicIp } = network;
    return { network: preset, vpcId, subnetIds: subnetIds.join(','), assignPublicIp: assignPublicIp ? 'yes' : 'no' };
  }
  return { network: preset, cidr: network.cidr, zones: network.zones.join(',') };
}
