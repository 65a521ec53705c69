import { shortDigest } from './format-deploy.ts';
import { columns } from './format-text.ts';
import { formatAge } from './format-time.ts';

export interface ShownDeployment {
  /** `null`: it ended before there was one. */
  readonly revision: number | null;
  /** `sha256:…` */
  readonly image: string | null;
  /** ISO 8601 */
  readonly startedAt: string;
  readonly endedAt: string | null;
  /** ARN of the credentials without its account; empty when it was not kept. */
  readonly by: string;
  readonly command: string;
  readonly outcome: string;
  readonly isRunning: boolean;
  /** Revision and image are still there. */
  readonly canRollBackTo: boolean;
}

/** Newest first. */
export interface WorkerHistory {
  readonly worker: string;
  /** The revision that the service has now; `null` when there is no service. */
  readonly running: number | null;
  readonly deployments: readonly ShownDeployment[];
}

/** A table for each worker; `*` is what runs. */
export function formatHistory(workers: readonly WorkerHistory[], now = new Date()): string {
  return workers.map((worker) => tableOf(worker, now)).join('\n\n');
}

function tableOf({ worker, deployments }: WorkerHistory, now: Date): string {
  if (deployments.length === 0) return `Worker ${worker}: no deployment is on record.`;
  let marked = false;
  const rows = deployments.map((one) => {
    const { revision, image, startedAt, command, outcome, by, isRunning, canRollBackTo } = one;
    const mark = isRunning && !marked;
    marked ||= mark;
    return [
      `${mark ? '*' : ' '} ${revision ?? '-'}`,
      shortDigest(image),
      `${formatAge(now.getTime() - Date.parse(startedAt))} ago`,
      command,
      outcome,
      isRunning ? 'runs' : canRollBackTo ? 'kept' : 'gone',
      by || '-',
    ];
  });
  const head = ['  revision', 'image', 'when', 'command', 'outcome', 'now', 'by'];
  return [`Worker ${worker}`, ...columns([head, ...rows])].join('\n');
}
