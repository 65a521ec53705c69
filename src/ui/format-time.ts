import type { Span } from '../engine/events.ts';

/** 950 -> "1 s", 75000 -> "1 min 15 s" */
export function formatDuration(ms: number): string {
  const seconds = Math.max(ms > 0 ? 1 : 0, Math.round(ms / 1000));
  if (seconds < 60) return `${seconds} s`;
  const minutes = Math.floor(seconds / 60);
  const rest = seconds % 60;
  return rest === 0 ? `${minutes} min` : `${minutes} min ${rest} s`;
}

/** Seconds as a person says them: [60, 150] -> "1 to 3 min", [5, 15] -> "5 to 15 s". */
export function formatSpan([least, most]: Span): string {
  if (most <= 90) return `${least} to ${most} s`;
  const [from, to] = [Math.floor(least / 60), Math.ceil(most / 60)];
  return from === 0 ? `up to ${to} min` : from === to ? `${to} min` : `${from} to ${to} min`;
}
