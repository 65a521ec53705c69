import { explainAwsError } from '../aws/explain.ts';
import { UserError } from '../errors.ts';

/** What may be over at the next look, for commands that go on looking. */
const PASSING = ['AWS_UNREACHABLE', 'AWS_FAULT', 'AWS_THROTTLED'];

/** What to say of an error that may pass; throws every other. */
export function passing(error: unknown): string {
  const explained = explainAwsError(error);
  if (explained instanceof UserError && PASSING.includes(explained.code)) return explained.message;
  throw error;
}
