import { explainAwsError } from '../aws/explain.ts';
import { UserError } from '../errors.ts';
import type { Connection } from './connect.ts';

/** An emulator changes faster than AWS, but is not to be kept busy by being looked at. */
const SHORTEST_MS = 500;

/** Milliseconds between two looks of a command that goes on looking. */
export const pauseOf = (ms: number, { timeScale }: Pick<Connection, 'timeScale'>): number =>
  Math.max(SHORTEST_MS, ms * timeScale);

/** What may be over at the next look. */
const PASSING = ['AWS_UNREACHABLE', 'AWS_FAULT', 'AWS_THROTTLED'];

/** What to say of an error that may pass; throws every other. */
export function passing(error: unknown): string {
  const explained = explainAwsError(error);
  if (explained instanceof UserError && PASSING.includes(explained.code)) return explained.message;
  throw error;
}
