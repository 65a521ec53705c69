import type { ServiceReport, TaskReport } from '../aws/service-report.ts';
import { type Scaling, scalingWords } from './format-scaling.ts';
import { columns, WIDTH, wrap } from './format-text.ts';
import { formatAge } from './format-time.ts';

interface Poller {
  readonly identity: string;
  readonly lastSeen: Date;
}

export interface WorkerStatus {
  readonly worker: string;
  readonly taskQueue: string;
  readonly service: ServiceReport | null;
  /** Why tasks are missing, where that is known. */
  readonly problem: { readonly cause: string; readonly fix: string } | null;
  readonly scaling: Scaling | null;
  /** Everybody who polls the task queue; `null` when Temporal could not be asked. */
  readonly pollers: readonly Poller[] | null;
  /** `null` when Temporal could not be asked or does not count. */
  readonly backlog: {
    readonly workflowTasks: number;
    readonly activities: number;
    /** Milliseconds. */
    readonly oldestMs: number;
  } | null;
}

/** What `status --json` prints; docs/status.md describes it field by field. */
export interface StackStatus {
  readonly stack: string;
  readonly region: string;
  readonly address: string;
  readonly namespace: string;
  readonly dataBucket: string | null;
  readonly egress: {
    readonly via: string | null;
    readonly addresses: readonly string[];
    readonly problem: string | null;
  };
  /** `null` before it was looked at. */
  readonly drift: { readonly differences: number | null; readonly problem: string | null } | null;
  readonly temporalProblem: string | null;
  /** Who is at work on the stack. */
  readonly lock: { readonly user: string; readonly host: string; readonly command: string } | null;
  readonly workers: readonly WorkerStatus[];
}

/** Rows of tasks that are shown of each worker; `--json` has all of them. */
const TASKS_SHOWN = 20;

/** Characters of a task's id by which people tell tasks apart, here and in `logs`. */
const TASK_ID = 8;

export function formatStatus(status: StackStatus, now = new Date()): string {
  const { temporalProblem, lock } = status;
  return [
    ...line('Stack', `${status.stack} (${status.region})`),
    ...line('Temporal', `${status.address}, namespace ${status.namespace}`),
    ...(temporalProblem ? line('', `could not be asked: ${temporalProblem}`) : []),
    ...line('Seen as', egressWords(status.egress)),
    ...(status.dataBucket ? line('Data', `s3://${status.dataBucket}/`) : []),
    ...line('Drift', driftWords(status)),
    ...(lock ? line('Locked', `${lock.user}@${lock.host} runs ${lock.command}`) : []),
    ...status.workers.flatMap((worker) => ['', ...workerLines(worker, status.stack, now)]),
  ].join('\n');
}

/** A name, and what there is to say about it: as many lines as that takes. */
const line = (name: string, text: string): string[] =>
  wrap(text, WIDTH - LABEL).map((part, at) => (at === 0 ? name : '').padEnd(LABEL) + part);
const LABEL = 12;

function egressWords({ via, addresses, problem }: StackStatus['egress']): string {
  if (problem !== null) return `not known: ${problem}`;
  if (via === null) return "not known: no NAT gateway is on the tasks' way out";
  return addresses.length === 0 ? `no ${via} yet` : `${addresses.join(', ')} (${via})`;
}

function driftWords({ drift }: StackStatus): string {
  if (drift === null) return 'being looked at';
  const { differences, problem } = drift;
  if (differences === null) return `not looked at: ${problem}`;
  if (problem !== null) return `${problem}: run plan`;
  if (differences === 0) return 'none: everything is as configured';
  return differences === 1 ? '1 thing differs: run plan' : `${differences} things differ: run plan`;
}

function workerLines({ service, ...status }: WorkerStatus, stack: string, now: Date): string[] {
  const { worker, taskQueue, problem, pollers, scaling } = status;
  if (!service) return line('Worker', `${worker}: there is no ECS service`);
  const revision = service.taskDefinition.split(':').at(-1);
  const [stopped] = service.stopped;
  const [event] = service.events;
  return [
    ...line('Worker', `${worker}, task queue ${taskQueue}, revision ${revision}`),
    ...line('Deployment', deploymentWords(service, now)),
    ...line('Tasks', taskCounts(service)),
    ...taskTable(service.tasks, pollers, now),
    ...(problem ? [...line('Problem', problem.cause), ...line('', problem.fix)] : []),
    ...(stopped ? line('Last stop', stopWords(stopped, now)) : []),
    ...(event ? line('Last event', event) : []),
    ...(pollers ? [...line('Backlog', backlogWords(status)), ...otherPollers(pollers, service, stack, now)] : []),
    ...scalingWords(scaling, service.desired, now).flatMap((words, at) => line(at === 0 ? 'Scaling' : '', words)),
  ];
}

function deploymentWords(
  { deployment, deploymentReason, deployedAt, deploymentEndedAt }: ServiceReport,
  now: Date,
): string {
  const ago = (when: Date): string => `${formatAge(now.getTime() - when.getTime())} ago`;
  const when = deploymentEndedAt ? `, ${ago(deploymentEndedAt)}` : deployedAt ? `, began ${ago(deployedAt)}` : '';
  const rolledBack = /^ROLLBACK/.test(deployment) ? ', back to the revision before' : '';
  return `${deployment}${when}${rolledBack}${deploymentReason && `: ${deploymentReason}`}`;
}

export function taskCounts({ running, desired, pending, tasks }: ServiceReport): string {
  const spot = tasks.filter((task) => task.status === 'RUNNING' && isSpot(task)).length;
  return `${running} of ${desired} running${running > 0 ? `, ${spot} on Spot` : ''}${pending > 0 ? `, ${pending} pending` : ''}`;
}

const isSpot = ({ capacityProvider }: TaskReport): boolean => capacityProvider === 'FARGATE_SPOT';

function taskTable(tasks: readonly TaskReport[], pollers: WorkerStatus['pollers'], now: Date): string[] {
  if (tasks.length === 0) return [];
  const rows = tasks.slice(0, TASKS_SHOWN).map((task) => taskRow(task, pollers, now));
  const more = tasks.length - rows.length;
  const table = columns([['task', 'zone', 'runs on', 'state', 'age', 'image', 'polls'], ...rows]);
  return [...table.map((row) => `  ${row}`), ...(more > 0 ? [`  and ${more} more`] : [])];
}

export function taskRow(task: TaskReport, pollers: WorkerStatus['pollers'], now: Date): string[] {
  const { status, health, startedAt } = task;
  const polls = pollers?.some(({ identity }) => identity.split('/')[1] === task.id);
  return [
    task.id.slice(0, TASK_ID),
    task.zone,
    isSpot(task) ? 'Spot' : 'Fargate',
    status === 'RUNNING' && health !== 'UNKNOWN' ? health : status,
    startedAt ? formatAge(now.getTime() - startedAt.getTime()) : '-',
    task.imageDigest.slice('sha256:'.length).slice(0, 12) || '-',
    polls === undefined ? '?' : polls ? 'yes' : 'no',
  ];
}

const stopWords = ({ id, stoppedAt, stopCode, stoppedReason }: TaskReport, now: Date): string => {
  const ago = stoppedAt ? `, ${formatAge(now.getTime() - stoppedAt.getTime())} ago` : '';
  return `${id.slice(0, TASK_ID)}${ago}: ${[stopCode, stoppedReason].filter(Boolean).join(': ')}`;
};

export function backlogWords({ backlog }: Pick<WorkerStatus, 'backlog'>): string {
  if (!backlog) return 'not told by this Temporal server';
  const { workflowTasks, activities, oldestMs } = backlog;
  const waiting = workflowTasks + activities;
  if (waiting === 0) return 'nothing waits';
  return `${waiting} waiting for up to ${formatAge(oldestMs)} (${workflowTasks} workflow tasks, ${activities} activities)`;
}

/** Whoever polls the queue without being a task of this service: a worker on a laptop, another stack. */
function otherPollers(
  pollers: readonly Poller[],
  { tasks, stopped }: ServiceReport,
  stack: string,
  now: Date,
): string[] {
  // Temporal goes on listing a task that has just stopped.
  const ours = new Set([...tasks, ...stopped].map(({ id }) => `${stack}/${id}`));
  return pollers
    .filter(({ identity }) => !ours.has(identity.split('/').slice(0, 2).join('/')))
    .flatMap(({ identity, lastSeen }) =>
      line('Also polls', `${identity}, seen ${formatAge(now.getTime() - lastSeen.getTime())} ago`),
    );
}
