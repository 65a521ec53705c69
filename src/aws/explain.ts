import { ManyErrors, UserError } from '../errors.ts';
import { httpStatus, isDenied, isExpired, isInvalidCredentials, isMissingCredentials } from './errors.ts';

/** Turns what AWS says about credentials and permissions into something a person can act on; the rest passes. */
export function explainAwsError(error: unknown): unknown {
  if (error instanceof ManyErrors) {
    const explained = error.errors.map((one) => explainAwsError(one) as Error);
    // One cause with many victims is one thing to mend.
    const codes = new Set(explained.map((one) => (one instanceof UserError ? one.code : one.message)));
    const [first] = explained;
    return codes.size === 1 && first instanceof UserError && SHARED.has(first.code) ? first : new ManyErrors(explained);
  }
  if (error instanceof UserError) return error;
  for (let current = error; current instanceof Error; current = current.cause) {
    const explanation = explain(current, error as Error);
    if (explanation) return explanation;
  }
  return error;
}

const SHARED = new Set(['NO_CREDENTIALS', 'CREDENTIALS_EXPIRED', 'CREDENTIALS_INVALID', 'AWS_UNREACHABLE']);

function explain(cause: Error, error: Error): UserError | undefined {
  if (isMissingCredentials(cause)) {
    return new UserError({
      code: 'NO_CREDENTIALS',
      message: 'there are no AWS credentials',
      fix: 'Log in (aws sso login), name a --profile, or set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY.',
      cause,
    });
  }
  if (isExpired(cause)) {
    return new UserError({
      code: 'CREDENTIALS_EXPIRED',
      message: 'the AWS credentials have expired',
      fix: 'Log in again (aws sso login), then run the same command: it goes on where it stopped.',
      cause,
    });
  }
  if (isInvalidCredentials(cause)) {
    return new UserError({
      code: 'CREDENTIALS_INVALID',
      message: `AWS does not know these credentials (${cause.name})`,
      fix: 'Check AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or the --profile; is the region enabled for the account?',
      cause,
    });
  }
  if (isDenied(cause)) {
    return new UserError({
      code: 'ACCESS_DENIED',
      message: error.message || 'access denied',
      fix: 'These credentials lack the permission for it; ask whoever administers the account.',
      cause,
    });
  }
  if (httpStatus(cause) === 0) {
    return new UserError({
      code: 'AWS_UNREACHABLE',
      message: `AWS does not answer: ${error.message || cause.name}`,
      fix: 'Check the network and the region, then run the same command: it goes on where it stopped.',
      cause,
    });
  }
  return undefined;
}
