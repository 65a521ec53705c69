import { DeleteObjectCommand, GetObjectCommand, PutObjectCommand, type S3Client } from '@aws-sdk/client-s3';
import type { OwnBucket } from '../src/aws/bucket.ts';
import { isConditionalConflict, isNotFound, isPreconditionFailed } from '../src/aws/errors.ts';
import { EXIT, UserError } from '../src/errors.ts';
import { isDead, type LockHolder, newHolder, parseHolder } from './lock-holder.ts';

export interface SeenLock {
  readonly holder: LockHolder;
  readonly etag: string;
  /** Seconds since the last renewal, both ends by S3's clock. */
  readonly ageSeconds: number;
  readonly expired: boolean;
  /** The holder ran on this machine since it was started, and its process is gone. */
  readonly dead: boolean;
}

export interface LockOptions {
  readonly s3: S3Client;
  readonly own: OwnBucket;
  readonly key: string;
  readonly command: string;
  readonly cliVersion: string;
  /** Only tests against an emulator ask for a shorter one. */
  readonly leaseSeconds?: number;
}

type Where = Pick<LockOptions, 's3' | 'own' | 'key'>;

/** A lock in our hands. Renews itself until it is released. */
export interface HeldLock {
  /** Taken from a holder that had not released it: the state has to be fenced before anything else. */
  readonly tookOver: LockHolder | undefined;
  /** Throws `UserError` LOCK_LOST when the lease ran out by our own clocks, or was seen to be somebody else's. */
  assertHeld(): void;
  release(): Promise<void>;
}

/**
 * Takes the lock: a free one by If-None-Match, an abandoned one by If-Match; never by delete and put, which two
 * callers could interleave. Throws `UserError` LOCK_HELD (exit code 75) with who holds it and since when.
 */
export async function acquireLock(options: LockOptions): Promise<HeldLock> {
  const { s3, own, key } = options;
  const body = newHolder(options);
  const put = (condition: { IfNoneMatch: '*' } | { IfMatch: string }) =>
    s3.send(
      new PutObjectCommand({
        ...own,
        Key: key,
        Body: JSON.stringify(body),
        ContentType: 'application/json',
        ...condition,
      }),
    );

  let tookOver: LockHolder | undefined;
  for (let attempt = 1; attempt <= 10; attempt += 1) {
    const sentAt = clocks();
    const seen = attempt === 1 ? undefined : await readLock(options);
    try {
      if (seen === undefined) {
        tookOver = undefined;
        const { ETag } = await put({ IfNoneMatch: '*' });
        return hold(options, body, ETag ?? '', sentAt, tookOver);
      }
      // With our own nonce it is a put whose answer was lost: the retry of the request met its own lock. It is put once
      // more, because nobody knows how long ago the first one arrived.
      if (seen.holder.nonce !== body.nonce) {
        if (!seen.expired && !seen.dead) throw heldBy(seen, key);
        tookOver = seen.holder;
      }
      const { ETag } = await put({ IfMatch: seen.etag });
      return hold(options, body, ETag ?? '', sentAt, tookOver);
    } catch (error) {
      // 412: somebody was faster; 404: released meanwhile; 409: a race that S3 asks to repeat.
      if (!isPreconditionFailed(error) && !isConditionalConflict(error) && !isNotFound(error)) throw error;
      if (isConditionalConflict(error)) await pause(Math.random() * 200);
    }
  }
  throw new UserError({
    code: 'LOCK_CONTENDED',
    message: `taking the lock ${key}: others kept taking it first`,
    fix: 'Try again in a moment.',
    exitCode: EXIT.tryAgain,
  });
}

/** Who holds the lock; `undefined` when it is free. */
export async function readLock({ s3, own, key }: Where): Promise<SeenLock | undefined> {
  let answer: { text: string; etag: string; lastModified: number; now: number };
  try {
    const object = await s3.send(new GetObjectCommand({ ...own, Key: key }));
    answer = {
      text: (await object.Body?.transformToString()) ?? '',
      etag: object.ETag ?? '',
      lastModified: object.LastModified?.getTime() ?? 0,
      now: serverDate(object) ?? Date.now(),
    };
  } catch (error) {
    if (isNotFound(error)) return undefined;
    throw error;
  }
  const holder = parseHolder(answer.text);
  const ageSeconds = Math.max(0, (answer.now - answer.lastModified) / 1000);
  return {
    holder,
    etag: answer.etag,
    ageSeconds,
    expired: ageSeconds > holder.leaseSeconds,
    dead: isDead(holder),
  };
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
  const { s3, own, key } = options;
  let etag = firstEtag;
  for (let attempt = 1; ; attempt += 1) {
    try {
      await s3.send(new DeleteObjectCommand({ ...own, Key: key, IfMatch: etag }));
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
  return new UserError({
    code: 'LOCK_CHANGED',
    message: `breaking the lock ${key}: it changed hands meanwhile (${now ? describeHolder(now) : 'it is free'}); it was not touched`,
    fix: 'Run the command again to see who holds it now.',
    exitCode: EXIT.tryAgain,
  });
}

export function describeHolder({ holder, ageSeconds }: SeenLock): string {
  return `${holder.user}@${holder.host} (process ${holder.pid}) runs "${holder.command}" since ${holder.acquiredAt}, last sign of life ${Math.round(ageSeconds)} s ago`;
}

function heldBy(seen: SeenLock, key: string): UserError {
  const stack = key.split('/')[0] ?? '';
  return new UserError({
    code: 'LOCK_HELD',
    message: `stack ${stack} is locked: ${describeHolder(seen)}`,
    fix: `Wait until it is done; an abandoned lock is free ${seen.holder.leaseSeconds} s after its last sign of life. To break it by hand: temporal-fargate unlock --stack ${stack}`,
    exitCode: EXIT.tryAgain,
  });
}

function hold(
  options: LockOptions,
  body: LockHolder,
  firstEtag: string,
  firstSentAt: Clocks,
  tookOver: LockHolder | undefined,
): HeldLock {
  const { s3, own, key } = options;
  const leaseMs = body.leaseSeconds * 1000;
  let etag = firstEtag;
  let renewedAt = firstSentAt;
  let lost: string | undefined;
  let renewals = 0;
  let renewing: Promise<void> = Promise.resolve();

  const renew = async (): Promise<void> => {
    const sentAt = clocks();
    renewals += 1;
    try {
      const answer = await s3.send(
        new PutObjectCommand({
          ...own,
          Key: key,
          Body: JSON.stringify({ ...body, renewals }),
          ContentType: 'application/json',
          IfMatch: etag,
        }),
      );
      etag = answer.ETag ?? etag;
      renewedAt = sentAt;
    } catch (error) {
      if (isPreconditionFailed(error) || isNotFound(error)) await lookAgain(sentAt);
      // Anything else is tried again at the next turn; the deadline is what counts.
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

  return {
    tookOver,
    assertHeld() {
      // Both clocks: the monotonic one may stand still while a machine sleeps, the other may be set.
      const age = Math.max(performance.now() - renewedAt.monotonic, Date.now() - renewedAt.wall);
      if (lost === undefined && age < leaseMs) return;
      throw new UserError({
        code: 'LOCK_LOST',
        message: `the lock ${key} was lost${lost === undefined ? ` (not renewed for ${Math.round(age / 1000)} s)` : `: ${lost}`}; nothing more was changed`,
        fix: 'Run the command again: it continues from what is recorded.',
        exitCode: EXIT.tryAgain,
      });
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

/** The `Date` header of an answer, which the clients keep in its metadata; see src/aws/clients.ts. */
function serverDate(output: object): number | undefined {
  const metadata = (output as { $metadata?: { serverDate?: number } }).$metadata;
  return metadata?.serverDate;
}

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));
