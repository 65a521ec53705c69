import { WIDTH } from './format-text.ts';

/** One minute of a service. */
export interface UsageMinute {
  /** Mean of its tasks, in percent; `null` without data. */
  readonly cpu: number | null;
  readonly running: number;
  readonly desired: number;
}

const EIGHTHS = ' ▁▂▃▄▅▆▇█';
const CPU_ROWS = 5;
const TASK_ROWS = 10;
/** Left of the columns: a label of three characters, a blank and the axis. */
const MARGIN = 5;
/** Columns between two numbers under the axis. */
const TICK = 10;

/**
 * CPU and tasks of a service over time, a column a minute or, of more than fit, a column for several: their mean CPU and
 * the most tasks.
 */
export function formatUsageChart(minutes: readonly UsageMinute[], width = WIDTH): string {
  if (minutes.length === 0) return 'No minute has passed yet.';
  const perColumn = Math.ceil(minutes.length / (width - MARGIN));
  const columns = Array.from({ length: Math.ceil(minutes.length / perColumn) }, (_, at) =>
    summary(minutes.slice(at * perColumn, (at + 1) * perColumn)),
  );
  const axis = `${' '.repeat(MARGIN - 1)}└${'─'.repeat(columns.length)}`;
  return [
    'CPU of each task, percent',
    ...cpuRows(columns),
    axis,
    'Tasks: █ running, ░ asked for',
    ...taskRows(columns),
    axis,
    `${'min'.padEnd(MARGIN)}${ticks(columns.length, perColumn)}`,
  ].join('\n');
}

function cpuRows(columns: readonly UsageMinute[]): string[] {
  const step = 100 / CPU_ROWS;
  return Array.from({ length: CPU_ROWS }, (_, at) => {
    const floor = 100 - (at + 1) * step;
    const cells = columns.map(({ cpu }) => {
      if (cpu === null) return ' ';
      const eighths = Math.round((Math.min(100, cpu) - floor) / (step / 8));
      // What little there is shows: an idle service is not one without data.
      return EIGHTHS.at(Math.min(8, Math.max(floor === 0 ? 1 : 0, eighths))) ?? '';
    });
    return row(String(floor + step), cells);
  });
}

function taskRows(columns: readonly UsageMinute[]): string[] {
  const most = Math.max(1, ...columns.map(({ running, desired }) => Math.max(running, desired)));
  const perRow = Math.ceil(most / TASK_ROWS);
  return Array.from({ length: Math.ceil(most / perRow) }, (_, at, rows = Math.ceil(most / perRow)) => {
    const level = (rows - at) * perRow;
    // A row of several tasks is there for the first of them.
    const reaches = (count: number): boolean => count > level - perRow;
    const cells = columns.map(({ running, desired }) => (reaches(running) ? '█' : reaches(desired) ? '░' : ' '));
    return row(String(level), cells);
  });
}

const row = (label: string, cells: readonly string[]): string =>
  `${label.padStart(MARGIN - 2)} │${cells.join('')}`.trimEnd();

/** "0         10        20" */
const ticks = (columns: number, perColumn: number): string =>
  Array.from({ length: Math.ceil(columns / TICK) }, (_, at) => String(at * TICK * perColumn).padEnd(TICK))
    .join('')
    .trimEnd();

function summary(minutes: readonly UsageMinute[]): UsageMinute {
  const known = minutes.flatMap(({ cpu }) => cpu ?? []);
  return {
    cpu: known.length === 0 ? null : known.reduce((sum, cpu) => sum + cpu, 0) / known.length,
    running: Math.max(...minutes.map(({ running }) => running)),
    desired: Math.max(...minutes.map(({ desired }) => desired)),
  };
}
