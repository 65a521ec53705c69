import { columns, WIDTH, wrap } from './format-text.ts';
import { formatAge } from './format-time.ts';

interface Range {
  readonly min: number;
  readonly max: number;
}

/** A stack as `list` shows it; with `--json` as it is. */
export interface ListEntry {
  readonly region: string;
  readonly stack: string;
  /** Names of its workers. */
  readonly workers: readonly string[];
  /** Those of them that are paused. */
  readonly paused: readonly string[];
  /** Bounds of scaling, of all workers together; `null` when the state cannot be read. */
  readonly tasks: Range | null;
  /** `null` when ECS could not be asked. */
  readonly running: number | null;
  /** US dollars a month at list prices with the smallest and the largest number of tasks; `null` when not known. */
  readonly monthlyUsd: Range | null;
  readonly lastChange: { readonly operation: string; readonly at: string; readonly cliVersion: string } | null;
  /** Who is at work on it. */
  readonly lock: { readonly user: string; readonly host: string; readonly command: string } | null;
  readonly problem: string | null;
}

/** A table by region, below each stack what else there is to say of it, and the sum. */
export function formatList(entries: readonly ListEntry[], regions: number, now = new Date()): string {
  const where = regions === 1 ? 'this region' : `${regions} regions`;
  if (entries.length === 0) return `There is no stack in ${where}.`;
  const table = columns([
    ['region', 'stack', 'tasks', '$ a month', 'last change'],
    ...entries.map((entry) => cells(entry, now)),
  ]);
  const [head = '', ...rows] = table;
  return [
    head,
    ...entries.flatMap((entry, at) => [rows[at] ?? '', ...remarks(entry).map((text) => `  ${text}`)]),
    '',
    `${entries.length === 1 ? '1 stack' : `${entries.length} stacks`} in ${where}${sumWords(entries)}.`,
  ].join('\n');
}

function cells({ region, stack, tasks, running, monthlyUsd, lastChange }: ListEntry, now: Date): string[] {
  const at = Date.parse(lastChange?.at ?? '');
  const ago = Number.isNaN(at) ? '' : `, ${formatAge(now.getTime() - at)} ago`;
  return [
    region,
    stack,
    tasks ? `${running ?? '?'} of ${rangeWords(tasks, String)}` : '-',
    monthlyUsd ? rangeWords(monthlyUsd, (usd) => usd.toFixed(2)) : tasks ? 'not known' : '-',
    lastChange ? `${lastChange.operation}${ago}` : '-',
  ];
}

const rangeWords = ({ min, max }: Range, show: (value: number) => string): string =>
  min === max ? show(max) : `${show(min)}-${show(max)}`;

const remarks = ({ paused, lock, problem }: ListEntry): string[] => [
  ...(paused.length > 0 ? [`paused: ${paused.join(', ')}`] : []),
  ...(lock ? [`${lock.user}@${lock.host} runs ${lock.command}`] : []),
  ...(problem ? wrap(problem, WIDTH - 2) : []),
];

function sumWords(entries: readonly ListEntry[]): string {
  const known = entries.flatMap(({ monthlyUsd }) => monthlyUsd ?? []);
  if (known.length === 0) return '';
  const sum = (end: keyof Range): number => known.reduce((total, range) => total + range[end], 0);
  const rest = entries.length - known.length;
  const money = rangeWords({ min: sum('min'), max: sum('max') }, (usd) => usd.toFixed(2));
  return `: ${money} $ a month at list prices${rest > 0 ? `, and ${rest} not known` : ''}`;
}
