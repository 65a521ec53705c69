import type { StateDocument } from '../../state/document.ts';
import type { StackConfig } from '../config/schema.ts';
import { type Bill, billOf, type Range } from '../pricing/bill.ts';
import type { RegionPrices } from '../pricing/prices.ts';
import { PRICE_TABLE } from '../pricing/table.ts';
import { infrastructure } from '../steps/index.ts';
import { formatMonthly } from '../ui/format-cost.ts';
import { storedConfig } from './stored-config.ts';

export const tablePrices = (region: string): RegionPrices => PRICE_TABLE[region] ?? {};

/** What a stack of this config costs in a month. */
export const billFor = (config: StackConfig, prices: RegionPrices = tablePrices(config.region)): Bill =>
  billOf(infrastructure(config), config, prices);

/** The smallest and the largest number of tasks of all workers together. */
export const tasksOf = ({ workers }: StackConfig): Range => ({
  min: workers.reduce((sum, { scaling }) => sum + scaling.min, 0),
  max: workers.reduce((sum, { scaling }) => sum + scaling.max, 0),
});

/** "Monthly bill in AWS: 49.15 $ with 1 task", and what that changes for a stack that is there already. */
export function monthlyLine(config: StackConfig, document: StateDocument | undefined): string {
  const before = storedConfig(document?.configs.at(-1));
  return formatMonthly(config.region, billFor(config), tasksOf(config), before && billFor(before).sum);
}
