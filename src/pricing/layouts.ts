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
      const { sum } = bill({ ...config, network: { ...config.network, preset } });
      if (!sum) return [];
      const difference = { min: sum.min - own.min, max: sum.max - own.max };
      return [{ network: preset, tradeOff: TRADE_OFF[preset], sum, difference }];
    });
  return others.sort((a, b) => a.sum.min - b.sum.min)[0];
}
