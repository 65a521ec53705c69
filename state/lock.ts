import { isConditionalConflict, isNotFound, isPreconditionFailed } from '../src/aws/errors.ts';
import type { UserError } from '../src/errors.ts';
import { stateError } from './errors.ts';
import { isDead, type LockHolder, newHolder, parseHolder } from './lock-holder.ts';
import { type Bucket, deleteObject, getObject, putJson } from './objects.ts';

export interface SeenLock {
  readonly holder: LockHolder;
  readonly etag: string;
  /** Seconds since the last renewal, both ends by S3's clock. */
  readonly ageSeconds: number;
  readonly expired: boolean;
  /** The holder ran on this machine since it was started, and its process is gone. */
  readonly dead: boolean;
}

export interface LockOptions extends Bucket {
  readonly key: string;
  readonly command: string;
  readonly cliVersion: string;
  /** Only tests against an emulator ask for a shorter one. */
  readonly leaseSeconds?: number;
}

type Where = Bucket & Pick<LockOptions, 'key'>;

/** A lock in our hands. Renews itself until it is released. */
export interface HeldLock {
  /** Taken from a holder that had not released it: the state has to be fenced before anything else. */
  readonly tookOver: LockHolder | undefined;
  /**
   * Rejects with `UserError` LOCK_LOST when the lock is not ours any more. A lease that ran out by our own clocks (the
   * machine slept, or S3 was out of reach) is renewed first: by If-Match, so only if nobody took over meanwhile.
   */
  assertHeld(): Promise<void>;
  release(): Promise<void>;
}

/**
 * Takes the lock: a free one by If-None-Match, an abandoned one by If-Match; never by delete and put, which two
 * callers could interleave. Throws `UserError` LOCK_HELD (exit code 75) with who holds it and since when.
 */
export async function acquireLock(options: LockOptions): Promise<HeldLock> {
  const { key } = options;
  const body = newHolder(options);
  const startedAt = clocks();
  let tookOver: LockHolder | undefined;
  for (let attempt = 1; attempt <= 10; attempt += 1) {
    const sentAt = clocks();
    const seen = attempt === 1 ? undefined : await readLock(options);
    try {
      if (seen === undefined) {
        tookOver = undefined;
        return hold(options, body, await putJson(options, key, body, { IfNoneMatch: '*' }), sentAt, tookOver);
      }
      // With our own nonce it is a put whose answer was lost: the retry of the request met its own lock. Nobody knows when
      // it arrived, but not before we began.
      if (seen.holder.nonce === body.nonce) return hold(options, body, seen.etag, startedAt, tookOver);
      if (!seen.expired && !seen.dead) throw heldBy(seen, key);
      tookOver = seen.holder;
      return hold(options, body, await putJson(options, key, body, { IfMatch: seen.etag }), sentAt, tookOver);
    } catch (error) {
      // 412: somebody was faster; 404: released meanwhile; 409: a race that S3 asks to repeat.
      if (!isPreconditionFailed(error) && !isConditionalConflict(error) && !isNotFound(error)) throw error;
      if (isConditionalConflict(error)) await pause(Math.random() * 200);
    }
  }
  throw stateError('LOCK_CONTENDED', `taking the lock ${key}: others kept taking it first`);
}

/** Who holds the lock; `undefined` when it is free. */
export async function readLock(where: Where): Promise<SeenLock | undefined> {
  const object = await getObject(where, where.key);
  if (object === undefined) return undefined;
  const holder = parseHolder(object.text ?? '');
  const ageSeconds = Math.max(0, (object.readAt - object.writtenAt) / 1000);
  return { holder, etag: object.etag, ageSeconds, expired: ageSeconds > holder.leaseSeconds, dead: isDead(holder) };
}

/**
 * Deletes a lock that was seen, while it is still that holder's, renewed or not; done when it is gone already. Throws
 * `UserError` LOCK_CHANGED when somebody else has it now.
 */
export async function breakLock(options: Where, seen: SeenLock): Promise<void> {
  const now = await deleteWhileHeldBy(options, seen.holder.nonce, seen.etag);
  if (now) throw changedHands(options.key, now);
}

/** @returns the lock of somebody else that was met instead, and left alone */
async function deleteWhileHeldBy(options: Where, nonce: string, firstEtag: string): Promise<SeenLock | undefined> {
  let etag = firstEtag;
  for (let attempt = 1; ; attempt += 1) {
    try {
      await deleteObject(options, options.key, etag);
      return undefined;
    } catch (error) {
      if (isNotFound(error)) return undefined;
      if (attempt === 5 || !(isPreconditionFailed(error) || isConditionalConflict(error))) throw error;
    }
    const now = await readLock(options);
    if (now === undefined) return undefined;
    if (now.holder.nonce !== nonce) return now;
    etag = now.etag;
  }
}

export function changedHands(key: string, now: SeenLock | undefined): UserError {
  const who = now ? describeHolder(now) : 'it is free';
  return stateError(
    'LOCK_CHANGED',
    `breaking the lock ${key}: it changed hands meanwhile (${who}); it was not touched`,
  );
}

export function describeHolder({ holder, ageSeconds }: SeenLock): string {
  return `${holder.user}@${holder.host} (process ${holder.pid}) runs "${holder.command}" since ${holder.acquiredAt}, last sign of life ${Math.round(ageSeconds)} s ago`;
}

function heldBy(seen: SeenLock, key: string): UserError {
  const stack = key.split('/')[0] ?? '';
  const names = { stack, seconds: seen.holder.leaseSeconds };
  return stateError('LOCK_HELD', `stack ${stack} is locked: ${describeHolder(seen)}`, names);
}

function hold(
  options: LockOptions,
  body: LockHolder,
  firstEtag: string,
  firstSentAt: Clocks,
  tookOver: LockHolder | undefined,
): HeldLock {
  const { key } = options;
  const leaseMs = body.leaseSeconds * 1000;
  let etag = firstEtag;
  let renewedAt = firstSentAt;
  let lost: string | undefined;
  let problem = '';
  let renewals = 0;
  let renewing: Promise<void> = Promise.resolve();

  const renew = async (): Promise<void> => {
    const sentAt = clocks();
    renewals += 1;
    try {
      etag = await putJson(options, key, { ...body, renewals }, { IfMatch: etag });
      renewedAt = sentAt;
    } catch (error) {
      if (isPreconditionFailed(error) || isNotFound(error)) await lookAgain(sentAt);
      // Anything else is tried again at the next turn; the deadline is what counts.
      else problem = `: ${(error as Error).message}`;
    }
  };
  /** Our own renewal whose answer was lost looks like a rival; the nonce tells, and the count which one it was. */
  const lookAgain = async (sentAt: Clocks): Promise<void> => {
    try {
      const seen = await readLock(options);
      if (seen?.holder.nonce !== body.nonce) {
        lost = seen ? describeHolder(seen) : 'it was broken';
        return;
      }
      etag = seen.etag;
      if (seen.holder.renewals === renewals) renewedAt = sentAt;
    } catch {
      // Not readable now; the next turn meets the same refusal and looks again.
    }
  };
  const timer = setInterval(() => {
    renewing = renewing.then(renew);
  }, leaseMs / 4);
  timer.unref();

  // Both clocks: the monotonic one may stand still while a machine sleeps, the other may be set.
  const age = (): number => Math.max(performance.now() - renewedAt.monotonic, Date.now() - renewedAt.wall);
  const isHeld = (): boolean => lost === undefined && age() < leaseMs;

  return {
    tookOver,
    async assertHeld() {
      if (isHeld()) return;
      const staleSeconds = Math.round(age() / 1000);
      if (lost === undefined) {
        renewing = renewing.then(() => (isHeld() ? undefined : renew()));
        await renewing;
        if (isHeld()) return;
      }
      const why = lost === undefined ? ` (not renewed for ${staleSeconds} s${problem})` : `: ${lost}`;
      throw stateError('LOCK_LOST', `the lock ${key} was lost${why}; nothing more was changed`);
    },
    async release() {
      clearInterval(timer);
      await renewing;
      // Whoever else has it by now must not lose it through us.
      await deleteWhileHeldBy(options, body.nonce, etag);
    },
  };
}

interface Clocks {
  readonly monotonic: number;
  readonly wall: number;
}

const clocks = (): Clocks => ({ monotonic: performance.now(), wall: Date.now() });

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));
