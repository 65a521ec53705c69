import type { StackConfig } from '../config/schema.ts';
import type { MonthlyUse } from '../engine/step.ts';
import type { AwsStep } from '../steps/define.ts';
import type { Price } from './prices.ts';

/** A number for the smallest and for the largest number of tasks. */
export interface Range {
  readonly min: number;
  readonly max: number;
}

export interface BillLine {
  readonly what: string;
  readonly unit: string;
  readonly quantity: Range;
  /** US dollars for one unit; `undefined` when a part of it is not known in the region. */
  readonly unitPrice: number | undefined;
  /** How the unit price comes about, where it has parts: "1 vCPU x 0.04048 + 2 GB x 0.004445". */
  readonly formula: string | undefined;
  /** US dollars a month. */
  readonly monthly: Range | undefined;
  readonly prices: readonly Price[];
}

export interface Bill {
  readonly lines: readonly BillLine[];
  /** US dollars a month; `undefined` when a line is not known: a sum of the rest would mislead. */
  readonly sum: Range | undefined;
  /** Lines whose price is not known. */
  readonly unknown: readonly string[];
  /** What there is besides: "VPC", "S3 gateway endpoint". */
  readonly free: readonly string[];
  /** The oldest and the newest of the prices used, by date. */
  readonly asOf: { readonly from: string; readonly to: string } | undefined;
}

/** What the steps cost in a month; pure. Prices are looked up by the names that the steps use. */
export function billOf(
  steps: readonly AwsStep[],
  config: StackConfig,
  prices: Readonly<Record<string, Price | undefined>>,
): Bill {
  const uses = addedUp(steps.flatMap((step) => step.monthlyCost?.(config) ?? []));
  const lines = uses
    .filter(({ quantity }) => quantity.max > 0)
    .map((use) => lineOf(use, prices))
    .sort((a, b) => amountOf(b) - amountOf(a));
  const dates = lines.flatMap((line) => line.prices.map(({ asOf }) => asOf)).sort();
  const [from, to] = [dates[0], dates.at(-1)];
  const known = lines.flatMap(({ monthly }) => monthly ?? []);
  return {
    lines,
    sum: known.length < lines.length ? undefined : { min: total(known, 'min'), max: total(known, 'max') },
    free: freeOf(steps, config),
    unknown: lines.filter(({ monthly }) => monthly === undefined).map(({ what }) => what),
    asOf: from !== undefined && to !== undefined ? { from, to } : undefined,
  };
}

/** Lines come largest first, unknown ones last. */
const amountOf = ({ monthly }: BillLine): number => monthly?.max ?? -1;

const total = (ranges: readonly Range[], end: keyof Range): number =>
  ranges.reduce((sum, range) => sum + range[end], 0);

/** Titles without what tells things of a kind apart: "public subnet (us-east-1a)" -> "public subnet" */
function freeOf(steps: readonly AwsStep[], config: StackConfig): string[] {
  const free = steps.filter((step) => step.monthlyCost?.(config).length === 0);
  return [...new Set(free.map(({ title }) => title.replace(/ \(.*\)$/, '')))];
}

/** Two NAT gateways are one line; tasks of two sizes are two. */
function addedUp(uses: readonly MonthlyUse[]): MonthlyUse[] {
  const lines = new Map<string, MonthlyUse>();
  for (const use of uses) {
    const key = JSON.stringify([use.what, use.parts]);
    const { min, max } = lines.get(key)?.quantity ?? { min: 0, max: 0 };
    lines.set(key, { ...use, quantity: { min: min + use.quantity.min, max: max + use.quantity.max } });
  }
  return [...lines.values()];
}

function lineOf(use: MonthlyUse, prices: Readonly<Record<string, Price | undefined>>): BillLine {
  const { what, unit, quantity } = use;
  const parts = use.parts.map((part) => ({ ...part, known: prices[part.price] }));
  const found = parts.flatMap(({ known }) => known ?? []);
  const base = { what, unit, quantity, prices: found };
  if (found.length < parts.length) return { ...base, unitPrice: undefined, formula: undefined, monthly: undefined };
  const unitPrice = parts.reduce((sum, { amount, known }) => sum + amount * (known?.usd ?? 0), 0);
  return {
    ...base,
    unitPrice,
    formula:
      parts.length > 1
        ? parts.map(({ amount, of, known }) => `${amount} ${of} x ${known?.usd}`).join(' + ')
        : undefined,
    monthly: { min: quantity.min * unitPrice, max: quantity.max * unitPrice },
  };
}
