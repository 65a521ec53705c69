import { CreateNatGatewayCommand, DeleteNatGatewayCommand, type NatGateway } from '@aws-sdk/client-ec2';
import { ifThere } from '../../aws/errors.ts';
import { retagEc2 } from '../../aws/retag.ts';
import { ec2Tags, fromUpperTags } from '../../aws/tags.ts';
import type { Readiness } from '../../engine/step.ts';
import { changesOf, defineStep, must } from '../define.ts';
import { allMonth } from '../monthly-cost.ts';
import type { ElasticIpStep } from './elastic-ip.ts';
import type { InternetGatewayStep } from './internet-gateway.ts';
import { mayChange, mayFind, mayMake, mayRetag } from './permissions.ts';
import type { SubnetStep } from './subnet.ts';
import { zoneLetter } from './zone.ts';

/** Needs the attached internet gateway: without it AWS lets the gateway fail (Gateway.NotAttached). */
export const natGateway = (
  zone: string,
  needs: { subnet: SubnetStep; elasticIp: ElasticIpStep; internetGateway: InternetGatewayStep },
) =>
  defineStep({
    id: `network/nat-gateway/${zoneLetter(zone)}`,
    title: `NAT gateway (${zone})`,
    needs,
    repeatable: 'token',
    lingers: true,
    timeouts: { ready: 15, gone: 15 },
    usual: { ready: [60, 150], gone: [30, 120] },
    monthlyCost: () => [allMonth('NAT gateway', 'nat-gateway-hour')],
    actions: {
      find: mayFind('NatGateways'),
      create: mayMake('CreateNatGateway'),
      retag: mayRetag,
      destroy: mayChange('DeleteNatGateway'),
    },
    want: (_config, from) => ({ subnetId: from.subnet.id, allocationId: from.elasticIp.id }),
    async findById(aws, id) {
      if (!aws.surveying) return toLive(await aws.ec2.natGateways.byId(id));
      const all = await aws.natGatewaysOfStack();
      return toLive(all.find(({ NatGatewayId }) => NatGatewayId === id) ?? (await aws.ec2.natGateways.byId(id)));
    },
    // A failed one is found too, so that it is deleted and made again.
    findOwned: async (aws, { stepId }) =>
      (await aws.ec2.natGateways.byStep(stepId)).flatMap((found) => toLive(found) ?? []),
    diff: (want, live) => changesOf(want, live, { subnetId: 'replace', allocationId: 'replace' }),
    async create(aws, want, { tags, token }) {
      const { NatGateway } = await aws.clients.ec2.send(
        new CreateNatGatewayCommand({
          SubnetId: want.subnetId,
          AllocationId: want.allocationId,
          ConnectivityType: 'public',
          ClientToken: token,
          TagSpecifications: ec2Tags('natgateway', tags),
        }),
      );
      const made = must(NatGateway, 'the NAT gateway');
      return { ...describe(made), allocationId: want.allocationId, tags };
    },
    readiness: (live): Readiness => {
      if (live.state === 'available') return { state: 'ready', detail: live.state };
      if (live.state === 'deleting') return { state: 'leaving', detail: live.state };
      if (live.state === 'failed') return failed(live);
      return { state: 'waiting', detail: live.state };
    },
    retag: (aws, { id }, change) => retagEc2(aws, id, change),
    destroy: (aws, live) => ifThere(aws.clients.ec2.send(new DeleteNatGatewayCommand({ NatGatewayId: live.id }))),
  });

export type NatGatewayStep = ReturnType<typeof natGateway>;

/** AWS lists a deleted gateway for about an hour: that is gone. */
const toLive = (found: NatGateway | undefined) => (found && found.State !== 'deleted' ? describe(found) : undefined);

function describe(found: NatGateway) {
  return {
    id: must(found.NatGatewayId, 'a NAT gateway id'),
    tags: fromUpperTags(found.Tags),
    subnetId: found.SubnetId ?? '',
    allocationId: found.NatGatewayAddresses?.[0]?.AllocationId ?? '',
    state: found.State ?? 'pending',
    failureCode: found.FailureCode ?? 'unknown',
    failureMessage: found.FailureMessage ?? 'AWS gave no reason',
  };
}

/** By the codes of VPC user guide, "Troubleshoot NAT gateways". A failed gateway costs nothing and is of no use. */
function failed(live: ReturnType<typeof describe>): Readiness {
  const detail = `${live.failureCode}: ${live.failureMessage}`;
  const fix = CURE[live.failureCode]?.(live);
  return fix === undefined
    ? { state: 'failed', detail, remedy: 'remake', fix: 'Run the command again: it makes another one.' }
    : { state: 'failed', detail, remedy: 'delete', fix };
}

/** What a person has to do before another gateway can succeed. The other codes are of AWS's own making, or pass. */
const CURE: Readonly<Record<string, (live: ReturnType<typeof describe>) => string>> = {
  InsufficientFreeAddressesInSubnet: ({ subnetId }) =>
    `Free an address in ${subnetId} by deleting something that is in it, then run the command again.`,
  'Resource.AlreadyAssociated': ({ allocationId }) =>
    `Take the Elastic IP ${allocationId} off whatever has it (aws ec2 disassociate-address), then run the command again.`,
};
