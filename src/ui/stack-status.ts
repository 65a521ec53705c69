import type { ServiceReport } from '../aws/service-report.ts';
import type { Scaling } from './format-scaling.ts';

export interface Poller {
  readonly identity: string;
  readonly lastSeen: Date;
}

export interface WorkerStatus {
  readonly worker: string;
  readonly taskQueue: string;
  /** No task is asked for until `resume`. */
  readonly paused: boolean;
  readonly service: ServiceReport | null;
  /** Why tasks are missing, where that is known. */
  readonly problem: { readonly cause: string; readonly fix: string } | null;
  readonly scaling: Scaling | null;
  /** Why it could not be asked. */
  readonly scalingProblem: string | null;
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
