import type { ServiceReport } from '../aws/service-report.ts';
import { formatDuration } from './format-time.ts';

export interface WorkerStatus {
  readonly worker: string;
  readonly taskQueue: string;
  readonly service: ServiceReport | undefined;
  /** Why tasks are missing, where that is known. */
  readonly problem?: { readonly cause: string; readonly fix: string } | undefined;
  /** `undefined` when Temporal could not be asked. */
  readonly pollers: readonly { identity: string; lastSeen: Date }[] | undefined;
}

export interface StackStatus {
  readonly stack: string;
  readonly region: string;
  readonly address: string;
  readonly namespace: string;
  readonly dataBucket: string;
  readonly temporalProblem: string | undefined;
  readonly lockedBy: string | undefined;
  readonly workers: readonly WorkerStatus[];
}

export function formatStatus(status: StackStatus, now = new Date()): string {
  const lines = [
    `Stack       ${status.stack} (${status.region})`,
    `Temporal    ${status.address}, namespace ${status.namespace}`,
    `Data        s3://${status.dataBucket}/`,
  ];
  if (status.lockedBy) lines.push(`Locked      ${status.lockedBy}`);
  if (status.temporalProblem) lines.push(`Temporal    could not be asked: ${status.temporalProblem}`);
  for (const worker of status.workers) lines.push('', ...workerLines(worker, now));
  return lines.join('\n');
}

function workerLines({ worker, taskQueue, service, problem, pollers }: WorkerStatus, now: Date): string[] {
  if (!service) return [`Worker      ${worker}: there is no ECS service`];
  const revision = service.taskDefinition.split(':').at(-1);
  const lines = [
    `Worker      ${worker}, task queue ${taskQueue}, revision ${revision}`,
    `Deployment  ${service.deployment}${service.deploymentReason && `: ${service.deploymentReason}`}`,
    `Tasks       ${service.running} of ${service.desired} running${service.pending > 0 ? `, ${service.pending} pending` : ''}`,
  ];
  for (const task of service.tasks) {
    const polls = pollers?.some(({ identity }) => identity.includes(task.id));
    const age = task.startedAt ? formatDuration(now.getTime() - task.startedAt.getTime()) : 'not started';
    lines.push(
      `  ${task.id}  ${task.status}, ${task.health}, ${task.capacityProvider}, ${age}, image ${task.imageDigest.slice(7, 19)}${pollers ? `, ${polls ? 'polls' : 'does not poll'}` : ''}`,
    );
  }
  if (problem) lines.push(`Problem     ${problem.cause}`, `            ${problem.fix}`);
  const [stopped] = service.stopped;
  if (stopped) {
    const ago = stopped.stoppedAt ? ` ${formatDuration(now.getTime() - stopped.stoppedAt.getTime())} ago` : '';
    lines.push(`Last stop   ${stopped.id}${ago}: ${stopped.stopCode} ${stopped.stoppedReason}`);
  }
  if (service.events[0]) lines.push(`Last event  ${service.events[0]}`);
  return lines;
}
