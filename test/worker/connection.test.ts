import { describe, expect, it } from 'vitest';
import { retryDelay } from '../../worker/connection.ts';
import { describeFailure } from '../../worker/failures.ts';
import { TransportError } from '../../worker/node_modules/@temporalio/worker/lib/index.js';

describe('the pause between attempts', () => {
  const longest = (attempt: number, refusedMs?: number) => retryDelay(attempt, refusedMs, () => 0);

  it('doubles from one second up to thirty, for as long as an outage lasts', () => {
    expect([1, 2, 3, 4, 5, 6, 7, 50].map((attempt) => longest(attempt))).toEqual([
      1000, 2000, 4000, 8000, 16_000, 30_000, 30_000, 30_000,
    ]);
  });

  it('is shortened by chance, at most by half', () => {
    expect(retryDelay(50, undefined, () => 0.999)).toBeGreaterThanOrEqual(15_000);
    expect(retryDelay(1, undefined, () => 0.5)).toBe(750);
  });

  it('after a refusal is never longer than the rest of twenty seconds, and then there is none', () => {
    expect([longest(1, 0), longest(5, 15_000), longest(50, 0), longest(6, 19_999.5)]).toEqual([1000, 5000, 20_000, 1]);
    expect([longest(6, 20_000), longest(1, 30_000)]).toEqual([undefined, undefined]);
  });
});

describe('why the server cannot be used', () => {
  it('is an outage when the core says what nobody has heard before', () => {
    const failure = describeFailure(new TransportError('something new'), { address: 'a:1' });
    expect(failure).toEqual({ level: 'WARN', message: 'Temporal cannot be reached', reason: 'something new' });
  });

  it('is left to the caller when it is a fault of this program', () => {
    expect(describeFailure(new TypeError('x is not a function'), {})).toBeUndefined();
  });
});
