import { describe, expect, it } from 'vitest';
import { readStopTimes } from '../../worker/stop-times.ts';

const problemsOf = (value: string): string[] => {
  const problems: string[] = [];
  readStopTimes(value, problems);
  return problems;
};

describe('the times after a stop signal', () => {
  it.each([
    ['2', { graceMs: 1_500, forceMs: 1_750, hardMs: 1_867 }],
    ['30', { graceMs: 22_500, forceMs: 26_250, hardMs: 28_000 }],
    ['120', { graceMs: 90_000, forceMs: 105_000, hardMs: 112_000 }],
  ])('divide a stop timeout of %s seconds', (stopTimeout, times) => {
    expect(readStopTimes(stopTimeout, [])).toEqual(times);
  });

  it('follow each other, and end before ECS kills, for every timeout that Fargate allows', () => {
    for (let seconds = 2; seconds <= 120; seconds += 1) {
      const { graceMs, forceMs, hardMs } = readStopTimes(String(seconds), []);
      const order = [0, graceMs, forceMs, hardMs, seconds * 1000];
      // A tenth of a second is what a busy quarter of a processor needs to act on a timer.
      for (const [index, at] of order.slice(1).entries()) {
        expect(at - (order[index] ?? 0), `${seconds} s: ${order}`).toBeGreaterThan(100);
      }
    }
  });

  it('are those of ECS’s own default when nobody says', () => {
    expect(readStopTimes(undefined, [])).toEqual(readStopTimes('30', []));
  });

  it.each(['1', '121', '0', '-5', '2.5', '30s', 'NaN', '1e2', '0x10', 'never'])('refuse %s in a sentence', (value) => {
    expect(problemsOf(value)).toEqual([
      `TEMPORAL_FARGATE_STOP_TIMEOUT is "${value}", not a whole number of seconds from 2 to 120`,
    ]);
  });
});
