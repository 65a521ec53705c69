import { formatAge, formatDuration } from './format-time.ts';

export interface Policy {
  readonly name: string;
  /** Tasks that it adds; negative: takes away. */
  readonly adds: number;
  readonly state: string;
  readonly cooldownSeconds: number;
}

export interface Scaling {
  readonly min: number;
  readonly max: number;
  readonly suspended: boolean;
  readonly policies: readonly Policy[];
  readonly lastActivity: {
    readonly at: Date;
    readonly status: string;
    readonly description: string;
    readonly cause: string;
  } | null;
}

/** What auto scaling is about, in sentences: where the service stands, and why it stays there or moves. */
export function scalingWords(scaling: Scaling | null, desired: number, now: Date): string[] {
  if (!scaling) return ['off: no scalable target, so the number of tasks stays as it is'];
  const { min, max, lastActivity } = scaling;
  const last = lastActivity && `last change ${formatAge(now.getTime() - lastActivity.at.getTime())} ago`;
  const did = lastActivity?.status === 'Successful' ? '' : ` (${lastActivity?.status})`;
  return [
    `${desired} of ${min === max ? max : `${min} to ${max}`}${max === 1 ? ' task' : ' tasks'}, ${state(scaling, desired, now)}`,
    ...(lastActivity ? [`${last}: ${lastActivity.description}${did}`] : []),
  ];
}

function state(scaling: Scaling, desired: number, now: Date): string {
  const { min, max, suspended, policies } = scaling;
  const isOn = (policy: Policy): boolean => policy.state === 'ALARM';
  const out = policies.find(({ adds }) => adds > 0);
  const down = policies.find(({ adds }) => adds < 0);
  if (suspended) return 'suspended: alarms change nothing';
  if (!out || !down) return 'without both its policies: init makes them again';
  if (isOn(out)) {
    if (desired >= max) return 'at maximum with the high-CPU alarm on: --max-tasks lets it go further';
    return `high-CPU alarm on: ${next('more', out, scaling, now)}`;
  }
  if (isOn(down)) {
    if (desired <= min) return 'at minimum: the low-CPU alarm is normal there';
    return `low-CPU alarm on: ${next('one less', down, scaling, now)}`;
  }
  if (out.state === 'INSUFFICIENT_DATA' && down.state === 'INSUFFICIENT_DATA') {
    return desired === 0 ? 'no task, so no CPU to go by' : 'the alarms have no data of its CPU yet';
  }
  return `${desired <= min ? 'at minimum, ' : desired >= max ? 'at maximum, ' : ''}no alarm is on`;
}

/** A policy does nothing while the time after its last change runs. */
function next(what: string, { name, cooldownSeconds }: Policy, { lastActivity }: Scaling, now: Date): string {
  const leftMs = lastActivity?.cause.endsWith(`policy ${name}`)
    ? lastActivity.at.getTime() + cooldownSeconds * 1000 - now.getTime()
    : 0;
  return leftMs > 0 ? `${what} after ${formatDuration(leftMs)} of cooldown` : `${what} next`;
}
