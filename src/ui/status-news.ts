import type { ServiceReport } from '../aws/service-report.ts';
import { interruptionFact, isInterruption } from './format-interruptions.ts';
import type { Scaling } from './format-scaling.ts';
import type { StackStatus, WorkerStatus } from './stack-status.ts';
import { driftWords, egressWords, lockWords, shortTaskId, stopReason, taskCounts, taskFacts } from './status-words.ts';

/** What can change, by its name, without what changes all the time by itself, such as ages. */
export type Facts = ReadonlyMap<string, string>;

export function factsOf(status: StackStatus): Facts {
  const { lock, drift, egress, temporalProblem } = status;
  return new Map([
    ['Temporal', temporalProblem ? `cannot be asked: ${temporalProblem}` : 'answers'],
    ['seen as', egressWords(egress)],
    ...(drift ? [['drift', driftWords(drift)] as const] : []),
    ...(lock ? [['locked', lockWords(lock)] as const] : []),
    ...status.workers.flatMap((worker) =>
      workerFacts(worker).map(([name, fact]) => [`${worker.worker} ${name}`, fact] as const),
    ),
  ]);
}

/** "worker tasks: 2 of 2 running, 1 on Spot": everything that is new or other than before, then what is no more. */
export function newsOf(before: Facts, now: Facts): string[] {
  const changed = [...now].filter(([name, fact]) => before.get(name) !== fact);
  const gone = [...before.keys()].filter((name) => !now.has(name));
  const lines = [...changed.map(([name, fact]) => `${name}: ${fact}`), ...gone.map((name) => `${name}: no more`)];
  return lines.map((line) => line.replace(/\s+/g, ' '));
}

function workerFacts({
  service,
  scaling,
  scalingProblem,
  pollers,
  backlog,
}: WorkerStatus): (readonly [string, string])[] {
  if (!service) return [['service', 'there is none']];
  const { deployment, deploymentReason, stopped } = service;
  const [last] = stopped;
  const interrupted = interruptionFact(service);
  return [
    ['deployment', `${deployment}${deploymentReason && `: ${deploymentReason}`}`],
    ['tasks', taskCounts(service)],
    ...service.tasks.map((task) => [`task ${shortTaskId(task.id)}`, taskWords(task, pollers)] as const),
    ...(interrupted ? [['Spot', interrupted] as const] : []),
    ...(last && !isInterruption(last) ? [['last stop', `${shortTaskId(last.id)}: ${stopReason(last)}`] as const] : []),
    ...(backlog
      ? [['backlog', `${backlog.workflowTasks} workflow tasks, ${backlog.activities} activities`] as const]
      : []),
    ...(scaling ? scalingFacts(scaling) : [['scaling', scalingProblem ?? 'off'] as const]),
  ];
}

function taskWords(task: ServiceReport['tasks'][number], pollers: WorkerStatus['pollers']): string {
  const { zone, on, state, polls } = taskFacts(task, pollers);
  return [zone, on, state, ...(polls === undefined ? [] : [polls ? 'polls' : 'does not poll'])].join(', ');
}

/** Without the time that a cooldown still takes, which is other at every look. */
function scalingFacts({ min, max, suspended, policies, lastActivity }: Scaling): (readonly [string, string])[] {
  return [
    ['scaling', `${min} to ${max} tasks${suspended ? ', suspended' : ''}`],
    ...policies.map(({ name, state }) => [`alarm of ${name}`, state] as const),
    ...(lastActivity ? [['last scaling', lastActivity.description] as const] : []),
  ];
}
