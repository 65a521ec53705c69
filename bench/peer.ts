import type { Finished } from './process-tree.ts';
import type { Stage } from './stage.ts';

/** The work that is compared, in the order in which it is done. */
export const WORK = ['create', 'plan', 'change', 'destroy'] as const;
export type Work = (typeof WORK)[number];

/** What each work is, in words for a table. */
export const TITLES: Readonly<Record<Work, string>> = {
  create: 'create all',
  plan: 'plan with nothing to change',
  change: 'change the memory of tasks',
  destroy: 'destroy all',
};

/** MiB of a task: as made, and as changed. */
export const MEMORY = { made: 2048, changed: 4096 } as const;

/** No key of anything; what a worker's secret holds. */
export const API_KEY = 'bench-api-key';

/** One of those that do the same work. */
export interface Peer {
  readonly name: string;
  readonly version: string;
  /** What has to be there before anything is measured. The account is empty. */
  prepare(stage: Stage): Promise<void>;
  /** Does one work to its end. Throws with what it said when it fails. */
  run(stage: Stage, work: Work): Promise<Finished>;
  /** Calls of the work itself as it counts them: neither state nor checks nor looks while waiting. */
  workCalls?(finished: Finished): number;
}

/** Throws with the last of what was said when a command has failed. */
export function succeeded(what: string, finished: Finished, expected = 0): Finished {
  if (finished.code === expected) return finished;
  const said = `${finished.stdout}\n${finished.stderr}`.trim().split('\n').slice(-40).join('\n');
  throw new Error(`${what} ended with ${finished.code}:\n${said}`);
}
