import type { StepEvent } from '../engine/events.ts';
import { formatDoing, formatWaiting } from './format-event.ts';
import { formatDuration } from './format-time.ts';

interface Running {
  readonly text: string;
  /** Milliseconds, on the clock of `now`. */
  readonly since: number;
  /** A wait says how long it has taken in its own words. */
  readonly timed: boolean;
}

/** The steps that are under way, in the order in which they began: what a live display shows, and what silence hides. */
export class InFlight {
  private readonly steps = new Map<string, Running>();
  private readonly now: () => number;

  constructor(now: () => number = () => performance.now()) {
    this.now = now;
  }

  take(event: StepEvent): void {
    const since = this.steps.get(event.id)?.since ?? this.now();
    if (event.type === 'started') this.steps.set(event.id, { text: formatDoing(event), since, timed: false });
    else if (event.type === 'waiting') this.steps.set(event.id, { text: formatWaiting(event), since, timed: true });
    else if (event.type !== 'note') this.steps.delete(event.id);
  }

  clear(): void {
    this.steps.clear();
  }

  /** One line a step: "creating VPC (3 s)", "NAT gateway (us-east-1a): pending (40 s; usually 1 to 3 min in AWS)". */
  lines(): string[] {
    return [...this.steps.values()].map(({ text, since, timed }) => {
      const elapsedMs = this.now() - since;
      return timed || elapsedMs < 1000 ? text : `${text} (${formatDuration(elapsedMs)})`;
    });
  }
}
