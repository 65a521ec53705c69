import type { ServiceReport, TaskReport } from '../aws/service-report.ts';
import { interruptionWords, isInterruption } from './format-interruptions.ts';
import { scalingWords } from './format-scaling.ts';
import { columns, WIDTH, wrap } from './format-text.ts';
import { formatAge } from './format-time.ts';
import type { Poller, StackStatus, WorkerStatus } from './stack-status.ts';
import { driftWords, egressWords, lockWords, shortTaskId, stopReason, taskCounts, taskFacts } from './status-words.ts';

/** Rows of tasks that are shown of each worker; `--json` has all of them. */
const TASKS_SHOWN = 20;

export function formatStatus(status: StackStatus, now = new Date()): string {
  const { temporalProblem, lock, drift } = status;
  return [
    ...line('Stack', `${status.stack} (${status.region})`),
    ...line('Temporal', `${status.address}, namespace ${status.namespace}`),
    ...(temporalProblem ? line('', `could not be asked: ${temporalProblem}`) : []),
    ...line('Seen as', egressWords(status.egress)),
    ...(status.dataBucket ? line('Data', `s3://${status.dataBucket}/`) : []),
    ...line('Drift', drift ? driftWords(drift) : 'being looked at'),
    ...(lock ? line('Locked', lockWords(lock)) : []),
    ...status.workers.flatMap((worker) => ['', ...workerLines(worker, status.stack, now)]),
  ].join('\n');
}

/** A name, and what there is to say about it: as many lines as that takes. */
const line = (name: string, text: string): string[] =>
  wrap(text, WIDTH - LABEL).map((part, at) => (at === 0 ? name : '').padEnd(LABEL) + part);
const LABEL = 12;

function workerLines({ service, ...status }: WorkerStatus, stack: string, now: Date): string[] {
  const { worker, taskQueue, paused, problem, pollers, scaling, scalingProblem } = status;
  if (!service) return line('Worker', `${worker}: there is no ECS service`);
  const revision = service.taskDefinition.split(':').at(-1);
  const [stopped] = service.stopped;
  const [event] = service.events;
  const interrupted = interruptionWords(service, now);
  return [
    ...line('Worker', `${worker}, task queue ${taskQueue}, revision ${revision}${paused ? ', paused' : ''}`),
    ...line('Deployment', deploymentWords(service, now)),
    ...line('Tasks', taskCounts(service)),
    ...taskTable(service.tasks, pollers, now),
    ...(problem ? [...line('Problem', problem.cause), ...line('', problem.fix)] : []),
    ...(interrupted ? line('Spot', interrupted) : []),
    ...(stopped && !isInterruption(stopped) ? line('Last stop', stopWords(stopped, now)) : []),
    ...(event ? line('Last event', event) : []),
    ...(pollers ? [...line('Backlog', backlogWords(status)), ...otherPollers(pollers, service, stack, now)] : []),
    ...(scalingProblem === null
      ? scalingWords(scaling, service.desired, now)
      : [`not known: ${scalingProblem}`]
    ).flatMap((words, at) => line(at === 0 ? 'Scaling' : '', words)),
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

function taskTable(tasks: readonly TaskReport[], pollers: WorkerStatus['pollers'], now: Date): string[] {
  if (tasks.length === 0) return [];
  const rows = tasks.slice(0, TASKS_SHOWN).map((task) => taskRow(task, pollers, now));
  const more = tasks.length - rows.length;
  const table = columns([['task', 'zone', 'runs on', 'state', 'age', 'image', 'polls'], ...rows]);
  return [...table.map((row) => `  ${row}`), ...(more > 0 ? [`  and ${more} more`] : [])];
}

function taskRow(task: TaskReport, pollers: WorkerStatus['pollers'], now: Date): string[] {
  const { zone, on, state, polls } = taskFacts(task, pollers);
  return [
    shortTaskId(task.id),
    zone,
    on,
    state,
    task.startedAt ? formatAge(now.getTime() - task.startedAt.getTime()) : '-',
    task.imageDigest.slice('sha256:'.length).slice(0, 12) || '-',
    polls === undefined ? '?' : polls ? 'yes' : 'no',
  ];
}

function stopWords(task: TaskReport, now: Date): string {
  const ago = task.stoppedAt ? `, ${formatAge(now.getTime() - task.stoppedAt.getTime())} ago` : '';
  return `${shortTaskId(task.id)}${ago}: ${stopReason(task)}`;
}

function backlogWords({ backlog }: Pick<WorkerStatus, 'backlog'>): string {
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
