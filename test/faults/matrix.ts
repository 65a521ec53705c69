import { shapeOf } from '../helpers/account-shape.ts';
import type { LoggedCall } from '../helpers/emulator.ts';
import { type Cell, nameOf, type Runs } from './cells.ts';
import { type Chain, commandsOf, type Stroke } from './chains.ts';
import { type CommandName, LIVES, type Life } from './commands.ts';
import { DISTURBANCES } from './disturbances.ts';
import type { Lane } from './lane.ts';
import { misspoken } from './misspoken.ts';

/** What undisturbed runs have done, once each. */
export interface Undisturbed {
  readonly calls: Runs;
  /** Everything there is after each command. */
  readonly made: ReadonlyMap<CommandName, readonly string[]>;
}

/** Leads a stack through each life. What is in both is counted in the first one. */
export async function undisturbed(lane: Lane, lives: readonly Life[]): Promise<Undisturbed> {
  const calls = new Map<CommandName, readonly LoggedCall[]>();
  const made = new Map<CommandName, readonly string[]>();
  for (const life of lives) {
    await lane.reset();
    for (const command of LIVES[life]) {
      const result = await lane.run(command);
      if (!calls.has(command)) calls.set(command, await lane.calls());
      if (command === 'destroy') await lane.checkGone(result);
      else {
        made.set(command, shapeOf(await lane.emulator.inventory()));
        await lane.checkMade(made.get(command) ?? []);
      }
    }
  }
  return { calls, made };
}

/** What became of a cell. */
export interface Outcome {
  readonly cell: Cell;
  /** `itself`: the disturbed run ended well. `again`: the next one did. `failed`: see `problem`. */
  readonly outcome: 'itself' | 'again' | 'failed';
  /** How often the disturbed run sent the same request again. */
  readonly retries: number;
  /** Of all runs of the cell, on the wall; a part of them where several cells shared a run. */
  readonly seconds: number;
  /** What the disturbed run said at its end. */
  readonly said?: string;
  readonly problem?: string;
}

/**
 * Runs the cells of a chain one after the other, and tells what became of each. One that fails ends its stack.
 *
 * @returns the cells that have to be run by themselves: they shared a run that did not end as it should
 */
export async function runChain(
  lane: Lane,
  chain: Chain,
  clean: Undisturbed,
  tell: (outcome: Outcome) => void,
): Promise<Cell[]> {
  const done: CommandName[] = [];
  const unsure: Cell[] = [];
  await lane.reset();
  for (const command of commandsOf(chain)) {
    const stroke = chain.strokes.get(command);
    if (stroke) {
      const outcomes = await runStroke(lane, stroke, () => relive(lane, done), clean);
      const isSure = stroke.length === 1 || outcomes.every(({ outcome }) => outcome === 'itself');
      if (isSure) outcomes.forEach(tell);
      else unsure.push(...stroke);
      if (outcomes.some(({ outcome }) => outcome === 'failed')) await relive(lane, [...done, command]);
    } else {
      const result = await lane.run(command);
      if (command === 'destroy') await lane.checkGone(result);
    }
    done.push(command);
  }
  return unsure;
}

async function relive(lane: Lane, commands: readonly CommandName[]): Promise<void> {
  await lane.reset();
  for (const command of commands) await lane.run(command);
}

async function runStroke(
  lane: Lane,
  stroke: Stroke,
  before: () => Promise<void>,
  { made }: Undisturbed,
): Promise<Outcome[]> {
  const [first] = stroke;
  const { command } = first;
  const startedAt = performance.now();
  let said: string | undefined;
  let retries: readonly number[] = [];
  const outcomes = (outcome: Outcome['outcome'], problem?: string): Outcome[] =>
    stroke.map((cell, index) => ({
      cell,
      outcome,
      retries: retries[index] ?? 0,
      seconds: Math.round((performance.now() - startedAt) / 100 / stroke.length) / 10,
      ...(said === undefined ? {} : { said }),
      ...(problem === undefined ? {} : { problem }),
    }));
  try {
    const struck = await strike(lane, stroke, before);
    const { result } = struck;
    retries = struck.retries;
    if (result.code !== 0 && result.code !== 'SIGKILL') {
      said = result.stderr.slice(Math.max(0, result.stderr.lastIndexOf('✖')));
      const wrong = misspoken(first, result);
      if (wrong) throw new Error(wrong);
    }
    const final = result.code === 0 ? result : await lane.run(command);
    if (command === 'destroy') await lane.checkGone(final);
    else await lane.checkMade(made.get(command) ?? []);
    return outcomes(result.code === 0 ? 'itself' : 'again');
  } catch (error) {
    return outcomes('failed', (error as Error).message);
  }
}

/**
 * Runs the command with its faults. State writes coalesce, so a run may have one or two calls fewer than the clean one:
 * then what it did is undone by `again`, and an earlier call is struck.
 */
async function strike(lane: Lane, stroke: Stroke, again: () => Promise<void>) {
  const [{ command, ordinal }] = stroke;
  for (let less = 0; less < Math.min(4, ordinal); less += 1) {
    const faults = stroke.map(({ service, operation, ordinal, disturbance }) => ({
      ...DISTURBANCES[disturbance].fault,
      match: { service, operation },
      after: ordinal - less,
    }));
    const result = await lane.disturbed(command, ...faults);
    const calls = await lane.calls();
    const struck = stroke.flatMap(
      ({ operation, service }) =>
        calls.find((call) => call.fault !== null && call.operation === operation && call.service === service) ?? [],
    );
    if (struck.length === stroke.length) return { result, retries: struck.map((call) => repetitions(calls, call)) };
    if (struck.length > 0) throw new Error('not every call came');
    if (result.code !== 0) throw new Error(`undisturbed it ended with ${result.code}: ${result.stderr.slice(-600)}`);
    await again();
  }
  throw new Error(`it never came to the call of ${nameOf(stroke[0])}`);
}

/** Runs the cell's command and has it killed there. */
export async function kill(lane: Lane, cell: Cell, again: () => Promise<void>): Promise<void> {
  const { result } = await strike(lane, [cell], again);
  if (result.code !== 'SIGKILL') throw new Error(`it was to be killed, but ended with ${result.code}`);
}

function repetitions(calls: readonly LoggedCall[], struck: LoggedCall): number {
  const request = ({ operation, params }: LoggedCall): string => JSON.stringify([operation, params]);
  return calls.filter((call) => call.n > struck.n && request(call) === request(struck)).length;
}
