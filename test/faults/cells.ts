import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { DESTROY, INIT, type Lane, normalised } from './lane.ts';

/** One place to die at: after the `ordinal`-th call of one operation, or right before AWS carries it out. */
export interface Cell {
  readonly command: 'init' | 'destroy';
  readonly service: string;
  readonly operation: string;
  readonly ordinal: number;
  readonly before?: boolean;
}

export interface CleanRun {
  /** A cell for every mutating call of a run that nobody disturbed. */
  readonly init: readonly Cell[];
  readonly destroy: readonly Cell[];
  /** The stack that it made. */
  readonly made: readonly string[];
}

/** Makes the stack and takes it down once, undisturbed. */
export async function cleanRun(lane: Lane): Promise<CleanRun> {
  await lane.reset();
  await lane.run(INIT);
  const init = await cellsOf(lane, 'init');
  const made = normalised(await lane.emulator.inventory());
  await lane.checkMade(made);
  await lane.emulator.clearCalls();
  const result = await lane.run(DESTROY);
  const destroy = await cellsOf(lane, 'destroy');
  await lane.checkGone(result);
  return { init, destroy, made };
}

/** Calls run side by side, so their order differs from run to run; the n-th call of one operation is in every run. */
async function cellsOf(lane: Lane, command: Cell['command']): Promise<Cell[]> {
  const seen = new Map<string, number>();
  return (await lane.mutations()).map(({ service, operation }) => {
    const ordinal = (seen.get(`${service} ${operation}`) ?? 0) + 1;
    seen.set(`${service} ${operation}`, ordinal);
    return { command, service, operation, ordinal };
  });
}

export const nameOf = ({ command, service, operation, ordinal, before }: Cell): string =>
  `${command} killed ${before ? 'before' : 'after'} ${service} ${operation} ${ordinal}`;

/**
 * Runs the cell's command and kills it there. State writes coalesce, so a run may have one or two fewer than the clean
 * one: then the process, which has ended well, is started over by `again` and killed one call earlier.
 */
export async function kill(lane: Lane, cell: Cell, again: () => Promise<void>): Promise<void> {
  const { service, operation, ordinal, before = false } = cell;
  for (let after = ordinal; after > Math.max(0, ordinal - 4); after -= 1) {
    const fault = { match: { service, operation }, after, before };
    if (await lane.runKilled(cell.command === 'init' ? INIT : DESTROY, fault)) return;
    await again();
  }
  throw new Error('it never came to this call');
}

/** Runs `work` on every item, one at a time in each lane, and collects what fails. */
export async function inLanes<T>(
  lanes: readonly Lane[],
  items: readonly T[],
  name: (item: T) => string,
  work: (lane: Lane, item: T) => Promise<void>,
): Promise<{ ran: number; problems: string[] }> {
  const queue = [...items];
  const problems: string[] = [];
  let ran = 0;
  const drain = async (lane: Lane): Promise<void> => {
    for (let item = queue.shift(); item !== undefined; item = queue.shift()) {
      try {
        await work(lane, item);
      } catch (error) {
        problems.push(`${name(item)}: ${(error as Error).message}`);
      }
      ran += 1;
    }
  };
  await Promise.all(lanes.map(drain));
  return { ran, problems };
}

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
