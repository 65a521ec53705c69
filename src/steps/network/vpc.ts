import { CreateVpcCommand, DeleteVpcCommand, type Vpc } from '@aws-sdk/client-ec2';
import { blockerOfVpc } from '../../aws/blockers.ts';
import { ifThere } from '../../aws/errors.ts';
import { retagEc2 } from '../../aws/retag.ts';
import { ec2Tags, fromUpperTags } from '../../aws/tags.ts';
import { clusterName } from '../compute/cluster.ts';
import { BLOCKED, changesOf, defineStep, must } from '../define.ts';
import { free } from '../monthly-cost.ts';
import { mayChange, mayDescribe, mayFind, mayFindBlocker, mayMake, mayRetag } from './permissions.ts';

/** AWS's defaults are right for DNS: resolution on, which the S3 gateway endpoint needs. */
export const vpc = (cidr: string) =>
  defineStep({
    id: 'network/vpc',
    title: 'VPC',
    needs: {},
    repeatable: 'tags',
    timeouts: BLOCKED,
    monthlyCost: free,
    actions: {
      find: mayFind('Vpcs'),
      create: mayMake('CreateVpc'),
      retag: mayRetag,
      explain: [
        ...mayFindBlocker,
        ...mayDescribe('InternetGateways', 'RouteTables', 'SecurityGroups', 'Subnets', 'VpcEndpoints'),
      ],
      destroy: mayChange('DeleteVpc'),
    },
    want: () => ({ cidr }),
    findById: async (aws, id) => toLive(await aws.ec2.vpcs.byId(id)),
    findOwned: async (aws, { stepId }) => (await aws.ec2.vpcs.byStep(stepId)).flatMap((found) => toLive(found) ?? []),
    diff: (want, live) => changesOf(want, live, { cidr: 'replace' }),
    async create(aws, want, { tags }) {
      const { Vpc } = await aws.clients.ec2Once.send(
        new CreateVpcCommand({ CidrBlock: want.cidr, TagSpecifications: ec2Tags('vpc', tags) }),
      );
      return { ...must(toLive(Vpc), 'the VPC'), tags };
    },
    readiness: (live) => ({ state: live.state === 'available' ? 'ready' : 'waiting', detail: live.state }),
    blockedBy: (aws, live) => blockerOfVpc(aws, clusterName(aws.stack), live.id),
    retag: (aws, { id }, change) => retagEc2(aws, id, change),
    destroy: (aws, live) => ifThere(aws.clients.ec2.send(new DeleteVpcCommand({ VpcId: live.id }))),
  });

export type VpcStep = ReturnType<typeof vpc>;

function toLive(found: Vpc | undefined) {
  return (
    found && {
      id: must(found.VpcId, 'a VPC id'),
      tags: fromUpperTags(found.Tags),
      cidr: found.CidrBlock ?? '',
      state: found.State ?? 'pending',
    }
  );
}
