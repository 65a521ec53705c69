import type { ServiceReport, TaskReport } from '../aws/service-report.ts';
import type { StackStatus, WorkerStatus } from './stack-status.ts';

/** Characters of a task's id by which people tell tasks apart. */
const TASK_ID = 8;

export const shortTaskId = (id: string): string => id.slice(0, TASK_ID);

export function egressWords({ via, addresses, problem }: StackStatus['egress']): string {
  if (problem !== null) return `not known: ${problem}`;
  if (via === null) return "not known: no NAT gateway is on the tasks' way out";
  return addresses.length === 0 ? `no ${via} yet` : `${addresses.join(', ')} (${via})`;
}

export function driftWords({ differences, problem }: NonNullable<StackStatus['drift']>): string {
  if (differences === null) return `not looked at: ${problem}`;
  if (problem !== null) return `${problem}: run plan`;
  if (differences === 0) return 'none: everything is as configured';
  return differences === 1 ? '1 thing differs: run plan' : `${differences} things differ: run plan`;
}

export const lockWords = ({ user, host, command }: NonNullable<StackStatus['lock']>): string =>
  `${user}@${host} runs ${command}`;

export function taskCounts({ running, desired, pending, tasks }: ServiceReport): string {
  const spot = tasks.filter((task) => task.status === 'RUNNING' && isSpot(task)).length;
  return [
    `${running} of ${desired} running`,
    ...(running > 0 ? [`${spot} on Spot`] : []),
    ...(pending > 0 ? [`${pending} pending`] : []),
  ].join(', ');
}

const isSpot = ({ capacityProvider }: TaskReport): boolean => capacityProvider === 'FARGATE_SPOT';

/** What is to be said of a task, besides its age and its image. */
export function taskFacts(task: TaskReport, pollers: WorkerStatus['pollers']) {
  const { zone, status, health } = task;
  return {
    zone,
    on: isSpot(task) ? 'Spot' : 'Fargate',
    state: status === 'RUNNING' && health !== 'UNKNOWN' ? health : status,
    /** `undefined` when Temporal could not be asked. */
    polls: pollers?.some(({ identity }) => identity.split('/')[1] === task.id),
  };
}

export const stopReason = ({ stopCode, stoppedReason }: TaskReport): string =>
  [stopCode, stoppedReason].filter(Boolean).join(': ');
