interface Range {
  readonly min: number;
  readonly max: number;
}

interface Line {
  readonly what: string;
  readonly unit: string;
  readonly quantity: Range;
  readonly unitPrice: number | undefined;
  readonly formula: string | undefined;
  readonly monthly: Range | undefined;
}

interface Bill {
  readonly lines: readonly Line[];
  readonly sum: Range | undefined;
  readonly unknown: readonly string[];
  readonly free: readonly string[];
  readonly asOf: { readonly from: string; readonly to: string } | undefined;
}

/** What `cost` shows. All money is US dollars a month. */
export interface CostView {
  readonly stack: string;
  readonly region: string;
  readonly tasks: Range;
  readonly network: string;
  readonly bill: Bill;
  /** What the bill takes for granted: "1 GB of logs for each task". */
  readonly assumed: readonly string[];
  readonly other:
    | { readonly network: string; readonly tradeOff: string; readonly sum: Range; readonly difference: Range }
    | undefined;
}

/** The bill as a table of at most 80 columns. */
export function formatCost(view: CostView): string {
  const { bill, tasks, region } = view;
  const ends = endsOf(tasks);
  const row = (what: string, unitPrice: string, cells: readonly (readonly [string, string])[]): string =>
    `${what.padEnd(20)}${unitPrice.padStart(16)}${cells
      .map(([quantity, amount]) => quantity.padStart(11) + amount.padStart(10))
      .join('')}`;
  const lines = bill.lines.map((line) =>
    row(
      line.what,
      line.unitPrice === undefined ? NOT_KNOWN : `${plain(line.unitPrice)} $${line.unit && `/${line.unit}`}`,
      ends.map((end) => [`${plain(line.quantity[end])} ${line.unit}`.trimEnd(), money(line.monthly?.[end])]),
    ),
  );
  return [
    `Stack ${view.stack} in ${region}, --network ${view.network}`,
    'US dollars for a month of 730 hours',
    '',
    row(
      '',
      'unit price',
      ends.map((end) => ['', taskCount(tasks[end])]),
    ),
    ...lines,
    row(
      'Sum',
      '',
      ends.map((end) => ['', money(bill.sum?.[end])]),
    ),
    '',
    ...notesOf(view),
    ...otherLines(view, ends),
  ].join('\n');
}

/** One line for before a confirmation: the sum, and what a change makes of it. */
export function formatMonthly(region: string, bill: Bill, tasks: Range, before: Range | undefined): string {
  const { sum, unknown } = bill;
  if (!sum) return `Monthly bill in AWS: not known for ${region} (${unknown.join(', ')}).`;
  const ends = endsOf(tasks);
  const sums = ends.map((end) => `${money(sum[end])} $ with ${taskCount(tasks[end])}`).join(', ');
  const changed = before !== undefined && ends.some((end) => money(sum[end]) !== money(before[end]));
  return `Monthly bill in AWS: ${sums}${changed ? `; ${ends.map((end) => than(sum[end] - before[end])).join(' and ')} than now` : ''}.`;
}

/** What a network adds to the bill, beside its name: "36.50 $ a month", "3.65 $ a month with 1 task, 36.50 $ with 10 tasks" */
export function formatAdded(added: Range | undefined, tasks: Range): string {
  if (!added) return 'price not known here';
  if (added.max < 0.005) return 'adds nothing to the bill';
  if (money(added.min) === money(added.max)) return `${money(added.min)} $ a month`;
  return `${money(added.min)} $ a month with ${taskCount(tasks.min)}, ${money(added.max)} $ with ${taskCount(tasks.max)}`;
}

function notesOf({ bill, assumed, region }: CostView): string[] {
  const formulas = bill.lines.flatMap(({ what, formula, unitPrice }) =>
    formula === undefined || unitPrice === undefined ? [] : [`  ${what}: ${formula} = ${plain(unitPrice)} $/h`],
  );
  return [
    ...(formulas.length > 0 ? ['Each line is quantity x unit price. One hour of a task:', ...formulas] : []),
    ...wrapped(`Free: ${bill.free.join(', ')}.`),
    `Assumed: ${assumed.join(', ')}.`,
    'Not counted: traffic, requests, free tiers, taxes.',
    ...(bill.asOf ? [`List prices as of ${bill.asOf.from} to ${bill.asOf.to}; --refresh reads the present ones.`] : []),
    ...(bill.unknown.length > 0 ? wrapped(`Not known for ${region}: ${bill.unknown.join(', ')}.`) : []),
  ];
}

function otherLines({ other, tasks }: CostView, ends: readonly (keyof Range)[]): string[] {
  if (!other) return [];
  return [
    '',
    `Cheapest other network: --network ${other.network}`,
    ...ends.map((end) => `  ${taskCount(tasks[end])}: ${money(other.sum[end])} $, ${than(other.difference[end])}`),
    `  but ${other.tradeOff}`,
  ];
}

const NOT_KNOWN = 'not known';

/** One column where auto scaling has no room. */
const endsOf = ({ min, max }: Range): readonly (keyof Range)[] => (min === max ? ['max'] : ['min', 'max']);

const taskCount = (tasks: number): string => `${tasks} task${tasks === 1 ? '' : 's'}`;

const money = (usd: number | undefined): string => usd?.toFixed(2) ?? NOT_KNOWN;

const than = (difference: number): string =>
  Math.abs(difference) < 0.005 ? 'the same' : `${money(Math.abs(difference))} $ ${difference < 0 ? 'less' : 'more'}`;

/** Breaks after a blank, and indents what follows. */
const wrapped = (text: string): string[] =>
  text.match(/.{1,76}(?:\s|$)/g)?.map((line, at) => (at > 0 ? `  ${line}` : line).trimEnd()) ?? [];

/** 0.049370000000000004 -> "0.04937": as many digits as prices have. */
const plain = (value: number): string => String(Number(value.toFixed(8)));
