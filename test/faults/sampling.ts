import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';

/** What varies from commit to commit, and not from run to run. Without git always the same. */
export function commitSeed(): number {
  const cwd = fileURLToPath(new URL('../..', import.meta.url));
  const { stdout } = spawnSync('git', ['rev-parse', 'HEAD'], { cwd, encoding: 'utf8' });
  return Number.parseInt((stdout ?? '').trim().slice(-8), 16) || 1;
}

/** Numbers below `limit`, the same ones for the same seed. */
export function randomFrom(seed: number): (limit: number) => number {
  let state = seed >>> 0;
  return (limit) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 2 ** 32) * limit);
  };
}

/** Every `n`-th, spread over the list; from where on, the seed decides. */
export const everyNth = <T>(items: readonly T[], n: number, seed: number): T[] =>
  items.filter((_item, index) => index % n === seed % n);

/** Runs `work` on every item, one at a time in each lane. */
export async function inLanes<L, T>(
  lanes: readonly L[],
  items: readonly T[],
  work: (lane: L, item: T) => Promise<void>,
): Promise<void> {
  const queue = [...items];
  const drain = async (lane: L): Promise<void> => {
    for (let item = queue.shift(); item !== undefined; item = queue.shift()) await work(lane, item);
  };
  await Promise.all(lanes.map(drain));
}
