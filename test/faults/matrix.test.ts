import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { leanBin } from '../helpers/cli.ts';
import { type Cell, cellsOf, nameOf } from './cells.ts';
import { chainsOf, strokesOf } from './chains.ts';
import type { CommandName } from './commands.ts';
import { DISTURBANCES, REQUEST_SECONDS } from './disturbances.ts';
import { Lane } from './lane.ts';
import { kill, runChain, type Undisturbed, undisturbed } from './matrix.ts';
import { commitSeed, everyNth, inLanes, randomFrom } from './sampling.ts';

/** Of the cells of `npm run faults` some, which ones is up to the commit; of what is not in the matrix `npm run test:kill` runs more. */
const WHOLE = process.env.KILL_MATRIX === 'whole';
const PARTS = 20;
const LONG = 20 * 60_000;
const seed = commitSeed();
const random = randomFrom(seed);

const lanes: Lane[] = [];
let clean: Undisturbed;
let kills: Record<'init' | 'destroy', Cell[]>;

beforeAll(async () => {
  const options = { bin: leanBin(), env: { TEMPORAL_FARGATE_REQUEST_SECONDS: String(REQUEST_SECONDS) } };
  lanes.push(...(await Promise.all([Lane.start(options), Lane.start(options)])));
  clean = await undisturbed(lanes[0] as Lane, seed % 2 === 0 ? ['changed'] : ['moved']);
  const of = (command: CommandName) =>
    cellsOf(clean.calls).filter((cell) => cell.command === command && cell.disturbance === 'killed after');
  kills = { init: of('init'), destroy: of('destroy') };
}, LONG);

afterAll(async () => {
  for (const lane of lanes) await lane.stop();
});

const pick = <T>(items: readonly T[]): T => items[random(items.length)] as T;

/** Every twentieth place to be killed at, and a cell of some of what else may happen. */
function sample(): Cell[] {
  const cells = cellsOf(clean.calls);
  const of = (name: string): Cell[] => cells.filter(({ disturbance }) => disturbance === name);
  const others = Object.keys(DISTURBANCES).filter((name) => name !== 'killed after');
  return [
    ...everyNth(of('killed after'), PARTS, seed),
    ...everyNth(others, 2, seed >>> 1).flatMap((name) => pick(of(name))),
  ];
}

async function made(lane: Lane): Promise<void> {
  await lane.reset();
  await lane.run('init');
}

async function gone(lane: Lane): Promise<void> {
  await lane.checkGone(await lane.run('destroy'));
}

const checkMade = (lane: Lane): Promise<void> => lane.checkMade(clean.made.get('init') ?? []);

/** Runs the cells side by side. @returns what went wrong, by cell */
async function problemsOf(cells: readonly Cell[], work: (lane: Lane, cell: Cell) => Promise<void>): Promise<string[]> {
  const problems: string[] = [];
  await inLanes(lanes, cells, (lane, cell) =>
    work(lane, cell).catch((error: Error) => void problems.push(`${nameOf(cell)}: ${error.message}`)),
  );
  return problems;
}

describe(`the fault matrix (seed ${seed})`, () => {
  it('every command that is disturbed converges, by itself or when it is run again: nothing twice, nothing left, no lock held', {
    timeout: LONG,
  }, async () => {
    const cells = sample();
    const good: string[] = [];
    const problems: string[] = [];
    await inLanes(lanes, chainsOf(strokesOf(cells, 1)), async (lane, chain) => {
      await runChain(lane, chain, clean, ({ cell, problem }) => {
        if (problem === undefined) good.push(nameOf(cell));
        else problems.push(`${nameOf(cell)}: ${problem}`);
      });
    });
    expect(problems).toEqual([]);
    expect(good.sort()).toEqual(cells.map(nameOf).sort());
  });
});

describe('SIGKILL', () => {
  it('of a destroy leaves what init finishes', { timeout: LONG }, async () => {
    const cells = WHOLE ? everyNth(kills.destroy, 3, seed) : [pick(kills.destroy)];
    const problems = await problemsOf(cells, async (lane, cell) => {
      await made(lane);
      await kill(lane, cell, () => made(lane));
      await lane.run('init');
      await checkMade(lane);
      await gone(lane);
    });
    expect(problems).toEqual([]);
  });

  it('of an init leaves what destroy takes down', { timeout: LONG }, async () => {
    const cells = WHOLE ? everyNth(kills.init, 3, seed) : [pick(kills.init)];
    const problems = await problemsOf(cells, async (lane, cell) => {
      await lane.reset();
      await kill(lane, cell, () => lane.reset());
      await gone(lane);
    });
    expect(problems).toEqual([]);
  });

  it('may strike the run after it as well', { timeout: LONG }, async () => {
    const picked = WHOLE
      ? [...everyNth(kills.init, 12, seed), ...everyNth(kills.destroy, 12, seed)]
      : [pick(seed % 2 === 0 ? kills.destroy : kills.init)];
    const problems = await problemsOf(picked, async (lane, cell) => {
      const command = cell.command as 'init' | 'destroy';
      const before = (): Promise<void> => (command === 'init' ? lane.reset() : made(lane));
      await before();
      await kill(lane, cell, before);
      // Half of what is left is more than a second run can have been spared.
      const left = kills[command].length - kills[command].indexOf(cell);
      const second = 1 + random(Math.max(2, Math.floor(left / 2)));
      const fault = { kind: 'signal', signal: 'SIGKILL', mutating: true, after: second } as const;
      const { code } = await lane.disturbed(command, fault);
      if (code !== 'SIGKILL' && second > 2)
        throw new Error(`the second run ended with ${code} before its call ${second}`);
      if (command === 'init') {
        await lane.run('init');
        await checkMade(lane);
      }
      await gone(lane);
    });
    expect(problems).toEqual([]);
  });

  it('of a destroy that leaves the secret restorable changes nothing about that, and init brings it back', {
    timeout: LONG,
  }, async () => {
    const [lane] = lanes as [Lane];
    await made(lane);
    const match = { service: 'secretsmanager', operation: 'DeleteSecret' };
    const fault = { kind: 'signal', signal: 'SIGKILL', match } as const;
    expect((await lane.disturbed('destroy-gently', fault)).code).toBe('SIGKILL');
    const { stdout } = await lane.run('destroy-gently');
    expect(stdout).toMatch(/^Kept: secret .* --purge deletes it for good\)$/m);
    expect(stdout).toMatch(/^0 left$/m);
    await lane.run('init');
    await checkMade(lane);
    expect((await lane.disturbed('destroy-gently', fault)).code).toBe('SIGKILL');
    await gone(lane);
  });
});
