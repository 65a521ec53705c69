/** Milliseconds after the stop signal; each has to leave time for the next one. */
export interface StopTimes {
  /** Running activities are cancelled. */
  readonly graceMs: number;
  /** The SDK gives up on activities that ignored it. */
  readonly forceMs: number;
  /** The process ends whatever happens, just before ECS would kill it. */
  readonly hardMs: number;
}

/** What ECS gives a container whose task definition names no stopTimeout. */
const ECS_DEFAULT = '30';

/**
 * The only place where the times are divided: of 120 seconds, 90 are for activities to end by themselves, 15 more for
 * cancelled ones to clean up, 7 more for the rest, and 8 are kept back for a busy machine.
 *
 * @param stopTimeout seconds between SIGTERM and SIGKILL: the task definition's `stopTimeout` (Fargate: 2 to 120)
 */
export function readStopTimes(stopTimeout: string = ECS_DEFAULT, problems: string[]): StopTimes {
  const seconds = /^\d{1,3}$/.test(stopTimeout) ? Number(stopTimeout) : 0;
  if (seconds < 2 || seconds > 120) {
    problems.push(`TEMPORAL_FARGATE_STOP_TIMEOUT is "${stopTimeout}", not a whole number of seconds from 2 to 120`);
  }
  const ms = (share: number) => Math.round(seconds * share * 1000);
  return { graceMs: ms(3 / 4), forceMs: ms(7 / 8), hardMs: ms(14 / 15) };
}
