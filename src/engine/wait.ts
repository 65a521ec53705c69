import { Cancelled, UserError } from '../errors.ts';

/** Time, so that tests need none of it. `now` is monotonic milliseconds. */
export interface Clock {
  now(): number;
  /** Rejects with `Cancelled` as soon as the signal aborts. */
  sleep(ms: number, signal?: AbortSignal): Promise<void>;
}

export const realClock: Clock = {
  now: () => Math.round(performance.now()),
  sleep: (ms, signal) =>
    new Promise((resolve, reject) => {
      if (signal?.aborted) return reject(new Cancelled());
      const onAbort = (): void => {
        clearTimeout(timer);
        reject(new Cancelled());
      };
      const timer = setTimeout(() => {
        signal?.removeEventListener('abort', onAbort);
        resolve();
      }, ms);
      signal?.addEventListener('abort', onAbort, { once: true });
    }),
};

export interface PollOptions<T> {
  /** "NAT gateway (us-east-1a) nat-0abc to become ready": completes "waiting for …". */
  readonly what: string;
  readonly clock: Clock;
  readonly signal?: AbortSignal | undefined;
  readonly timeoutMs: number;
  /** First interval; grows by half each time up to ten times itself, so that short waits are not rounded up. */
  readonly intervalMs: number;
  /** One look. `done` ends the wait; `reason` is shown until then. Errors end the wait. */
  readonly probe: () => Promise<{ done: true; value: T } | { done: false; reason: string; cause?: unknown }>;
  readonly onWaiting?: (reason: string, elapsedMs: number) => void;
}

/** Polls until done. Throws `UserError` WAIT_TIMEOUT at the deadline and `Cancelled` when the signal aborts. */
export async function poll<T>(options: PollOptions<T>): Promise<T> {
  const { clock, signal, timeoutMs } = options;
  const startedAt = clock.now();
  let interval = options.intervalMs;
  const longest = interval * 10;
  for (;;) {
    const look = await options.probe();
    if (look.done) return look.value;
    const elapsed = clock.now() - startedAt;
    if (elapsed >= timeoutMs) {
      throw new UserError({
        code: 'WAIT_TIMEOUT',
        message: `waiting for ${options.what}: gave up after ${Math.round(timeoutMs / 60_000)} minutes (${look.reason})`,
        fix: 'Run the same command again: it continues where this one stopped.',
        cause: look.cause,
      });
    }
    options.onWaiting?.(look.reason, elapsed);
    await clock.sleep(Math.min(interval, timeoutMs - elapsed), signal);
    interval = Math.min(interval * 1.5, longest);
  }
}
