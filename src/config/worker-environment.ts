import { PAIR_NAME, parsePairs } from './pairs.ts';

/**
 * Characters of all names and values. A task definition takes 64 KiB of JSON, and the rest of it and the quotes of these
 * need room. Source: Amazon ECS service quotas, "Task definition size".
 */
const LARGEST = 32 * 1024;

/** Variables that have a value already, and where to change it. */
const RESERVED: readonly (readonly [names: RegExp, why: string])[] = [
  [/^TEMPORAL_/, 'is given by this program, from the answers about Temporal and the worker'],
  [/^DATA_BUCKET$/, 'names the data bucket of the stack; see --data-bucket'],
  [
    /^NODE_OPTIONS$/,
    'limits the heap of Node, and follows from --memory; other options the worker can set itself, by v8.setFlagsFromString',
  ],
  [/^AWS_(DEFAULT_)?REGION$/, 'is given by Fargate: the region of the stack'],
  [/^(AWS_CONTAINER_|AWS_EXECUTION_ENV$|ECS_)/, 'is given by Fargate'],
  [
    /^AWS_(ACCESS_KEY_ID|SECRET_ACCESS_KEY|SESSION_TOKEN|PROFILE)$/,
    'would take the place of the task role; give the role what the worker may do, by --task-policy or --task-policy-arns',
  ],
];

/** Words of a name of which nobody is told the value. */
const SECRET_WORDS = /(^|_)(API_?KEY|KEY|TOKEN|PASS|PASSWORD|PASSWD|PASSPHRASE|SECRET|CREDENTIALS?)(_|$)/i;

/** What makes such a name one that only tells where the secret is, or what it looks like. */
const NO_SECRET =
  /^(PUBLIC|PUBLISHABLE)_|_(ARN|NAME|URL|PATH|FILE|PREFIX|HEADER|TYPE|TTL|SECONDS|LIMIT|SIZE|COUNT)$|(^|_)PUBLIC_KEY/i;

/** `scheme://user:password@host` */
const PASSWORD_IN_URL = /:\/\/[^/\s:@]*:[^/\s@]+@/;

/** Why a variable of this name cannot be given, by value or from a secret. */
export function variableNameProblem(name: string): string | undefined {
  if (!PAIR_NAME.test(name)) {
    return `"${name}" is no name of a variable: letters, digits and _ make one, and no digit begins it`;
  }
  const [, why] = RESERVED.find(([names]) => names.test(name)) ?? [];
  return why && `${name} ${why}`;
}

/** What is wrong with variables whose values are kept in the state and shown. Quotes no value. */
export function environmentProblem(text: string): string | undefined {
  const { pairs, problem } = parsePairs(text);
  if (problem !== undefined) return problem;
  for (const [name, value] of Object.entries(pairs)) {
    const why = variableNameProblem(name) ?? secretProblem(name, value);
    if (why !== undefined) return why;
  }
  const size = Object.entries(pairs).reduce((sum, [name, value]) => sum + name.length + value.length, 0);
  return size > LARGEST
    ? `${size} characters are too many: ${LARGEST} is what the definition of a task has room for`
    : undefined;
}

function secretProblem(name: string, value: string): string | undefined {
  const instead = `values of --env are kept and shown; put it into a secret, and give --secret ${name}=<its ARN>`;
  if (SECRET_WORDS.test(name) && !NO_SECRET.test(name)) return `${name} is named like a secret: ${instead}`;
  return PASSWORD_IN_URL.test(value) ? `${name} holds a URL with a password: ${instead}` : undefined;
}
