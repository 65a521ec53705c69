import type { Aws } from './aws.ts';
import { exitCodeText } from './exit-codes.ts';
import { reportService, type ServiceReport, type TaskReport } from './service-report.ts';
import { type Diagnosis, diagnose } from './stop-reasons.ts';
import { readLogs } from './worker-logs.ts';

const LOG_LINES = 20;
/** Events that are shown where no task tells more; all of them are looked through for the cause. */
const EVENTS = 3;

export interface FailureReport {
  /** The cause, the task's own words, its last log lines. */
  readonly lines: readonly string[];
  readonly fix: string | undefined;
}

/** Why a deployment does not come up or does not move; `undefined` when there is no such service. */
export async function explainFailure(
  aws: Aws,
  where: { cluster: string; service: string; logGroup: string },
): Promise<FailureReport | undefined> {
  const report = await reportService(aws, where.cluster, where.service);
  if (!report) return undefined;
  const known = diagnose(report.events);
  // What runs and seems well is asked last: then its own words are all there is.
  const task = failedTask(report) ?? (known ? undefined : report.tasks.find(({ status }) => status === 'RUNNING'));
  if (!task)
    return written(
      known,
      report.events.slice(0, EVENTS).map((event) => `ECS: ${event}`),
    );
  const stream = `worker/${where.service}/${task.id}`;
  const since = new Date((task.createdAt?.getTime() ?? Date.now()) - 60_000);
  const logs = await readLogs(aws, where.logGroup, { since, limit: LOG_LINES, streams: stream });
  const told = task.stopCode ? stopLines(task) : [runningLine(task, report)];
  const texts = logs.map(({ text }) => text);
  const last = texts.length > 0 ? ['Its last log lines:', ...texts.map((text) => `  ${text}`)] : [];
  return written(diagnose([...told, ...texts]), [...told, ...last]);
}

const written = (diagnosis: Diagnosis | undefined, lines: readonly string[]): FailureReport => ({
  lines: [...(diagnosis ? [`Cause: ${diagnosis.cause}.`] : []), ...lines],
  fix: diagnosis?.fix,
});

/** What keeps a service from having all its tasks; `undefined` when it has them or nothing is known. */
export function currentProblem(report: ServiceReport): Diagnosis | undefined {
  if (report.running >= report.desired && !ENDED_BADLY.test(report.deployment)) return undefined;
  const task = failedTask(report);
  // It may still come up.
  if (task?.stopCode === '') return undefined;
  return diagnose(task ? stopLines(task) : report.events);
}

const ENDED_BADLY = /STOPPED|ROLLBACK/;

/** The newest task of this deployment that shows the failure: one that stopped, else one that has not come up. */
function failedTask({ stopped, tasks, deployedAt, events }: ServiceReport): TaskReport | undefined {
  // No room now: that is what holds the deployment up, whatever happened to tasks before.
  if (/capacity is unavailable|limit on the number of/i.test(events[0] ?? '')) return undefined;
  const ours = ({ createdAt }: TaskReport): boolean => !deployedAt || !createdAt || createdAt >= deployedAt;
  return (
    stopped.find((task) => ours(task) && isFailure(task)) ??
    tasks.find((task) => ours(task) && !(task.status === 'RUNNING' && task.health === 'HEALTHY'))
  );
}

/** ECS itself stops tasks of an old revision and those that are too many; a person may stop one. */
const isFailure = ({ stopCode, stoppedReason }: TaskReport): boolean =>
  !['ServiceSchedulerInitiated', 'UserInitiated'].includes(stopCode) || /health checks/i.test(stoppedReason);

/** A deployment that is still under way waits for this task. */
const runningLine = ({ id, status, health }: TaskReport, { deployment }: ServiceReport): string =>
  `Task ${id}: ${status}, ${health}${/PENDING|IN_PROGRESS/.test(deployment) ? ', waited for' : ''}`;

function stopLines(task: TaskReport): string[] {
  const lines = [`Task ${task.id} stopped: ${task.stopCode || 'no code'}: ${task.stoppedReason || 'no reason given'}`];
  for (const { name, exitCode, reason } of task.containers) {
    if (exitCode === undefined && reason === '') continue;
    const code = exitCode === undefined ? 'none' : exitCodeText(exitCode);
    lines.push(`  container ${name}: exit code ${code}${reason && `, ${reason}`}`);
  }
  return lines;
}
