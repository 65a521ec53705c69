import { expect, it } from 'vitest';
import { poll } from '../../src/engine/wait.ts';
import { FakeClock } from '../helpers/engine.ts';

/** @returns how often was looked, and the seconds from the moment when it was there until that was seen */
async function wait(seconds: number, usual?: readonly [number, number]): Promise<{ looks: number; late: number }> {
  const clock = new FakeClock();
  const startedAt = clock.now();
  let looks = 0;
  await poll<void>({
    what: 'it',
    clock,
    timeoutMs: 900_000,
    intervalMs: 1000,
    usualMs: usual && [usual[0] * 1000, usual[1] * 1000],
    probe: async () => {
      looks += 1;
      const done = clock.now() - startedAt >= seconds * 1000;
      return done ? { done, value: undefined } : { done, reason: 'pending' };
    },
  });
  return { looks, late: (clock.now() - startedAt) / 1000 - seconds };
}

it('what takes its usual time is seen within two seconds of it, at few looks', async () => {
  for (const seconds of [60, 77, 95, 149]) {
    const { looks, late } = await wait(seconds, [60, 150]);
    expect(late).toBeLessThanOrEqual(2);
    expect(looks).toBeLessThan(65);
  }
});

it('what is there in a moment is seen in a moment, and what takes for ever is looked at each ten seconds', async () => {
  expect((await wait(0.5)).late).toBeLessThanOrEqual(0.5);
  expect((await wait(1.5, [60, 150])).late).toBeLessThanOrEqual(1);
  expect((await wait(600)).looks).toBeLessThan(75);
  expect((await wait(600, [60, 150])).looks).toBeLessThan(120);
});
