import { CreateSubnetCommand, DeleteSubnetCommand, type Subnet } from '@aws-sdk/client-ec2';
import { blockerOfSubnet } from '../../aws/blockers.ts';
import { ifThere } from '../../aws/errors.ts';
import { retagEc2 } from '../../aws/retag.ts';
import { ec2Tags, fromUpperTags } from '../../aws/tags.ts';
import { clusterName } from '../compute/cluster.ts';
import { BLOCKED, changesOf, defineStep, INTERFACES_LEAVE, must } from '../define.ts';
import { free } from '../monthly-cost.ts';
import { mayChange, mayFind, mayFindBlocker, mayMake, mayRetag } from './permissions.ts';
import type { VpcStep } from './vpc.ts';
import { zoneLetter } from './zone.ts';

export type Tier = 'public' | 'private';

export const subnet = (tier: Tier, zone: string, cidr: string, needs: { vpc: VpcStep }) =>
  defineStep({
    id: `network/subnet/${tier}-${zoneLetter(zone)}`,
    title: `${tier} subnet (${zone})`,
    needs,
    repeatable: 'tags',
    timeouts: BLOCKED,
    holds: 'vpc',
    usual: INTERFACES_LEAVE,
    monthlyCost: free,
    actions: {
      find: mayFind('Subnets'),
      create: mayMake('CreateSubnet'),
      retag: mayRetag,
      explain: mayFindBlocker,
      destroy: mayChange('DeleteSubnet'),
    },
    want: (_config, from) => ({ vpcId: from.vpc.id, zone, cidr }),
    findById: async (aws, id) => toLive(await aws.ec2.subnets.byId(id)),
    findOwned: async (aws, { stepId }) =>
      (await aws.ec2.subnets.byStep(stepId)).flatMap((found) => toLive(found) ?? []),
    diff: (want, live) => changesOf(want, live, { vpcId: 'replace', zone: 'replace', cidr: 'replace' }),
    async create(aws, want, { tags }) {
      const { Subnet } = await aws.clients.ec2Once.send(
        new CreateSubnetCommand({
          VpcId: want.vpcId,
          CidrBlock: want.cidr,
          AvailabilityZone: want.zone,
          TagSpecifications: ec2Tags('subnet', tags),
        }),
      );
      return { ...must(toLive(Subnet), 'the subnet'), tags };
    },
    readiness: (live) => ({ state: live.state === 'available' ? 'ready' : 'waiting', detail: live.state }),
    blockedBy: (aws, live) => blockerOfSubnet(aws, clusterName(aws.stack), live.id),
    retag: (aws, { id }, change) => retagEc2(aws, id, change),
    destroy: (aws, live) => ifThere(aws.clients.ec2.send(new DeleteSubnetCommand({ SubnetId: live.id }))),
  });

export type SubnetStep = ReturnType<typeof subnet>;

function toLive(found: Subnet | undefined) {
  return (
    found && {
      id: must(found.SubnetId, 'a subnet id'),
      tags: fromUpperTags(found.Tags),
      vpcId: found.VpcId ?? '',
      zone: found.AvailabilityZone ?? '',
      cidr: found.CidrBlock ?? '',
      state: found.State ?? 'pending',
    }
  );
}
