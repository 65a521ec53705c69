import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { hostname } from 'node:os';
import { HeadObjectCommand, type S3Client } from '@aws-sdk/client-s3';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { OwnBucket } from '../../src/aws/bucket.ts';
import { ensureStateBucket } from '../../state/bucket.ts';
import { acquireLock, breakLock, type HeldLock, type LockOptions, readLock } from '../../state/lock.ts';
import type { LockHolder } from '../../state/lock-holder.ts';
import { eventually, useEmulator } from '../helpers/emulator.ts';
import { afterwards, bucketOptions, mutations, putText, stateClient, textOf, useCleanUp, userError } from './stage.ts';

useCleanUp();

const emulator = useEmulator();
const KEY = 'dev/lock.json';
const PUT = { service: 's3', operation: 'PutObject' };
let own: OwnBucket;

beforeEach(async () => {
  await emulator.reset();
  own = await ensureStateBucket(bucketOptions(emulator));
  await emulator.clearCalls();
});

/** Each caller has a client of its own, as each process has. */
const optionsOf = (more: Partial<LockOptions> = {}): LockOptions => ({
  s3: stateClient(emulator),
  own,
  key: KEY,
  command: 'init',
  cliVersion: 'test',
  ...more,
});

async function take(more: Partial<LockOptions> = {}): Promise<HeldLock> {
  const lock = await acquireLock(optionsOf(more));
  afterwards(() => lock.release());
  return lock;
}

const look = () => readLock(optionsOf());
const plain = (): S3Client => emulator.clients.s3;
const stored = async (): Promise<LockHolder> => JSON.parse(await textOf(plain(), own, KEY)) as LockHolder;

/** Stores the lock of somebody who is not a process of this test. */
async function leave(changes: Partial<LockHolder>): Promise<void> {
  const lock = await acquireLock(optionsOf());
  const body = await stored();
  await lock.release();
  await putText(plain(), own, KEY, JSON.stringify({ ...body, nonce: 'theirs', ...changes }));
  await emulator.clearCalls();
}

const expired = () => eventually('the lease to run out', async () => (await look())?.expired);
const puts = async () =>
  (await emulator.calls())
    .filter(({ operation, agent }) => operation === 'PutObject' && agent.includes('temporal-fargate'))
    .map(({ params, status }) => [
      params.IfNoneMatch ?? (params.IfMatch === undefined ? 'always' : 'If-Match'),
      status,
    ]);

describe('a free lock', () => {
  it('is taken by If-None-Match, says who holds it, and is gone after its release', async () => {
    const lock = await take();
    expect(await puts()).toEqual([['*', 200]]);
    expect(lock.tookOver).toBeUndefined();
    expect(await stored()).toMatchObject({ host: hostname(), pid: process.pid, command: 'init', leaseSeconds: 60 });
    expect(await look()).toMatchObject({ expired: false, dead: false });
    await lock.assertHeld();
    await lock.release();
    expect(await look()).toBeUndefined();
  });

  it('is given to exactly one of ten who ask at once', async () => {
    const answers = await Promise.allSettled(Array.from({ length: 10 }, () => take()));
    const refused = answers.flatMap((answer) => (answer.status === 'rejected' ? [answer.reason as unknown] : []));
    expect(refused).toHaveLength(9);
    for (const error of refused) expect(error).toMatchObject({ code: 'LOCK_HELD', exitCode: 75 });
  });

  it('is recognised as taken by ourselves when the answer to our put was lost', async () => {
    await emulator.fault({ kind: 'close-after', match: PUT });
    const lock = await take();
    await lock.assertHeld();
    expect(lock.tookOver).toBeUndefined();
    expect((await puts()).slice(0, 2)).toEqual([
      ['*', 200],
      ['*', 412],
    ]);
    await lock.release();
    expect(await look()).toBeUndefined();
  });

  it.each([
    [409, 'ConditionalRequestConflict'],
    [503, 'SlowDown'],
  ])('is taken although S3 asks to repeat (%i %s)', async (status, code) => {
    await emulator.fault({ kind: 'error', match: PUT, status, code });
    await (await take()).assertHeld();
    expect(await look()).toMatchObject({ holder: { pid: process.pid } });
  });

  it('is not taken when S3 denies it', async () => {
    await emulator.fault({ kind: 'error', match: PUT, status: 403, code: 'AccessDenied', times: 99 });
    await expect(take()).rejects.toThrow(expect.objectContaining({ code: 'STATE_BUCKET_DENIED' }));
  });
});

describe('a held lock', () => {
  it('refuses others with exit code 75 and says who, since when and what to do', async () => {
    await take();
    const { user, acquiredAt, nonce } = await stored();
    const error = await userError(acquireLock(optionsOf({ command: 'destroy' })));
    expect(error).toMatchObject({ code: 'LOCK_HELD', exitCode: 75 });
    expect(error.message).toContain(`stack dev is locked: ${user}@${hostname()} (process ${process.pid}) runs "init"`);
    expect(error.message).toContain(`since ${acquiredAt}`);
    expect(error.fix).toContain('temporal-fargate unlock --stack dev');
    expect(error.fix).toContain('60 s');
    expect((await stored()).nonce).toBe(nonce);
  });

  it('is renewed, each time under another ETag, and outlives its lease', async () => {
    const lock = await take({ leaseSeconds: 1 });
    const etags = new Set<string>();
    const etag = async () => (await plain().send(new HeadObjectCommand({ Bucket: own.Bucket, Key: KEY }))).ETag ?? '';
    await eventually('eight renewals', async () => etags.add(await etag()).size > 8);
    expect(await look()).toMatchObject({ expired: false });
    await lock.assertHeld();
    await lock.release();
    expect(await look()).toBeUndefined();
  });

  it('is not taken over when it was renewed between the look of the other and its put', async () => {
    await take({ leaseSeconds: 1 });
    await emulator.fault({ kind: 'hang', match: PUT });
    await expired();
    // The rival sees the expired lock; its take-over is held back while the holder's renewal goes through.
    await emulator.fault({ kind: 'delay', seconds: 1.5, match: PUT, after: 2 });
    const outcome = userError(acquireLock(optionsOf()));
    const waiting = async () => (await puts()).filter(([how, status]) => how === 'If-Match' && status === null).length;
    await eventually('renewal and take-over to be under way', async () => (await waiting()) === 2);
    await emulator.clearFaults();
    expect(await outcome).toMatchObject({ code: 'LOCK_HELD' });
    expect((await puts()).filter(([, status]) => status === 412)).toHaveLength(2);
  });

  it('throws LOCK_LOST after its lease ran out without a renewal, and is ours again with the next one', async () => {
    const lock = await take({ leaseSeconds: 1 });
    await emulator.fault({ kind: 'error', match: PUT, status: 403, code: 'AccessDenied', times: 999 });
    const held = async (): Promise<boolean> => {
      try {
        await lock.assertHeld();
        return true;
      } catch (error) {
        expect(error).toMatchObject({
          code: 'LOCK_LOST',
          exitCode: 75,
          message: expect.stringContaining('not renewed'),
        });
        return false;
      }
    };
    await eventually('the lease to run out', async () => !(await held()));
    expect(await held()).toBe(false);
    await emulator.clearFaults();
    await eventually('a renewal', held);
    expect((await look())?.holder.pid).toBe(process.pid);
  });

  it('recognises its own renewal when the answer was lost', async () => {
    const lock = await take({ leaseSeconds: 1 });
    await emulator.fault({ kind: 'close-after', match: PUT });
    await eventually('the retry to be refused', async () => (await puts()).some(([, status]) => status === 412));
    const { renewals } = await stored();
    await eventually('the next renewal', async () => (await stored()).renewals > renewals);
    await expect(lock.assertHeld()).resolves.toBeUndefined();
  });

  it('is not taken for lost when it cannot be read after a refused renewal', async () => {
    const lock = await take({ leaseSeconds: 1 });
    await emulator.fault({ kind: 'close-after', match: PUT });
    await emulator.fault({ kind: 'error', status: 403, code: 'AccessDenied', match: { operation: 'GetObject' } });
    await eventually('the look to be denied', async () =>
      (await emulator.calls()).some(({ status }) => status === 403),
    );
    const { renewals } = await stored();
    await eventually('the next renewal', async () => (await stored()).renewals > renewals);
    await expect(lock.assertHeld()).resolves.toBeUndefined();
  });

  it.each([
    ['broken', 'it was broken'],
    ['taken by somebody else', 'theirs@host'],
  ])('is lost as soon as a renewal finds it %s', async (how, said) => {
    const lock = await take({ leaseSeconds: 4 });
    const seen = await look();
    if (how === 'broken' && seen) await breakLock(optionsOf(), seen);
    else
      await putText(
        plain(),
        own,
        KEY,
        JSON.stringify({ ...(await stored()), nonce: 'x', user: 'theirs', host: 'host' }),
      );
    await eventually('the loss', async () => {
      try {
        await lock.assertHeld();
        return false;
      } catch (error) {
        return (error as Error).message.includes(said);
      }
    });
    await lock.release();
    expect((await look())?.holder.nonce).toBe(how === 'broken' ? undefined : 'x');
  });
});

describe('a release', () => {
  it('leaves a lock that somebody else has by now', async () => {
    const lock = await take();
    await putText(plain(), own, KEY, JSON.stringify({ ...(await stored()), nonce: 'theirs' }));
    await lock.release();
    expect((await stored()).nonce).toBe('theirs');
  });

  it('is done when the lock is gone, or when the answer to the delete was lost', async () => {
    const first = await take();
    const seen = await look();
    if (seen) await breakLock(optionsOf(), seen);
    await first.release();
    const second = await take();
    await emulator.fault({ kind: 'close-after', match: { operation: 'DeleteObject' } });
    await second.release();
    expect(await look()).toBeUndefined();
  });

  it('finds its lock under the ETag of a renewal whose answer never came', async () => {
    const lock = await take({ leaseSeconds: 4 });
    await emulator.fault({ kind: 'close-after', match: PUT });
    await emulator.fault({ kind: 'error', match: PUT, status: 403, code: 'AccessDenied', after: 2 });
    await eventually('the renewal', async () => (await stored()).renewals > 0);
    await lock.release();
    expect(await look()).toBeUndefined();
  });
});

describe('an abandoned lock', () => {
  const children: ChildProcess[] = [];
  const startProcess = async (): Promise<{ pid: number; end(): Promise<void> }> => {
    const child = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)'], { stdio: 'ignore' });
    children.push(child);
    await once(child, 'spawn');
    return {
      pid: child.pid ?? 0,
      end: async () => {
        const exit = once(child, 'exit');
        child.kill('SIGKILL');
        await exit;
      },
    };
  };
  afterEach(() => {
    for (const child of children.splice(0)) child.kill('SIGKILL');
  });

  it('is taken over by If-Match when its lease ran out, and its holder is named', async () => {
    await leave({ host: 'elsewhere', leaseSeconds: 1 });
    expect((await userError(acquireLock(optionsOf()))).code).toBe('LOCK_HELD');
    await expired();
    await emulator.clearCalls();
    const lock = await take();
    expect(await puts()).toEqual([
      ['*', 412],
      ['If-Match', 200],
    ]);
    expect(lock.tookOver).toMatchObject({ nonce: 'theirs', host: 'elsewhere' });
    expect(mutations(await emulator.calls())).not.toContain('DeleteObject');
  });

  it('is known as taken over although the answer to the take-over was lost', async () => {
    await leave({ leaseSeconds: 1 });
    await expired();
    await emulator.fault({ kind: 'close-after', match: PUT, after: 2 });
    const lock = await take();
    expect(lock.tookOver).toMatchObject({ nonce: 'theirs' });
    expect((await stored()).nonce).not.toBe('theirs');
  });

  it('is given to exactly one of ten who find it at once', async () => {
    await leave({ leaseSeconds: 1 });
    await expired();
    const answers = await Promise.allSettled(Array.from({ length: 10 }, () => take()));
    expect(answers.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
  });

  it('is taken over at once when its holder was a process of this machine that was killed', async () => {
    const holder = await startProcess();
    await leave({ pid: holder.pid });
    expect(await look()).toMatchObject({ dead: false });
    expect((await userError(acquireLock(optionsOf()))).message).toContain(`process ${holder.pid}`);
    await holder.end();
    expect(await look()).toMatchObject({ dead: true, expired: false });
    expect((await take()).tookOver).toMatchObject({ pid: holder.pid });
  });

  it.each<[string, Partial<LockHolder>]>([
    ['on another host', { host: 'elsewhere' }],
    ['before the last start of this machine', { boot: 'an earlier boot' }],
    ['on a system that does not tell its starts apart', { boot: '' }],
  ])('is only taken over after its lease when its holder ran %s', async (_where, changes) => {
    const holder = await startProcess();
    await holder.end();
    await leave({ pid: holder.pid, ...changes, leaseSeconds: 1 });
    expect(await look()).toMatchObject({ dead: false });
    expect((await userError(acquireLock(optionsOf()))).code).toBe('LOCK_HELD');
    await expired();
    expect((await take()).tookOver).toMatchObject({ pid: holder.pid });
  });
});

describe('a lock that cannot be read', () => {
  /** The emulator's clock cannot be set, so the answer's date is. */
  const later = (seconds: number): S3Client => {
    const s3 = stateClient(emulator);
    s3.middlewareStack.add(
      (next) => async (args) => {
        const result = await next(args);
        const metadata = result.output.$metadata as { serverDate?: number };
        if (metadata.serverDate !== undefined) metadata.serverDate += seconds * 1000;
        return result;
      },
      { step: 'initialize' },
    );
    return s3;
  };

  it.each([
    ['is not JSON', 'not json'],
    ['is empty', ''],
    ['is of another program', '{"ID":"terraform"}'],
  ])('because it %s counts as held, for 60 s (stub: a later Date in the answers of S3)', async (_name, text) => {
    await putText(plain(), own, KEY, text);
    const error = await userError(acquireLock(optionsOf()));
    expect(error).toMatchObject({
      code: 'LOCK_HELD',
      exitCode: 75,
      message: expect.stringContaining('an unreadable lock'),
    });
    expect((await userError(acquireLock(optionsOf({ s3: later(55) })))).code).toBe('LOCK_HELD');
    expect(await textOf(plain(), own, KEY)).toBe(text);
    const lock = await take({ s3: later(65) });
    expect(lock.tookOver).toMatchObject({ user: 'unknown' });
  });

  it('can be broken by hand', async () => {
    await putText(plain(), own, KEY, 'not json');
    const seen = await look();
    if (seen) await breakLock(optionsOf(), seen);
    expect(await look()).toBeUndefined();
  });
});

describe('breaking a lock', () => {
  it('works on one that was renewed since it was looked at', async () => {
    await take({ leaseSeconds: 1 });
    const seen = await look();
    await eventually('a renewal', async () => (await stored()).renewals > 1);
    if (seen) await breakLock(optionsOf(), seen);
    expect(seen && (await look())).toBeUndefined();
  });

  it('refuses one that changed hands since, and leaves it', async () => {
    await take();
    const seen = await look();
    await putText(plain(), own, KEY, JSON.stringify({ ...(await stored()), nonce: 'theirs' }));
    expect(seen && (await userError(breakLock(optionsOf(), seen)))).toMatchObject({
      code: 'LOCK_CHANGED',
      exitCode: 75,
    });
    expect((await stored()).nonce).toBe('theirs');
  });
});
