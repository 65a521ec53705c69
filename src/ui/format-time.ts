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

/** How old something is, in its largest unit, rounded down: 3_725_000 -> "1 h", 59_000 -> "59 s". */
export function formatAge(ms: number): string {
  const seconds = Math.max(0, Math.floor(ms / 1000));
  if (seconds < 60) return `${seconds} s`;
  if (seconds < 3600) return `${Math.floor(seconds / 60)} min`;
  return seconds < 86_400 ? `${Math.floor(seconds / 3600)} h` : `${Math.floor(seconds / 86_400)} d`;
}
