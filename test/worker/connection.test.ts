import { describe, expect, it } from 'vitest';
import { describeFailure, retryDelay } from '../../worker/connection.ts';
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
  // What core 1.24 says, copied from runs against servers that answer so.
  it.each([
    [
      'Namespace a was not found or otherwise could not be described: Status { code: NotFound, message: ""',
      'NOT_FOUND',
    ],
    [
      `Failed to call GetSystemInfo: code: 'The request does not have valid authentication credentials'`,
      'UNAUTHENTICATED',
    ],
    ['could not be described: Status { code: Unauthenticated, message: "no"', 'UNAUTHENTICATED'],
    [`Failed to call GetSystemInfo: code: 'The caller does not have permission to execute`, 'PERMISSION_DENIED'],
    ['tonic::transport::Error(Transport, NativeCertsNotFound)', 'ca-certificates'],
    ['ConnectError(Custom { error: InvalidCertificate(Other(UnsupportedCertVersion)) })', 'version 1'],
    ['ConnectError(Custom { error: InvalidMessage(InvalidContentType) })', 'does not speak TLS'],
  ])('finds what a person has to mend in: %s', (reason, words) => {
    const failure = describeFailure(new TransportError(reason));
    expect(failure).toMatchObject({ level: 'ERROR', message: expect.stringContaining(words), reason });
  });

  it('takes every other transport error for an outage', () => {
    expect(describeFailure(new TransportError('tcp connect error'))).toMatchObject({ level: 'WARN' });
  });

  it('leaves a fault of this program to the caller', () => {
    expect(describeFailure(new TypeError('x is not a function'))).toBeUndefined();
  });
});
