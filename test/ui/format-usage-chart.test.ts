import { describe, expect, it } from 'vitest';
import { formatUsageChart, type UsageMinute } from '../../src/ui/format-usage-chart.ts';

const minutes = (count: number, cpu: number | null, running: number, desired = running): UsageMinute[] =>
  Array.from({ length: count }, () => ({ cpu, running, desired }));

const drawn = (given: readonly UsageMinute[], width?: number): string => `\n${formatUsageChart(given, width)}\n`;

describe('the chart of CPU and tasks', () => {
  it('shows load that comes, what it brings with it, and how that goes again', () => {
    const story = [
      ...minutes(3, 2, 1),
      ...minutes(2, 100, 1),
      ...minutes(2, 100, 1, 3),
      ...minutes(4, 55, 3),
      ...minutes(2, null, 3),
      ...minutes(5, 0, 3),
      ...minutes(3, 0, 2),
      ...minutes(3, 12.5, 1),
    ];
    expect(drawn(story)).toMatchInlineSnapshot(`
      "
      CPU of each task, percent
      100 │   ████
       80 │   ████
       60 │   ████▆▆▆▆
       40 │   ████████
       20 │▁▁▁████████  ▁▁▁▁▁▁▁▁▅▅▅
          └────────────────────────
      Tasks: █ running, ░ asked for
        3 │     ░░███████████
        2 │     ░░██████████████
        1 │████████████████████████
          └────────────────────────
      min  0         10        20
      "
    `);
  });

  it('gives a column to several minutes where there are more than columns, and a row to several tasks', () => {
    const busy = minutes(1, 100, 40, 55);
    expect(drawn([...minutes(70, 10, 5), ...busy, ...minutes(89, 10, 5)], 40)).toMatchInlineSnapshot(`
      "
      CPU of each task, percent
      100 │
       80 │
       60 │
       40 │              ▃
       20 │▄▄▄▄▄▄▄▄▄▄▄▄▄▄█▄▄▄▄▄▄▄▄▄▄▄▄▄▄▄▄▄
          └────────────────────────────────
      Tasks: █ running, ░ asked for
       60 │              ░
       54 │              ░
       48 │              ░
       42 │              █
       36 │              █
       30 │              █
       24 │              █
       18 │              █
       12 │              █
        6 │████████████████████████████████
          └────────────────────────────────
      min  0         50        100       150
      "
    `);
  });

  it('is never wider than 80 columns, however long it is', () => {
    const lines = formatUsageChart(minutes(24 * 60, 50, 3)).split('\n');
    expect(Math.max(...lines.map(({ length }) => length))).toBeLessThanOrEqual(80);
  });

  it('says when there is nothing to show', () => {
    expect(formatUsageChart([])).toBe('No minute has passed yet.');
  });
});
