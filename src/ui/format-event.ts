import type { StepAction, StepEvent } from '../engine/events.ts';
import { formatDuration } from './format-time.ts';

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
    case 'failed':
      // Most errors name what failed already.
      return event.error.message.includes(event.title)
        ? `✖ ${event.error.message}`
        : `✖ ${event.title}: ${event.error.message}`;
  }
}

export function formatWaiting(event: Extract<StepEvent, { type: 'waiting' }>): string {
  return `${event.title}: ${event.reason} (${formatDuration(event.elapsedMs)}, at most ${formatDuration(event.deadlineMs)})`;
}

export const formatDoing = (event: { title: string; action: StepAction }): string =>
  `${DOING[event.action]} ${event.title}`;
