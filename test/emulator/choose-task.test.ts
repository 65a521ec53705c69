import { describe, expect, it } from 'vitest';
import type { UserError } from '../../src/errors.ts';
import { type Choice, chooseSpotTasks, shortIdOf } from '../../src/sandbox/choose-task.ts';
import type { SandboxTask } from '../../src/sandbox/control.ts';

const task = (start: string, more: Partial<SandboxTask> = {}): SandboxTask => ({
  taskArn: `arn:aws:ecs:us-east-1:123456789012:task/temporal-fargate-dev/${start.padEnd(32, '0')}`,
  group: 'service:worker',
  capacityProvider: 'FARGATE_SPOT',
  lastStatus: 'RUNNING',
  desiredStatus: 'RUNNING',
  ...more,
});

const TASKS = [
  task('0f3a1111', { lastStatus: 'PENDING' }),
  task('0f3b2222'),
  task('7a7a3333', { capacityProvider: 'FARGATE' }),
  task('99994444', { desiredStatus: 'STOPPED' }),
  task('aaaa5555', { desiredStatus: 'STOPPED', lastStatus: 'STOPPED' }),
];
const nothing: Choice = { any: false, all: false };

function refused(tasks: readonly SandboxTask[], choice: Choice): string {
  try {
    chooseSpotTasks(tasks, choice);
  } catch (error) {
    const { code, message, fix } = error as UserError;
    return `${code}: ${message}. ${fix}`;
  }
  throw new Error('it was not refused');
}

describe('the tasks to interrupt', () => {
  it.each<[string, Partial<Choice>, string[]]>([
    ['one by its id', { task: '0f3b2222'.padEnd(32, '0') }, ['0f3b2222']],
    ['one by the beginning of it', { task: '0F3B' }, ['0f3b2222']],
    ['one by its ARN', { task: TASKS[1]?.taskArn }, ['0f3b2222']],
    ['any: one that runs', { any: true }, ['0f3b2222']],
    ['all that live', { all: true }, ['0f3a1111', '0f3b2222']],
  ])('are %s', (_what, choice, wanted) => {
    expect(chooseSpotTasks(TASKS, { ...nothing, ...choice }).map(shortIdOf)).toEqual(wanted);
  });

  const ON_SPOT = 'On Spot run: 0f3a1111, 0f3b2222.';
  it.each<[string, readonly SandboxTask[], Partial<Choice>, string]>([
    ['nobody names', TASKS, {}, 'USAGE: sandbox interrupt needs to know which task. Give the id of one'],
    ['are named twice', TASKS, { task: '0f3b', any: true }, 'USAGE: sandbox interrupt needs to know which task. '],
    [
      'do not exist',
      TASKS,
      { task: 'dead' },
      `NO_SUCH_TASK: no task of the sandbox has an id that begins with dead. ${ON_SPOT}`,
    ],
    ['could be several', TASKS, { task: '0f3' }, 'AMBIGUOUS_TASK: 2 tasks have an id that begins with 0f3: 0f3a1111'],
    ['stop already', TASKS, { task: '9999' }, `TASK_STOPS: task 99994444 is on its way out already. ${ON_SPOT}`],
    ['have stopped', TASKS, { task: 'aaaa' }, `TASK_STOPS: task aaaa5555 is stopped already. ${ON_SPOT}`],
    [
      'run on demand',
      TASKS,
      { task: '7a7a' },
      `NOT_ON_SPOT: task 7a7a3333 runs on demand, and AWS takes back Spot capacity only. ${ON_SPOT}`,
    ],
    [
      'are not on Spot, as none is',
      [task('7a7a3333', { capacityProvider: 'FARGATE' })],
      { any: true },
      'NOT_ON_SPOT: no task of the sandbox runs on Spot. Have tasks there: init --sandbox with --spot-weight 4',
    ],
  ])('are refused when they %s', (_what, tasks, choice, words) => {
    expect(refused(tasks, { ...nothing, ...choice })).toContain(words);
  });
});
