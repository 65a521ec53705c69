import type { StackConfig } from '../config/schema.ts';
import type { Bill, Range } from './bill.ts';

type Nat = StackConfig['network']['nat'];

/** What somebody who takes the layout has to live with. */
const TRADE_OFF: Readonly<Record<Nat, string>> = {
  none: 'tasks have public addresses, none of them fixed, and still no ingress',
  single: 'one zone carries the outgoing traffic of all',
  'per-zone': 'a gateway to pay for in every zone',
};

export interface OtherLayout {
  readonly nat: Nat;
  readonly tradeOff: string;
  readonly sum: Range;
  /** US dollars a month against the layout that was asked for; negative where the other one is cheaper. */
  readonly difference: Range;
}

/** The layout of the network with the lowest bill besides the one of this config; `undefined` where prices are missing. */
export function cheapestOther(config: StackConfig, bill: (config: StackConfig) => Bill): OtherLayout | undefined {
  const own = bill(config).sum;
  if (!own) return undefined;
  const others = (Object.keys(TRADE_OFF) as Nat[])
    .filter((nat) => nat !== config.network.nat)
    .flatMap((nat): OtherLayout[] => {
      const { sum } = bill({ ...config, network: { ...config.network, nat } });
      if (!sum) return [];
      return [{ nat, tradeOff: TRADE_OFF[nat], sum, difference: { min: sum.min - own.min, max: sum.max - own.max } }];
    });
  return others.sort((a, b) => a.sum.min - b.sum.min)[0];
}
