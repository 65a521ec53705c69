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

/** A clock that can be stopped, for a deadline that some of the time does not count against. */
export interface PausableClock extends Clock {
  /** Stands still until the work is done. */
  pausedDuring<T>(work: () => Promise<T>): Promise<T>;
}

/** Goes on with `clock`, which itself is not stopped. */
export function pausable(clock: Clock): PausableClock {
  let pausedMs = 0;
  return {
    now: () => clock.now() - pausedMs,
    sleep: (ms, signal) => clock.sleep(ms, signal),
    async pausedDuring(work) {
      const startedAt = clock.now();
      try {
        return await work();
      } finally {
        pausedMs += clock.now() - startedAt;
      }
    },
  };
}

export interface PollOptions<T> {
  /** "NAT gateway (us-east-1a) nat-0abc to become ready": completes "waiting for …". */
  readonly what: string;
  readonly clock: Clock;
  readonly signal?: AbortSignal | undefined;
  readonly timeoutMs: number;
  /** The measure of all pauses: the first is a quarter of it; see `pauseAfter`. */
  readonly intervalMs: number;
  /** Between when and when the end is to be expected, from the start. */
  readonly usualMs?: readonly [number, number] | undefined;
  /** One look. `done` ends the wait; `reason` is shown until then. Errors end the wait. */
  readonly probe: () => Promise<{ done: true; value: T } | { done: false; reason: string; cause?: unknown }>;
  readonly onWaiting?: (reason: string, elapsedMs: number) => void;
}

/**
 * The pause before the next look. Pauses grow by half up to ten times the interval, so that short waits are not rounded
 * up and long ones cost few calls; but while the end is to be expected they are two intervals, so that it is seen at once.
 *
 * @param pause the one before this look
 */
function pauseAfter(
  elapsedMs: number,
  pause: number,
  { intervalMs, usualMs: [from, to] = [0, 0] }: Pick<PollOptions<unknown>, 'intervalMs' | 'usualMs'>,
): number {
  if (from <= elapsedMs && elapsedMs < to) return 2 * intervalMs;
  const grown = Math.min(pause * 1.5, 10 * intervalMs);
  return elapsedMs < from ? Math.min(grown, Math.max(from - elapsedMs, intervalMs)) : grown;
}

/** Polls until done. Throws `UserError` WAIT_TIMEOUT at the deadline and `Cancelled` when the signal aborts. */
export async function poll<T>(options: PollOptions<T>): Promise<T> {
  const { clock, signal, timeoutMs } = options;
  const startedAt = clock.now();
  for (let pause = options.intervalMs / 4; ; ) {
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
    await clock.sleep(Math.min(pause, timeoutMs - elapsed), signal);
    pause = pauseAfter(clock.now() - startedAt, pause, options);
  }
}
