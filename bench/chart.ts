/** A bar of a chart: work from `start`, then waiting from `waits` on, until `end`; in seconds. */
export interface Bar {
  readonly name: string;
  readonly start: number;
  readonly waits: number;
  readonly end: number;
  /** Set for what nothing else could have made earlier. */
  readonly critical?: boolean;
}

const COLUMNS = 60;
const [WORKS, WAITS] = ['█', '░'];

/**
 * Bars over time, in the order of their starts: full while calls are made, light while AWS is waited for, `*` before the
 * name of what is critical.
 *
 * @param until seconds at the right edge
 */
export function chart(bars: readonly Bar[], until: number): string {
  const column = (seconds: number): number => Math.min(COLUMNS, Math.round((seconds / until) * COLUMNS));
  const width = Math.max(...bars.map(({ name }) => name.length));
  const lines = bars
    .toSorted((a, b) => a.start - b.start || a.end - b.end || a.name.localeCompare(b.name))
    .map(({ name, start, waits, end, critical }) => {
      const [from, middle, to] = [column(start), column(waits), column(end)];
      // Whatever was done is seen, be it as short as it likes.
      const works = Math.max(middle - from, to === from ? 1 : 0);
      const line = ' '.repeat(from) + WORKS.repeat(works) + WAITS.repeat(Math.max(0, to - from - works));
      return `${critical ? '*' : ' '} ${name.padEnd(width)} |${line.padEnd(COLUMNS).slice(0, COLUMNS)}| ${end.toFixed(1)} s`;
    });
  return [...lines, `${' '.repeat(width + 3)}0 s${`${until.toFixed(0)} s`.padStart(COLUMNS - 2)}`].join('\n');
}
