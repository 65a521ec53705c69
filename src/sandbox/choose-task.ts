import { UserError, usageError } from '../errors.ts';
import type { SandboxTask } from './control.ts';

/** Which tasks somebody means: one by its id or the beginning of it, any one, or all. */
export interface Choice {
  readonly task?: string | undefined;
  readonly any: boolean;
  readonly all: boolean;
}

const SPOT = 'FARGATE_SPOT';
/** Characters by which tasks are told apart, as `status` shows them. */
const SHORT = 8;

export const idOf = ({ taskArn }: SandboxTask): string => taskArn.split('/').at(-1) ?? '';
export const shortIdOf = (task: SandboxTask): string => idOf(task).slice(0, SHORT);

/** The tasks whose Spot capacity is to be taken back. Throws `UserError` when there is none that fits. */
export function chooseSpotTasks(tasks: readonly SandboxTask[], { task, any, all }: Choice): readonly SandboxTask[] {
  if ([task !== undefined, any, all].filter(Boolean).length !== 1) {
    throw usageError(
      'sandbox interrupt needs to know which task',
      'Give the id of one, or the beginning of it as status shows it, or --any or --all.',
    );
  }
  const living = tasks.filter(({ desiredStatus }) => desiredStatus === 'RUNNING');
  const spot = living.filter(({ capacityProvider }) => capacityProvider === SPOT);
  if (task !== undefined) return [oneOf(tasks, spot, task)];
  if (spot.length === 0) throw noneOnSpot('no task of the sandbox runs on Spot');
  // One that works shows more than one that starts.
  const first = spot.find(({ lastStatus }) => lastStatus === 'RUNNING') ?? spot[0];
  return all ? spot : [first].flatMap((chosen) => chosen ?? []);
}

function oneOf(tasks: readonly SandboxTask[], spot: readonly SandboxTask[], reference: string): SandboxTask {
  const start = reference.split('/').at(-1) ?? '';
  const fitting = tasks.filter((task) => start !== '' && idOf(task).startsWith(start.toLowerCase()));
  const [found, ...others] = fitting;
  if (!found) {
    throw new UserError({
      code: 'NO_SUCH_TASK',
      message: `no task of the sandbox has an id that begins with ${reference}`,
      fix: spot.length > 0 ? onSpot(spot) : 'Run status --sandbox: it shows the tasks that run.',
    });
  }
  if (others.length > 0) {
    throw new UserError({
      code: 'AMBIGUOUS_TASK',
      message: `${fitting.length} tasks have an id that begins with ${reference}: ${fitting.map(idOf).join(', ')}`,
      fix: 'Give more of it.',
    });
  }
  if (found.desiredStatus !== 'RUNNING') {
    throw new UserError({
      code: 'TASK_STOPS',
      message: `task ${shortIdOf(found)} is ${found.lastStatus === 'STOPPED' ? 'stopped' : 'on its way out'} already`,
      fix: spot.length > 0 ? onSpot(spot) : 'Wait for the task that takes its place.',
    });
  }
  if (found.capacityProvider === SPOT) return found;
  const message = `task ${shortIdOf(found)} runs on demand, and AWS takes back Spot capacity only`;
  throw spot.length > 0 ? new UserError({ code: 'NOT_ON_SPOT', message, fix: onSpot(spot) }) : noneOnSpot(message);
}

const onSpot = (spot: readonly SandboxTask[]): string => `On Spot run: ${spot.map(shortIdOf).join(', ')}.`;

const noneOnSpot = (message: string): UserError =>
  new UserError({
    code: 'NOT_ON_SPOT',
    message,
    fix: 'Have tasks there: init --sandbox with --spot-weight 4, or more of them with --min-tasks.',
  });
