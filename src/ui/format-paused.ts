import { columns } from './format-text.ts';

interface Range {
  readonly min: number;
  readonly max: number;
}

/** What `pause` shows. All money is US dollars a month. */
export interface PausedView {
  readonly stack: string;
  readonly changed: boolean;
  /** All workers of the stack that are paused. */
  readonly paused: readonly string[];
  /** Of all its workers together. */
  readonly tasks: Range;
  /** What goes on costing money; `null`: not known. */
  readonly bill: readonly { readonly what: string; readonly monthlyUsd: Range | null }[];
  readonly monthlyUsd: Range | null;
}

/**
 * @param asked the workers that were to be paused
 * @param flags by which the next command finds the stack: "--stack dev"
 */
export function formatPaused(
  { changed, tasks, bill, monthlyUsd }: PausedView,
  asked: readonly string[],
  flags: string,
): string {
  const names = asked.join(', ');
  const rows = [
    ...bill.map(({ what, monthlyUsd: line }) => [what, money(line)] as const),
    ['sum', money(monthlyUsd)] as const,
  ];
  const width = Math.max(...rows.map(([, amount]) => amount.length));
  return [
    changed
      ? `Paused: ${names}. No task runs, and nothing starts one.`
      : `Paused already: ${names}. Nothing was changed.`,
    tasks.max === 0 ? 'What goes on costing money, in $ a month:' : 'The bill of the stack now, in $ a month:',
    ...columns(rows.map(([what, amount]) => [`  ${what}`, amount.padStart(width)])),
    `To start again: temporal-fargate resume ${flags}`,
  ].join('\n');
}

const money = (range: Range | null): string => {
  if (range === null) return 'not known';
  const [min, max] = [range.min.toFixed(2), range.max.toFixed(2)];
  return min === max ? max : `${min}-${max}`;
};

export function formatResumed({
  stack,
  resumed,
  proof,
}: {
  readonly stack: string;
  readonly resumed: readonly string[];
  readonly proof: readonly string[];
}): string {
  const first =
    resumed.length > 0
      ? `Resumed: ${resumed.join(', ')}.`
      : `Nothing of stack ${stack} is paused. Nothing was changed.`;
  return [first, ...proof].join('\n');
}
