import {
  AttachInternetGatewayCommand,
  CreateInternetGatewayCommand,
  DeleteInternetGatewayCommand,
  DetachInternetGatewayCommand,
  type InternetGateway,
} from '@aws-sdk/client-ec2';
import { blockerOfGateway } from '../../aws/blockers.ts';
import { ifThere } from '../../aws/errors.ts';
import { retagEc2 } from '../../aws/retag.ts';
import { ec2Tags, fromUpperTags } from '../../aws/tags.ts';
import { withChanges } from '../../engine/step.ts';
import { clusterName } from '../compute/cluster.ts';
import { BLOCKED, changesOf, defineStep, must, PUBLIC_ADDRESSES_LEAVE } from '../define.ts';
import { free } from '../monthly-cost.ts';
import { mayChange, mayFind, mayFindBlocker, mayMake, mayRetag } from './permissions.ts';
import type { VpcStep } from './vpc.ts';

/** Attached by `update`, so that a crash between the two calls leaves a gateway that the next run attaches. */
export const internetGateway = (needs: { vpc: VpcStep }) =>
  defineStep({
    id: 'network/internet-gateway',
    title: 'internet gateway',
    needs,
    // A VPC with a gateway attached cannot be deleted.
    replacedWith: ['vpc'],
    repeatable: 'tags',
    timeouts: BLOCKED,
    usual: PUBLIC_ADDRESSES_LEAVE,
    monthlyCost: free,
    actions: {
      find: mayFind('InternetGateways'),
      create: mayMake('CreateInternetGateway'),
      update: mayChange('AttachInternetGateway', 'DetachInternetGateway'),
      retag: mayRetag,
      explain: mayFindBlocker,
      destroy: mayChange('DeleteInternetGateway', 'DetachInternetGateway'),
    },
    want: (_config, from) => ({ attachedTo: from.vpc.id }),
    findById: async (aws, id) => toLive(await aws.ec2.internetGateways.byId(id)),
    findOwned: async (aws, { stepId }) =>
      (await aws.ec2.internetGateways.byStep(stepId)).flatMap((found) => toLive(found) ?? []),
    diff: (want, live) => changesOf(want, live, { attachedTo: 'update' }),
    async create(aws, _want, { tags }) {
      const { InternetGateway } = await aws.clients.ec2Once.send(
        new CreateInternetGatewayCommand({ TagSpecifications: ec2Tags('internet-gateway', tags) }),
      );
      return { ...must(toLive(InternetGateway), 'the internet gateway'), tags };
    },
    async update(aws, live, want, changes) {
      if (live.attachedTo !== '') await detach(aws, live);
      await aws.clients.ec2.send(
        new AttachInternetGatewayCommand({ InternetGatewayId: live.id, VpcId: want.attachedTo }),
      );
      return withChanges(live, changes);
    },
    blockedBy: (aws, live) => blockerOfGateway(aws, clusterName(aws.stack), live.attachedTo),
    retag: (aws, { id }, change) => retagEc2(aws, id, change),
    async destroy(aws, live) {
      if (live.attachedTo !== '') await detach(aws, live);
      await ifThere(aws.clients.ec2.send(new DeleteInternetGatewayCommand({ InternetGatewayId: live.id })));
    },
  });

export type InternetGatewayStep = ReturnType<typeof internetGateway>;

const detach = (aws: Parameters<InternetGatewayStep['findById']>[0], live: { id: string; attachedTo: string }) =>
  ifThere(
    aws.clients.ec2.send(new DetachInternetGatewayCommand({ InternetGatewayId: live.id, VpcId: live.attachedTo })),
  );

function toLive(found: InternetGateway | undefined) {
  return (
    found && {
      id: must(found.InternetGatewayId, 'an internet gateway id'),
      tags: fromUpperTags(found.Tags),
      /** Empty while it is attached to nothing. */
      attachedTo: found.Attachments?.[0]?.VpcId ?? '',
    }
  );
}
