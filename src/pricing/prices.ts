import type { PriceName } from '../steps/monthly-cost.ts';

/** A list price, without taxes and free tiers. */
export interface Price {
  /** US dollars for one unit. */
  readonly usd: number;
  /** Publication of the list that it was read from, or the day on which the page showed it: 2026-09-11. */
  readonly asOf: string;
  readonly source: string;
}

/** What is known of one region. A price that is missing is not known: nothing is put in its place. */
export type RegionPrices = { readonly [name in PriceName]?: Price };

/** Prices that were read from one place. */
export const priced = (
  source: string,
  asOf: string,
  usd: { readonly [name in PriceName]?: number },
): Record<string, Price> =>
  Object.fromEntries(Object.entries(usd).map(([name, price]) => [name, { usd: price, asOf, source }]));
