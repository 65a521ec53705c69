import { describe, expect, it } from 'vitest';
import { type Cell, cellsOf, type Runs } from './cells.ts';
import { chainsOf, commandsOf, strokesOf } from './chains.ts';
import type { CommandName } from './commands.ts';
import type { DisturbanceName } from './disturbances.ts';

const cell = (command: CommandName, operation: string, disturbance: DisturbanceName, ordinal = 1): Cell => ({
  command,
  service: 'ec2',
  operation,
  ordinal,
  disturbance,
});
const call = (operation: string, error: string | null = null) => ({
  ...{ n: 1, at: 0, service: 'ec2', operation, params: {}, status: 200, error },
  ...{ principal: 'operator', mutating: !operation.startsWith('Describe'), agent: '', fault: null },
});
const placesOf = (runs: Runs, disturbance: DisturbanceName): string[] =>
  cellsOf(runs)
    .filter((one) => one.disturbance === disturbance)
    .map(({ command, operation, ordinal }) => `${command} ${operation} ${ordinal}`);

describe('the cells of the matrix', () => {
  const runs: Runs = new Map([
    [
      'init',
      [
        call('CreateSubnet'),
        call('DescribeVpcs'),
        call('CreateSubnet', 'NotYet'),
        call('CreateSubnet'),
        call('CreateSubnet'),
      ],
    ],
    ['destroy', [call('DescribeVpcs'), call('DeleteSubnet'), call('CreateSubnet')]],
  ]);

  it('are every change that AWS carried out, for what may lose or repeat it', () => {
    const changes = ['init CreateSubnet 1', 'init CreateSubnet 2', 'init CreateSubnet 3'];
    const all = [...changes, 'destroy DeleteSubnet 1', 'destroy CreateSubnet 1'];
    expect(placesOf(runs, 'killed after')).toEqual(all);
    expect(placesOf(runs, 'answer lost')).toEqual(all);
  });

  it('are the middle call of every operation, reads too, for what else may happen', () => {
    expect(placesOf(runs, 'expired')).toEqual(['init CreateSubnet 2', 'init DescribeVpcs 1', 'destroy DeleteSubnet 1']);
    expect(placesOf(runs, 'killed before')).toEqual(['init CreateSubnet 2', 'destroy DeleteSubnet 1']);
  });
});

describe('cells that share a run', () => {
  it('are of one command and one disturbance that the run should survive, and never of one operation', () => {
    const lost = [cell('init', 'A', 'answer lost'), cell('init', 'B', 'answer lost')];
    const same = cell('init', 'A', 'answer lost', 2);
    const others = [cell('destroy', 'C', 'answer lost'), cell('init', 'C', 'HTTP 500')];
    const killed = [cell('init', 'A', 'killed after'), cell('init', 'B', 'killed after')];
    const strokes = strokesOf([...lost, same, ...others, ...killed], 8);
    expect(strokes).toEqual([lost, [same], ...others.map((one) => [one]), ...killed.map((one) => [one])]);
  });
});

describe('a chain', () => {
  it('takes one stack through its cells, with what they need in between', () => {
    const cells = (['deploy', 'replace', 'init', 'destroy'] as const).map((command) =>
      cell(command, 'A', 'killed after'),
    );
    const chains = chainsOf(strokesOf(cells, 1));
    expect(chains.map(commandsOf)).toEqual([
      ['init', 'update', 'deploy', 'destroy'],
      ['init', 'replace', 'destroy'],
    ]);
    expect(chains.flatMap(({ strokes }) => [...strokes.keys()])).toEqual(['init', 'deploy', 'destroy', 'replace']);
  });

  it('does not replace or update what has no cell there', () => {
    expect(chainsOf(strokesOf([cell('destroy', 'A', 'HTTP 500')], 1)).map(commandsOf)).toEqual([['init', 'destroy']]);
    expect(chainsOf(strokesOf([cell('update', 'A', 'HTTP 500')], 1)).map(commandsOf)).toEqual([
      ['init', 'update', 'destroy'],
    ]);
  });
});
