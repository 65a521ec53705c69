import type { StepAction, StepEvent } from '../engine/events.ts';
import { formatDuration, formatSpan } from './format-time.ts';

export type Waiting = Extract<StepEvent, { type: 'waiting' }>;

const DONE: Readonly<Record<StepAction, string>> = {
  create: 'created',
  adopt: 'found',
  update: 'updated',
  replace: 'replaced',
  delete: 'deleted',
  none: 'unchanged',
};

const DOING: Readonly<Record<StepAction, string>> = {
  create: 'creating',
  adopt: 'recording',
  update: 'updating',
  replace: 'replacing',
  delete: 'deleting',
  none: 'checking',
};

/** One line for an event, or `undefined` for one that is not worth a line. */
export function formatEvent(event: StepEvent): string | undefined {
  switch (event.type) {
    case 'started':
      return undefined;
    case 'note':
      return `  ${event.title}: ${event.text}`;
    case 'waiting':
      return `… ${formatWaiting(event)}`;
    case 'done':
      if (event.action === 'none') return undefined;
      return `✔ ${event.title} ${DONE[event.action]}: ${event.resource}${event.elapsedMs > 2000 ? ` (${formatDuration(event.elapsedMs)})` : ''}`;
    case 'kept':
      return `• ${event.title} kept: ${event.resource} ${event.reason}`;
    case 'skipped':
      return `- ${event.title} ${event.reason}`;
    case 'failed': {
      // Most errors name what failed already; the story behind it is told once, at the end.
      const [what = ''] = event.error.message.split('\n');
      return what.includes(event.title) ? `✖ ${what}` : `✖ ${event.title}: ${what}`;
    }
  }
}

/** "NAT gateway (us-east-1a): pending (40 s; usually 1 to 3 min in AWS)"; the deadline once it takes longer. */
export function formatWaiting({ title, reason, elapsedMs, deadlineMs, usualSeconds }: Waiting): string {
  const usual = usualSeconds && elapsedMs <= usualSeconds[1] * 1000 ? `usually ${formatSpan(usualSeconds)} in AWS` : '';
  return `${title}: ${reason} (${formatDuration(elapsedMs)}; ${usual || `given up after ${formatDuration(deadlineMs)}`})`;
}

export const formatDoing = (event: { title: string; action: StepAction }): string =>
  `${DOING[event.action]} ${event.title}`;
