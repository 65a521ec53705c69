import { type Address, AllocateAddressCommand, ReleaseAddressCommand } from '@aws-sdk/client-ec2';
import type { Aws } from '../../aws/aws.ts';
import { ifThere } from '../../aws/errors.ts';
import { retagEc2 } from '../../aws/retag.ts';
import { ec2Tags, fromUpperTags } from '../../aws/tags.ts';
import { BLOCKED, defineStep, must } from '../define.ts';
import { allMonth } from '../monthly-cost.ts';
import type { InternetGatewayStep } from './internet-gateway.ts';
import { mayChange, mayFind, mayMake, mayRetag } from './permissions.ts';
import { zoneLetter } from './zone.ts';

/**
 * A thing of its own, because it costs money by the hour from this call on, used or not.
 *
 * Needs the internet gateway for the sake of destroy only: AWS detaches a gateway last, when the VPC has no mapped
 * public address left.
 */
export const elasticIp = (zone: string, needs: { internetGateway: InternetGatewayStep }) =>
  defineStep({
    id: `network/elastic-ip/${zoneLetter(zone)}`,
    title: `Elastic IP (${zone})`,
    needs,
    repeatable: 'tags',
    timeouts: BLOCKED,
    monthlyCost: () => [allMonth('public IPv4 address', 'public-ipv4-hour')],
    actions: {
      find: mayFind('Addresses', 'NatGateways'),
      create: mayMake('AllocateAddress'),
      retag: mayRetag,
      destroy: mayChange('ReleaseAddress'),
    },
    want: () => ({}),
    findById: async (aws, id) => (await provenByNatGateway(aws, id)) ?? toLive(await aws.ec2.addresses.byId(id)),
    findOwned: async (aws, { stepId }) =>
      (await aws.ec2.addresses.byStep(stepId)).flatMap((found) => toLive(found) ?? []),
    diff: () => [],
    async create(aws, _want, { tags }) {
      const answer = await aws.clients.ec2Once.send(
        new AllocateAddressCommand({ Domain: 'vpc', TagSpecifications: ec2Tags('elastic-ip', tags) }),
      );
      return { ...must(toLive(answer), 'the address'), tags };
    },
    retag: (aws, { id }, change) => retagEc2(aws, id, change),
    destroy: (aws, live) => ifThere(aws.clients.ec2.send(new ReleaseAddressCommand({ AllocationId: live.id }))),
  });

export type ElasticIpStep = ReturnType<typeof elasticIp>;

/**
 * An address that a NAT gateway reports as its own exists: AWS releases none that is in use. In a survey, with its
 * tags in the index, that saves the call.
 */
async function provenByNatGateway(aws: Aws, id: string) {
  if (!aws.surveying) return undefined;
  const users = await aws.natGatewaysOfStack();
  const inUse = users.some(
    ({ State, NatGatewayAddresses }) =>
      (State === 'available' || State === 'pending') &&
      NatGatewayAddresses?.some(({ AllocationId }) => AllocationId === id),
  );
  const tags = inUse ? await aws.indexedTags(aws.arn('ec2', `elastic-ip/${id}`)) : undefined;
  return tags && { id, tags };
}

function toLive(found: Address | undefined) {
  return found && { id: must(found.AllocationId, 'an allocation id'), tags: fromUpperTags(found.Tags) };
}
