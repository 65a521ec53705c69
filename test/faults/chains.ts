import type { Cell } from './cells.ts';
import { type CommandName, LIVES, type Life } from './commands.ts';
import { DISTURBANCES, type Disturbance } from './disturbances.ts';

/** What strikes one run: a cell, or several of one disturbance. */
export type Stroke = readonly [Cell, ...Cell[]];

/**
 * Cells that a run is expected to survive by itself share one, up to `together` of them. Never two of one operation: the
 * repetition of the first call would be the second one.
 */
export function strokesOf(cells: readonly Cell[], together: number): Stroke[] {
  const strokes: [Cell, ...Cell[]][] = [];
  for (const cell of cells) {
    const { survived }: Disturbance = DISTURBANCES[cell.disturbance];
    const fitting = strokes.find(
      (stroke) => survived && stroke.length < together && stroke.every((other) => mayShare(other, cell)),
    );
    if (fitting) fitting.push(cell);
    else strokes.push([cell]);
  }
  return strokes;
}

const mayShare = (one: Cell, other: Cell): boolean =>
  one.disturbance === other.disturbance &&
  one.command === other.command &&
  `${one.service} ${one.operation}` !== `${other.service} ${other.operation}`;

/** Strokes of one stack: where the second run of one ends, the next one begins. */
export interface Chain {
  readonly life: Life;
  readonly strokes: ReadonlyMap<CommandName, Stroke>;
}

/** As few stacks as these strokes can share. */
export function chainsOf(strokes: readonly Stroke[]): Chain[] {
  const waiting = [...strokes];
  const chains: Chain[] = [];
  const take = (life: Life): void => {
    const taken = LIVES[life].flatMap((command): [CommandName, Stroke][] => {
      const index = waiting.findIndex(([cell]) => cell.command === command);
      return waiting.splice(index, index < 0 ? 0 : 1).map((stroke) => [command, stroke]);
    });
    chains.push({ life, strokes: new Map(taken) });
  };
  const waits = (...commands: CommandName[]): boolean => waiting.some(([cell]) => commands.includes(cell.command));
  while (waits('update', 'deploy')) take('changed');
  while (waits('init', 'replace', 'destroy')) take('moved');
  return chains;
}

/** The commands that a chain runs. What it has no cell for is left out where the next command does not need it. */
export function commandsOf({ life, strokes }: Chain): CommandName[] {
  const last = LIVES[life].findLastIndex((command) => strokes.has(command) && command !== 'destroy');
  return LIVES[life].filter(
    (command, index) =>
      strokes.has(command) || command === 'init' || command === 'destroy' || (life === 'changed' && index < last),
  );
}
