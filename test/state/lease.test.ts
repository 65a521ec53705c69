import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { OwnBucket } from '../../src/aws/bucket.ts';
import { ensureStateBucket } from '../../state/bucket.ts';
import { acquireLock, type HeldLock, readLock } from '../../state/lock.ts';
import type { LockHolder } from '../../state/lock-holder.ts';
import { eventually, useEmulator } from '../helpers/emulator.ts';
import { afterwards, bucketOptions, putText, stateClient, textOf, useCleanUp } from './stage.ts';

useCleanUp();

const emulator = useEmulator();
const KEY = 'dev/lock.json';
let own: OwnBucket;

beforeEach(async () => {
  await emulator.reset();
  own = await ensureStateBucket(bucketOptions(emulator));
});
afterEach(() => {
  vi.useRealTimers();
});

async function take(): Promise<HeldLock> {
  const s3 = stateClient(emulator);
  const lock = await acquireLock({ s3, own, key: KEY, command: 'init', cliVersion: 'test' });
  afterwards(() => lock.release());
  return lock;
}

const stored = async (): Promise<LockHolder> => JSON.parse(await textOf(emulator.clients.s3, own, KEY)) as LockHolder;
const puts = async (): Promise<(number | null)[]> =>
  (await emulator.calls())
    .filter(({ operation, agent }) => operation === 'PutObject' && agent.includes('temporal-fargate'))
    .map(({ status }) => status);

const SECONDS = 1000;
const HOUR = 3600 * SECONDS;

describe('the lease of 60 s (the clocks of this process are set by hand; S3 has its own)', () => {
  it('is renewed every 15 s through a wait of ten minutes, so that it never runs out', async () => {
    vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval', 'performance', 'Date'] });
    const lock = await take();
    for (let renewals = 1; renewals <= 40; renewals += 1) {
      vi.advanceTimersByTime(15 * SECONDS);
      await eventually('a renewal', async () => (await stored()).renewals === renewals);
      await lock.assertHeld();
    }
    // Those and the first one: nothing had to be renewed in a hurry.
    expect(await puts()).toEqual(Array.from({ length: 41 }, () => 200));
  });

  it.each([-HOUR, HOUR])('does not depend on a clock that is %i ms off when it is taken', async (offMs) => {
    vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + offMs });
    const lock = await take();
    await lock.assertHeld();
    expect(await puts()).toEqual([200]);
    vi.useRealTimers();
    const seen = await readLock({ s3: stateClient(emulator), own, key: KEY });
    expect(seen).toMatchObject({ expired: false });
    expect(seen?.ageSeconds).toBeLessThan(60);
  });

  it('that ran out while the machine slept is renewed before anything else when nobody took over', async () => {
    const lock = await take();
    // Asleep, no timer runs, and the monotonic clock of some systems stands still.
    vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + HOUR });
    await Promise.all([lock.assertHeld(), lock.assertHeld(), lock.assertHeld()]);
    vi.useRealTimers();
    expect(await puts()).toEqual([200, 200]);
    expect((await stored()).renewals).toBe(1);
  });

  it('that ran out while the machine slept is lost when somebody took over', async () => {
    const lock = await take();
    const theirs = JSON.stringify({ ...(await stored()), nonce: 'theirs', user: 'ada', host: 'build-7' });
    await putText(emulator.clients.s3, own, KEY, theirs);
    vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + HOUR });
    await expect(lock.assertHeld()).rejects.toMatchObject({ code: 'LOCK_LOST', exitCode: 75 });
    await expect(lock.assertHeld()).rejects.toThrow('ada@build-7');
    vi.useRealTimers();
    expect(await textOf(emulator.clients.s3, own, KEY)).toBe(theirs);
    expect((await puts()).filter((status) => status !== 412)).toEqual([200]);
  });

  it('that ran out and cannot be renewed says why', async () => {
    const lock = await take();
    const PUT = { service: 's3', operation: 'PutObject' };
    await emulator.fault({ kind: 'error', match: PUT, status: 403, code: 'AccessDenied', times: 9 });
    vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + HOUR });
    await expect(lock.assertHeld()).rejects.toThrow(/not renewed for 36\d\d s: .*access denied/);
  });
});
