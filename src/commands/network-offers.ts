import { type FoundSubnet, listSubnets, listVpcs } from '../aws/existing-network.ts';
import type { Connection } from './connect.ts';
import type { CommandInput } from './input.ts';
import { listed, type Offer, type Offers } from './offers.ts';
import { shareableStacks } from './shared-network.ts';

/** What AWS tells of networks that are there already. */
export function networkOffers({ io }: CommandInput, connection: Connection): Offers {
  const { ec2 } = connection.clients;
  return {
    vpcId: async () =>
      offerOf(await listed(io, 'The VPCs', () => listVpcs(ec2)), ({ id, name, cidr, stack }) => ({
        value: id,
        beside: [cidr, name, stack === undefined ? undefined : `of stack ${stack}`].filter(Boolean).join(', '),
      })),
    subnetIds: async ({ vpcId }) =>
      offerSubnets(await listed(io, 'The subnets', () => listSubnets(ec2, String(vpcId)))),
    networkStack: async () => {
      const stacks = await listed(io, 'The stacks of this account', async () => {
        const store = await connection.findStore();
        return store ? shareableStacks(store, connection.stack) : [];
      });
      return offerOf(stacks, (value) => ({ value }));
    },
  };
}

function offerOf<T>(
  things: readonly T[] | undefined,
  choice: (thing: T) => Offer['choices'][number],
): Offer | undefined {
  return things === undefined || things.length === 0 ? undefined : { choices: things.map(choice) };
}

const WAYS: Readonly<Partial<Record<FoundSubnet['way']['leads'], string>>> = {
  nat: 'out through a NAT gateway',
  'internet-gateway': 'out through an internet gateway',
  perhaps: 'perhaps a way out',
  none: 'no way out',
};

/** All subnets that lead the same way, as one choice, the best first; a selection of them is typed. */
function offerSubnets(subnets: readonly FoundSubnet[] | undefined): Offer | undefined {
  const choices = Object.entries(WAYS).flatMap(([leads, way]) => {
    const alike = (subnets ?? []).filter((subnet) => subnet.way.leads === leads);
    if (alike.length === 0) return [];
    const zones = new Set(alike.map(({ zone }) => zone)).size;
    const value = alike.map(({ id }) => id).join(',');
    return [
      {
        value,
        name: `${alike.length} in ${zones} zone${zones === 1 ? '' : 's'}`,
        beside: way,
        about: value.replaceAll(',', ', '),
      },
    ];
  });
  return choices.length === 0 ? undefined : { choices, other: 'Other subnets' };
}
