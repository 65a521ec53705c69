import type { UserError } from '../errors.ts';

/** A row of the table, as src/preflight finds it. */
export type CheckRow = { readonly id: string; readonly title: string } & (
  | { readonly state: 'ok' | 'skip'; readonly detail: string }
  | { readonly state: 'warn'; readonly detail: string; readonly fix: string }
  | { readonly state: 'fail'; readonly errors: readonly UserError[] }
);

const WIDTH = 80;
const STATE_WIDTH = 6;

/** A table that fits 80 columns: state, what it is about, what was found; and the fix below what needs one. */
export function formatChecks(rows: readonly CheckRow[]): string {
  const titleWidth = Math.max(0, ...rows.map(({ title }) => title.length)) + 2;
  const indent = ' '.repeat(STATE_WIDTH + titleWidth);
  const lines = rows.flatMap((row) => {
    const found = [
      ...wrapped(detailOf(row), WIDTH - indent.length),
      ...wrapped(fixesOf(row).join('\n'), WIDTH - indent.length),
    ];
    return found.map((line, at) =>
      at === 0 ? `${row.state.toUpperCase().padEnd(STATE_WIDTH)}${row.title.padEnd(titleWidth)}${line}` : indent + line,
    );
  });
  return [...lines, '', `${countFindings(rows)}.`].join('\n');
}

const NAMES = { ok: 'in order', warn: 'to be looked at', skip: 'skipped', fail: 'in the way' } as const;

/** "16 in order, 1 skipped, 2 in the way" */
export function countFindings(rows: readonly CheckRow[]): string {
  const states = Object.keys(NAMES) as (keyof typeof NAMES)[];
  const counts = states.map((state) => [rows.filter((row) => row.state === state).length, NAMES[state]] as const);
  return counts.flatMap(([count, name]) => (count > 0 ? `${count} ${name}` : [])).join(', ');
}

/** What `--json` gives of the rows. */
export const checkData = (rows: readonly CheckRow[]): object[] =>
  rows.map((row) => {
    const { id, title, state } = row;
    const base = { id, title, state, detail: detailOf(row) };
    const fix = fixesOf(row).join(' ');
    return { ...base, ...(row.state === 'fail' && { code: row.errors[0]?.code }), ...(fix !== '' && { fix }) };
  });

const detailOf = (row: CheckRow): string =>
  row.state === 'fail' ? row.errors.map(({ message }) => message).join('\n') : row.detail;

/** The same fix often helps against several. */
function fixesOf(row: CheckRow): string[] {
  if (row.state === 'warn') return [row.fix];
  return row.state === 'fail' ? [...new Set(row.errors.map(({ fix }) => fix))] : [];
}

/** Breaks at blanks where it can. */
function wrapped(text: string, width: number): string[] {
  const parts = text.split('\n').flatMap((line) => line.match(new RegExp(`.{1,${width}}(?:\\s|$)|\\S+`, 'g')) ?? []);
  return parts.map((part) => part.trimEnd());
}
