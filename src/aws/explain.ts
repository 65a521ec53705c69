import { Bug, Cancelled, ManyErrors, UserError } from '../errors.ts';
import { explainDenied, printedPolicy } from './denied.ts';
import {
  hasName,
  httpStatus,
  isDenied,
  isExpired,
  isFileError,
  isInvalidCredentials,
  isMissingCredentials,
} from './errors.ts';
import { explainNoAnswer } from './explain-connection.ts';
import { type FailedCall, failedCallOf } from './failed-call.ts';
import { meaningOf } from './meanings.ts';

/**
 * Turns what AWS says into what a person can act on: verb, thing, cause, AWS's own code and words, and the fix. Errors
 * that are not AWS's pass as they are.
 */
export function explainAwsError(error: unknown): unknown {
  if (error instanceof ManyErrors) return explainMany(error);
  if (error instanceof Cancelled || error instanceof Bug) return error;
  if (error instanceof UserError) return withBetterFix(error);
  let doing: string | undefined;
  for (let current = error; current instanceof Error; current = current.cause) {
    doing = doingIn(current) ?? doing;
    const explanation = explain(current, doing);
    if (explanation) return explanation;
  }
  return error;
}

/** What the engine was about, when this is an error of its. */
function doingIn(error: Error): string | undefined {
  const { doing } = error as { doing?: unknown };
  return hasName(error, 'StepError') && typeof doing === 'string' ? doing : undefined;
}

/** What concerns the whole run and not one step of it. */
const SHARED = new Set([
  ...['NO_CREDENTIALS', 'CREDENTIALS_EXPIRED', 'CREDENTIALS_INVALID', 'CLOCK_SKEW', 'REGION_DISABLED'],
  ...['AWS_UNREACHABLE', 'AWS_GARBLED', 'AWS_TLS', 'PROXY_UNREACHABLE', 'PROXY_LOGIN', 'PROXY_REFUSED'],
]);

/** One cause with many victims is one thing to mend. */
function explainMany({ errors }: ManyErrors): Error {
  const explained = errors.map((one) => explainAwsError(one) as Error);
  const codes = new Set(explained.map((one) => (one instanceof UserError ? one.code : one.message)));
  const [first, ...others] = explained;
  if (first && others.length === 0) return first;
  return codes.size === 1 && first instanceof UserError && SHARED.has(first.code) ? first : new ManyErrors(explained);
}

/**
 * A wait that was given up knows what AWS said last; what helps against that is better than "run it again". Who may not
 * use the state is told what prints the policy, as with every other call.
 */
function withBetterFix(error: UserError): UserError {
  if (error.code === 'STATE_BUCKET_DENIED' && error.cause instanceof Error) {
    const more = printedPolicy(failedCallOf(error.cause));
    return new UserError({ ...init(error), fix: [error.fix, ...more].join('\n') });
  }
  if (error.code !== 'WAIT_TIMEOUT' || !(error.cause instanceof Error)) return error;
  const explained = explainAwsError(error.cause);
  if (!(explained instanceof UserError)) return error;
  return new UserError({ ...init(error), fix: explained.fix });
}

const init = ({ code, message, exitCode, cause }: UserError) => ({ code, message, exitCode, cause });

/** `undefined` when `cause` is no error of AWS. `doing` is "creating VPC"; absent outside of steps. */
function explain(cause: Error, doing: string | undefined): UserError | undefined {
  const call = failedCallOf(cause);
  const meaning = meaningOf(cause, call?.service);
  if (isMissingCredentials(cause) && !isExpired(cause)) {
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
      message: `the AWS credentials have expired (${cause.name})`,
      fix: 'Log in again (aws sso login), then run the same command: it goes on where it stopped.',
      cause,
    });
  }
  if (isInvalidCredentials(cause) && !meaning) {
    return new UserError({
      code: 'CREDENTIALS_INVALID',
      message: `AWS does not know these credentials (${cause.name})`,
      fix: 'Check AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or the --profile; is the region enabled for the account?',
      cause,
    });
  }
  if (isFileError(cause)) {
    return new UserError({
      code: 'LOCAL_FILES',
      message: `working with the files of this machine: ${cause.message}`,
      fix: 'Check that the folder exists, may be written to and has room; HOME, TMPDIR and TEMPORAL_FARGATE_CACHE_DIR choose others.',
      cause,
    });
  }
  if (!isAnswer(cause, call)) return explainNoAnswer(cause, doing ?? doingOf(call));
  const prefix = `${doing ?? doingOf(call)}: `;
  if (meaning) {
    const { code, says, fix } = meaning;
    return new UserError({ code, message: `${prefix}${says} (${cause.name}: ${words(cause)})`, fix, cause });
  }
  if (isDenied(cause) || httpStatus(cause) === 403) {
    const { says, fix } = explainDenied(cause, call);
    return new UserError({ code: 'ACCESS_DENIED', message: prefix + says, fix, cause });
  }
  if ((httpStatus(cause) ?? 0) >= 500) {
    return new UserError({
      code: 'AWS_FAULT',
      message: `${prefix}AWS has a fault of its own (${cause.name}: ${words(cause)})`,
      fix: 'See health.aws.amazon.com; later run the same command again: it goes on where it stopped.',
      cause,
    });
  }
  return new UserError({
    code: 'AWS_REFUSED',
    message: `${prefix}AWS refuses (${cause.name}: ${words(cause)})`,
    fix: 'What was done is recorded: mend the cause and run the same command again.',
    cause,
  });
}

/**
 * The SDK marks what it could read as an error of the service; a page without AWS's words in it has no name for it. (The
 * answer to a HEAD never has words.)
 */
const isAnswer = (error: Error, call: FailedCall | undefined): boolean =>
  '$fault' in error && (!/^Unknown(Error)?$/.test(error.name) || call?.operation.startsWith('Head') === true);

const doingOf = (call: FailedCall | undefined): string =>
  call ? `calling ${call.service} ${call.operation}` : 'calling AWS';

/** EC2 appends some hundred characters of details, encoded for administrators. */
const ENCODED = /\s*Encoded authorization failure message:.*$/s;

/** Longest quotation of AWS's words, in characters. */
const LONGEST = 300;

/** AWS's own words, on one line. */
function words(error: Error): string {
  const text = error.message.replace(ENCODED, '').replace(/\s+/g, ' ').trim();
  return text.length > LONGEST ? `${text.slice(0, LONGEST)} ...` : text || 'no message';
}
