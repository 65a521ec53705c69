import type { OwnNetwork } from '../config/network-config.ts';
import type { StackConfig } from '../config/schema.ts';
import type { Bill, Range } from './bill.ts';

type Preset = OwnNetwork['preset'];

/** What somebody who takes the network has to live with. */
const TRADE_OFF: Readonly<Record<Preset, string>> = {
  public: 'tasks have public addresses, none of them fixed, and still no ingress',
  private: 'one zone carries the outgoing traffic of all',
  'private-per-az': 'a gateway to pay for in every zone',
};

export interface OtherLayout {
  readonly network: Preset;
  readonly tradeOff: string;
  readonly sum: Range;
  /** US dollars a month against the network that was asked for; negative where the other one is cheaper. */
  readonly difference: Range;
}

/** The network with the lowest bill besides the one of this config; `undefined` where prices are missing. */
export function cheapestOther(config: StackConfig, bill: (config: StackConfig) => Bill): OtherLayout | undefined {
  const own = bill(config).sum;
  if (!own) return undefined;
  const others = (Object.keys(TRADE_OFF) as Preset[])
    .filter((preset) => preset !== config.network.preset)
    .flatMap((preset): OtherLayout[] => {
      const { sum } = bill(withNetwork(config, preset));
      if (!sum) return [];
      const difference = { min: sum.min - own.min, max: sum.max - own.max };
      return [{ network: preset, tradeOff: TRADE_OFF[preset], sum, difference }];
    });
  return others.sort((a, b) => a.sum.min - b.sum.min)[0];
}

/**
 * What each network adds to the bill, in US dollars a month, with the smallest and the largest number of tasks;
 * `undefined` where prices are missing. A network that is not the stack's own adds the public addresses of its tasks
 * only, and nothing where they have none.
 */
export function networkPrices(
  config: StackConfig,
  bill: (config: StackConfig) => Bill,
): Readonly<Record<StackConfig['network']['preset'], Range | undefined>> {
  const { network } = config;
  const guest = 'vpcId' in network ? network : GUEST;
  const base = bill({ ...config, network: { ...guest, assignPublicIp: false } }).sum;
  const added = (candidate: StackConfig): Range | undefined => {
    const { sum } = bill(candidate);
    return base && sum && { min: sum.min - base.min, max: sum.max - base.max };
  };
  const asGuest = added({ ...config, network: guest });
  return {
    private: added(withNetwork(config, 'private')),
    'private-per-az': added(withNetwork(config, 'private-per-az')),
    public: added(withNetwork(config, 'public')),
    existing: asGuest,
    shared: asGuest,
  };
}

const GUEST: StackConfig['network'] & { preset: 'existing' } = {
  preset: 'existing',
  vpcId: 'vpc-0',
  subnetIds: ['subnet-0'],
  assignPublicIp: false,
};

/** The same stack in a network of its own; addresses cost nothing, so any range will do. */
function withNetwork(config: StackConfig, preset: Preset): StackConfig {
  const { network, region } = config;
  const zones = 'zones' in network ? network.zones : [`${region}a`, `${region}b`];
  const publicCidrs = zones.map((_zone, index) => `10.0.${index}.0/24`);
  const privateCidrs = preset === 'public' ? [] : zones.map((_zone, index) => `10.0.${100 + index}.0/24`);
  return { ...config, network: { preset, cidr: '10.0.0.0/16', zones, publicCidrs, privateCidrs } };
}
