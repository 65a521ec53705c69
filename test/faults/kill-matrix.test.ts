import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Cell, type CleanRun, cleanRun, commitSeed, inLanes, kill, nameOf, randomFrom } from './cells.ts';
import { DESTROY, INIT, Lane } from './lane.ts';

/** `npm run test:kill` runs every cell; `npm test` every twentieth one, which ones is up to the commit. */
const WHOLE = process.env.KILL_MATRIX === 'whole';
const PARTS = WHOLE ? 1 : 20;
/** Of each command's cells, for being killed twice. */
const PICKED = WHOLE ? 3 : 2;
const seed = commitSeed();
const which = WHOLE ? 'every cell' : `every ${PARTS}th cell, from number ${(seed % PARTS) + 1} on`;
const LONG = 20 * 60_000;

const lanes: Lane[] = [];
let clean: CleanRun;

beforeAll(async () => {
  lanes.push(...(await Promise.all([Lane.start(0.1), Lane.start(0.1)])));
  clean = await cleanRun(lanes[0] as Lane);
});

afterAll(async () => {
  for (const lane of lanes) await lane.stop();
});

/** Every `n`-th, spread over the list. */
const sample = <T>(items: readonly T[], n: number): T[] => items.filter((_item, index) => index % n === seed % n);

async function made(lane: Lane): Promise<void> {
  await lane.reset();
  await lane.run(INIT);
}

async function initKilled(lane: Lane, cell: Cell): Promise<void> {
  await lane.reset();
  await kill(lane, cell, () => lane.reset());
}

async function gone(lane: Lane): Promise<void> {
  await lane.checkGone(await lane.run(DESTROY));
}

/** A stack whose init was killed, and finished by a second one, is as good as any: the next destroy is killed there. */
interface Chain {
  readonly init: Cell;
  readonly destroy: Cell | undefined;
}

const nameOfChain = ({ init, destroy }: Chain): string =>
  destroy ? `${nameOf(init)}, then ${nameOf(destroy)}` : nameOf(init);

describe(`SIGKILL at each mutating call (${which})`, () => {
  it('init and destroy converge when they are run again: nothing twice, nothing left, no lock held', {
    timeout: LONG,
  }, async () => {
    const inits = sample(clean.init, PARTS);
    const destroys = sample(clean.destroy, PARTS);
    expect(clean.init.length).toBeGreaterThan(60);
    expect(clean.destroy.length).toBeGreaterThan(30);
    expect(inits.length).toBeGreaterThanOrEqual(destroys.length);
    const chains = inits.map((init, index): Chain => ({ init, destroy: destroys[index] }));
    const hit = new Set<string>();
    const startedAt = performance.now();

    const { ran, problems } = await inLanes(lanes, chains, nameOfChain, async (lane, { init, destroy }) => {
      await initKilled(lane, init);
      hit.add(nameOf(init));
      await lane.run(INIT);
      await lane.checkMade(clean.made);
      if (destroy) {
        await kill(lane, destroy, () => made(lane));
        hit.add(nameOf(destroy));
      }
      await gone(lane);
    });

    const seconds = Math.round((performance.now() - startedAt) / 1000);
    process.stdout.write(
      `kill matrix, ${which}: ${inits.length} of ${clean.init.length} cells of init and ${destroys.length} of ${clean.destroy.length} of destroy in ${seconds} s\n`,
    );
    expect(problems).toEqual([]);
    expect(ran).toBe(chains.length);
    expect([...hit].sort()).toEqual([...inits, ...destroys].map(nameOf).sort());
  });

  it('init finishes what a killed destroy left', { timeout: LONG }, async () => {
    const cells = sample(clean.destroy, WHOLE ? 3 : 2 * PARTS);
    const { ran, problems } = await inLanes(lanes, cells, nameOf, async (lane, cell) => {
      await made(lane);
      await kill(lane, cell, () => made(lane));
      await lane.run(INIT);
      await lane.checkMade(clean.made);
      await gone(lane);
    });
    expect(problems).toEqual([]);
    expect(ran).toBe(cells.length);
  });

  it('destroy takes down what a killed init made', { timeout: LONG }, async () => {
    const cells = sample(clean.init, WHOLE ? 3 : 2 * PARTS);
    const { ran, problems } = await inLanes(lanes, cells, nameOf, async (lane, cell) => {
      await initKilled(lane, cell);
      await gone(lane);
    });
    expect(problems).toEqual([]);
    expect(ran).toBe(cells.length);
  });

  it('a killed destroy that leaves the secret restorable ends well too, and init brings it back', {
    timeout: LONG,
  }, async () => {
    const [lane] = lanes as [Lane];
    await made(lane);
    const fault = { match: { service: 'secretsmanager', operation: 'DeleteSecret' } };
    expect(await lane.runKilled(['destroy', '--yes'], fault)).toBe(true);
    for (const time of ['second', 'third']) {
      const { stdout } = await lane.run(['destroy', '--yes']);
      expect(stdout, time).toMatch(/^Kept: secret .* --purge deletes it for good\)$/m);
      expect(stdout, time).toMatch(/^0 left$/m);
    }
    await lane.run(INIT);
    await lane.checkMade(clean.made);
    expect(await lane.runKilled(['destroy', '--yes'], fault)).toBe(true);
    await gone(lane);
  });

  it('a call that was sent and not carried out is made up for', { timeout: LONG }, async () => {
    const inits = sample(clean.init, WHOLE ? 5 : 40);
    const destroys = sample(clean.destroy, WHOLE ? 5 : 40);
    const cells = [...inits, ...destroys].map((cell): Cell => ({ ...cell, before: true }));
    const { ran, problems } = await inLanes(lanes, cells, nameOf, async (lane, cell) => {
      if (cell.command === 'init') {
        await initKilled(lane, cell);
        await lane.run(INIT);
        await lane.checkMade(clean.made);
      } else {
        await made(lane);
        await kill(lane, cell, () => made(lane));
      }
      await gone(lane);
    });
    expect(problems).toEqual([]);
    expect(ran).toBe(cells.length);
  });

  it(`the run after it may be killed as well: ${2 * PICKED} cells picked by seed ${seed}`, {
    timeout: LONG,
  }, async () => {
    const random = randomFrom(seed);
    const pick = (cells: readonly Cell[]) =>
      Array.from({ length: PICKED }, () => {
        const index = random(cells.length);
        // Half of what is left is more than a second run can have been spared.
        const second = 1 + random(Math.max(2, Math.floor((cells.length - index) / 2)));
        return { cell: cells[index] as Cell, second };
      });
    const twice = [...pick(clean.init), ...pick(clean.destroy)];
    const name = ({ cell, second }: (typeof twice)[number]): string =>
      `${nameOf(cell)} and again after ${second} mutating calls`;
    const { ran, problems } = await inLanes(lanes, twice, name, async (lane, { cell, second }) => {
      const args = cell.command === 'init' ? INIT : DESTROY;
      if (cell.command === 'init') await initKilled(lane, cell);
      else {
        await made(lane);
        await kill(lane, cell, () => made(lane));
      }
      const killed = await lane.runKilled(args, { mutating: true, after: second });
      if (!killed && second > 2) throw new Error('the second run ended before it was killed');
      if (cell.command === 'init') {
        await lane.run(INIT);
        await lane.checkMade(clean.made);
      }
      await gone(lane);
    });
    expect(problems).toEqual([]);
    expect(ran).toBe(twice.length);
  });
});
