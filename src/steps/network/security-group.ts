import {
  AuthorizeSecurityGroupEgressCommand,
  CreateSecurityGroupCommand,
  DeleteSecurityGroupCommand,
  type IpPermission,
  RevokeSecurityGroupEgressCommand,
  RevokeSecurityGroupIngressCommand,
  type SecurityGroup,
} from '@aws-sdk/client-ec2';
import { blockerOfGroup } from '../../aws/blockers.ts';
import { ifThere } from '../../aws/errors.ts';
import { retagEc2 } from '../../aws/retag.ts';
import { ec2Tags, fromUpperTags } from '../../aws/tags.ts';
import type { StackConfig } from '../../config/schema.ts';
import { clusterName } from '../compute/cluster.ts';
import { BLOCKED, canonical, changesOf, defineStep, INTERFACES_LEAVE, must } from '../define.ts';
import { free } from '../monthly-cost.ts';
import { mayChange, mayFind, mayFindBlocker, mayMake, mayRetag } from './permissions.ts';
import type { VpcStep } from './vpc.ts';

const EVERYWHERE = { IpRanges: [{ CidrIp: '0.0.0.0/0' }] };

/** What AWS gives every new group; workers dial out and are never dialled. */
const ALL_EGRESS: IpPermission[] = [{ IpProtocol: '-1', ...EVERYWHERE }];

/**
 * The ways out. Names are looked up at the VPC's own resolver, and the role's credentials at the task itself: security
 * groups have no say in either. Source: Amazon VPC user guide, "Security groups".
 */
function egressOf({ egressPorts, temporal }: StackConfig): IpPermission[] {
  if (!egressPorts) return ALL_EGRESS;
  const temporalPort = Number(temporal.address.split(':').at(-1));
  const isOpen = (port: number): boolean => egressPorts.some(({ from, to }) => from <= port && port <= to);
  const always = [...new Set([443, temporalPort])].filter((port) => !isOpen(port));
  const ranges = [...always.map((port) => ({ from: port, to: port })), ...egressPorts];
  return ranges.map(({ from, to }) => ({ IpProtocol: 'tcp', FromPort: from, ToPort: to, ...EVERYWHERE }));
}

/** @param vpc the stack's own, or the id of one that is not */
export const securityGroup = (vpc: VpcStep | string) =>
  defineStep({
    id: 'network/security-group',
    title: 'security group (no ingress)',
    needs: (typeof vpc === 'string' ? {} : { vpc }) as Readonly<Record<string, VpcStep>>,
    // AWS would refuse a second one of this name, but it is found by its tags, which are late.
    repeatable: 'tags',
    timeouts: BLOCKED,
    holds: 'vpc',
    usual: INTERFACES_LEAVE,
    monthlyCost: free,
    actions: {
      find: mayFind('SecurityGroups'),
      create: mayMake('CreateSecurityGroup'),
      update: mayChange('AuthorizeSecurityGroupEgress', 'RevokeSecurityGroupEgress', 'RevokeSecurityGroupIngress'),
      retag: mayRetag,
      explain: mayFindBlocker,
      destroy: mayChange('DeleteSecurityGroup'),
    },
    want: (config, from) => ({
      vpcId: typeof vpc === 'string' ? vpc : must(from.vpc, 'a VPC').id,
      name: `temporal-fargate-${config.stack}-worker`,
      ingress: [] as string[],
      egress: egressOf(config).map(ruleText).sort(),
      egressRules: egressOf(config),
    }),
    findById: async (aws, id) => toLive(await aws.ec2.securityGroups.byId(id)),
    findOwned: async (aws, { stepId }) =>
      (await aws.ec2.securityGroups.byStep(stepId)).flatMap((found) => toLive(found) ?? []),
    diff: (want, live) =>
      changesOf(want, live, { vpcId: 'replace', name: 'replace', ingress: 'update', egress: 'update' }),
    async create(aws, want, { tags }) {
      const { GroupId } = await aws.clients.ec2.send(
        new CreateSecurityGroupCommand({
          GroupName: want.name,
          Description: 'Temporal workers: nothing in',
          VpcId: want.vpcId,
          TagSpecifications: ec2Tags('security-group', tags),
        }),
      );
      const { vpcId, name, ingress } = want;
      return {
        id: must(GroupId, 'a group id'),
        tags,
        vpcId,
        name,
        ingress,
        egress: ALL_EGRESS.map(ruleText),
        rules: { ingress: [], egress: ALL_EGRESS },
      };
    },
    async update(aws, live, want) {
      const { ec2 } = aws.clients;
      const GroupId = live.id;
      if (live.rules.ingress.length > 0) {
        await ec2.send(new RevokeSecurityGroupIngressCommand({ GroupId, IpPermissions: live.rules.ingress }));
      }
      if (canonical(live.egress) !== canonical(want.egress)) {
        // First the new ways, then the old ones: no task is ever without one.
        const missing = want.egressRules.filter((rule) => !live.egress.includes(ruleText(rule)));
        if (missing.length > 0)
          await ec2.send(new AuthorizeSecurityGroupEgressCommand({ GroupId, IpPermissions: missing }));
        const extra = live.rules.egress.filter((rule) => !want.egress.includes(ruleText(rule)));
        if (extra.length > 0) await ec2.send(new RevokeSecurityGroupEgressCommand({ GroupId, IpPermissions: extra }));
      }
      return undefined;
    },
    blockedBy: (aws, live) => blockerOfGroup(aws, clusterName(aws.stack), live.id),
    retag: (aws, { id }, change) => retagEc2(aws, id, change),
    destroy: (aws, live) => ifThere(aws.clients.ec2.send(new DeleteSecurityGroupCommand({ GroupId: live.id }))),
  });

export type SecurityGroupStep = ReturnType<typeof securityGroup>;

function toLive(found: SecurityGroup | undefined) {
  if (!found) return undefined;
  const ingress = (found.IpPermissions ?? []).flatMap(onePeerEach);
  const egress = (found.IpPermissionsEgress ?? []).flatMap(onePeerEach);
  return {
    id: must(found.GroupId, 'a group id'),
    tags: fromUpperTags(found.Tags),
    vpcId: found.VpcId ?? '',
    name: found.GroupName ?? '',
    ingress: ingress.map(ruleText).sort(),
    egress: egress.map(ruleText).sort(),
    rules: { ingress, egress },
  };
}

/**
 * AWS joins rules of one protocol and port into one permission with many peers. Apart, a peer too many can be revoked
 * without closing the way of the others.
 */
function onePeerEach(rule: IpPermission): IpPermission[] {
  const { IpRanges, Ipv6Ranges, PrefixListIds, UserIdGroupPairs, ...ports } = rule;
  return [
    ...(IpRanges ?? []).map((range) => ({ ...ports, IpRanges: [range] })),
    ...(Ipv6Ranges ?? []).map((range) => ({ ...ports, Ipv6Ranges: [range] })),
    ...(PrefixListIds ?? []).map((list) => ({ ...ports, PrefixListIds: [list] })),
    ...(UserIdGroupPairs ?? []).map((pair) => ({ ...ports, UserIdGroupPairs: [pair] })),
  ];
}

/** One rule in words: "-1 0.0.0.0/0", "tcp 22-22 10.0.0.0/8". */
function ruleText({
  IpProtocol,
  FromPort,
  ToPort,
  IpRanges,
  Ipv6Ranges,
  UserIdGroupPairs,
  PrefixListIds,
}: IpPermission): string {
  const ports = IpProtocol === '-1' || FromPort === undefined ? '' : ` ${FromPort}-${ToPort}`;
  const peers = [
    ...(IpRanges ?? []).map(({ CidrIp }) => CidrIp),
    ...(Ipv6Ranges ?? []).map(({ CidrIpv6 }) => CidrIpv6),
    ...(UserIdGroupPairs ?? []).map(({ GroupId }) => GroupId),
    ...(PrefixListIds ?? []).map(({ PrefixListId }) => PrefixListId),
  ];
  return `${IpProtocol}${ports} ${peers.join(',')}`;
}
