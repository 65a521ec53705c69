import { describe, expect, it } from 'vitest';
import { heldRevision, provenBefore } from '../../src/commands/rollback-target.ts';
import { amended, begun, type DeploymentRecord, MOST_RECORDS, type Outcome } from '../../state/history.ts';

const run = { command: 'deploy', by: 'user/ada', startedAt: '2026-11-29T10:00:00.000Z' };

/** "deploy 3", "deploy 4 rolled-back", "rollback 3" */
const record = (words: string): DeploymentRecord => {
  const [command = '', taskDefinition, outcome = taskDefinition ? 'completed' : 'underway'] = words.split(' ');
  const known = taskDefinition === undefined ? {} : { taskDefinition };
  return { worker: 'worker', ...run, command, ...known, outcome: outcome as Outcome };
};
const history = (...all: string[]) => all.map(record);

describe('a history of deployments', () => {
  it('ends what an earlier run left under way, and changes only the newest of a worker', () => {
    const first = begun([], ['a', 'b'], run);
    expect(first.map(({ worker, outcome }) => [worker, outcome])).toEqual([
      ['a', 'underway'],
      ['b', 'underway'],
    ]);
    const second = begun(first, ['a'], run);
    expect(amended(second, 'a', { outcome: 'completed' }).map(({ outcome }) => outcome)).toEqual([
      'interrupted',
      'interrupted',
      'completed',
    ]);
  });

  it('keeps the newest of each worker, however often another is deployed', () => {
    let records = begun([], ['seldom'], run);
    for (let n = 0; n < MOST_RECORDS + 20; n += 1) records = begun(records, ['often'], run);
    expect(records.filter(({ worker }) => worker === 'often')).toHaveLength(MOST_RECORDS);
    expect(records.filter(({ worker }) => worker === 'seldom')).toHaveLength(1);
  });
});

describe('a rollback without --to goes back to', () => {
  it.each<[string, string[], string, string[]]>([
    [
      'what worked before, past what failed',
      ['init 1', 'deploy 2', 'deploy 3 rolled-back', 'deploy 4'],
      '4',
      ['2', '1'],
    ],
    ['what runs after ECS has gone back by itself', ['init 1', 'deploy 2', 'deploy 3 rolled-back'], '3', ['2', '1']],
    ['something older each time', ['init 1', 'deploy 2', 'deploy 3', 'rollback 2'], '2', ['1']],
    [
      'what it was before, ahead of what was rolled back from',
      ['deploy 2', 'deploy 3', 'rollback 2', 'deploy 4'],
      '4',
      ['2', '3'],
    ],
    ['nothing when nothing has worked', ['init 1 stopped', 'deploy 2'], '2', []],
  ])('%s', (_what, all, current, expected) => {
    expect(provenBefore(history(...all), 'worker', current)).toEqual(expected);
    expect(provenBefore(history(...all), 'another', current)).toEqual([]);
  });
});

it.each<[string[], string | undefined]>([
  [['deploy 2', 'deploy 3', 'rollback 2'], '2'],
  [['deploy 2', 'deploy 3', 'rollback 2 unproven'], '2'],
  [['deploy 2', 'deploy 3', 'rollback'], '2'],
  [['deploy 2', 'deploy 3', 'rollback 2 rolled-back'], undefined],
  [['deploy 2', 'deploy 3', 'rollback 2', 'deploy 4'], undefined],
])('init keeps to a rollback that took, until the next deployment: %s', (all, expected) => {
  const recorded = { id: '2', token: 't', generation: 1, startedAt: '' };
  const steps = { 'compute/task-definition/worker': recorded };
  expect(heldRevision({ history: history(...all), steps }, 'worker')).toBe(expected);
});
