import type { StateDocument } from '../../state/document.ts';
import type { Answers } from '../config/option.ts';
import type { StackConfig } from '../config/schema.ts';
import { toStackConfig } from '../config/stack-config.ts';
import { STAND_IN } from '../config/stand-in.ts';
import { ONLY_WORKER, type WorkerAnswers } from '../config/worker-config.ts';
import { type Bill, billOf, type Range } from '../pricing/bill.ts';
import { networkPrices } from '../pricing/layouts.ts';
import type { RegionPrices } from '../pricing/prices.ts';
import { PRICE_TABLE } from '../pricing/table.ts';
import { taskRange } from '../steps/compute/task-range.ts';
import { infrastructure } from '../steps/index.ts';
import { formatAdded, formatMonthly } from '../ui/format-cost.ts';
import { storedConfig } from './stored-config.ts';

export const tablePrices = (region: string): RegionPrices => PRICE_TABLE[region] ?? {};

/** What a stack of this config costs in a month. */
export const billFor = (config: StackConfig, prices: RegionPrices = tablePrices(config.region)): Bill =>
  billOf(infrastructure(config), config, prices);

/** The smallest and the largest number of tasks of all workers together. */
export const tasksOf = ({ workers }: StackConfig): Range => ({
  min: workers.reduce((sum, worker) => sum + taskRange(worker).min, 0),
  max: workers.reduce((sum, worker) => sum + taskRange(worker).max, 0),
});

/** "Monthly bill in AWS: 49.15 $ with 1 task", and what that changes for a stack that is there already. */
export function monthlyLine(config: StackConfig, document: StateDocument | undefined): string {
  const before = storedConfig(document?.configs.at(-1));
  return formatMonthly(config.region, billFor(config), tasksOf(config), before && billFor(before).sum);
}

/**
 * What each network adds to the monthly bill, to be shown beside its name: "36.50 $ a month". Can be said before the
 * other questions are answered: of them only region, zones and the number of tasks count, for which the defaults stand in.
 *
 * @param workers where they are answered apart
 */
export function networkPriceTexts(
  answers: Answers,
  workers: readonly WorkerAnswers[] = [{ name: ONLY_WORKER, answers }],
): Readonly<Record<string, string>> {
  const region = String(answers.region);
  const zones = String(answers.zones ?? `${region}a,${region}b`);
  const account = { accountId: '000000000000', partition: 'aws' };
  const counted = workers.map(({ name, answers: { minTasks = 1, maxTasks = 10 } }) => ({
    name,
    answers: { ...STAND_IN, minTasks, maxTasks },
  }));
  const config = toStackConfig({ ...STAND_IN, region, zones }, account, undefined, counted);
  const prices = networkPrices(config, billFor);
  const text = (preset: StackConfig['network']['preset']): string => formatAdded(prices[preset], tasksOf(config));
  return {
    private: text('private'),
    'private-per-az': text('private-per-az'),
    public: text('public'),
    existing: text('existing'),
    shared: text('shared'),
  };
}
