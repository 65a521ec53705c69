import { describeSecret, readSecret } from '../aws/existing-secret.ts';
import { lookAtPolicy } from '../aws/managed-policy.ts';
import type { StackConfig, WorkerConfig } from '../config/schema.ts';
import { referenceText } from '../config/worker-secrets.ts';
import { ManyErrors, UserError } from '../errors.ts';
import type { Connection } from './connect.ts';
import type { CommandInput } from './input.ts';
import { badSecret, usableSecret } from './usable-secret.ts';

type References = NonNullable<WorkerConfig['secrets']>;
type Looking = Pick<CommandInput, 'io'>;

/**
 * The config with what AWS knows of the secrets that its workers name. Throws everything that would keep a task from
 * starting with them, and policies that cannot be attached, before anything is created: `UserError` BAD_SECRET and
 * BAD_POLICY. A run that is told no secret and no policy makes no call.
 */
export async function withWorkerNeeds(
  input: Looking,
  { clients }: Pick<Connection, 'clients'>,
  config: StackConfig,
): Promise<StackConfig> {
  const arns = [...new Set(config.workers.flatMap(({ taskPolicyArns }) => taskPolicyArns ?? []))];
  const referred = config.workers.flatMap(({ secrets }) => Object.entries(secrets ?? {}));
  const [policies, looks] = await Promise.all([
    Promise.all(arns.map(async (arn) => ({ arn, seen: await lookAtPolicy(clients.iam, arn) }))),
    Promise.all(
      [...new Set(referred.map(([, { arn }]) => arn))].map((arn) => lookAtSecret(input, clients.secrets, config, arn)),
    ),
  ]);
  const problems = [
    ...looks.flatMap((look) => look.problems),
    ...policies.flatMap(({ arn, seen }) => (seen === 'missing' ? badPolicy(arn) : [])),
  ];
  const unseen = policies.filter(({ seen }) => seen === 'denied').map(({ arn }) => arn);
  if (unseen.length > 0) input.io.warn(`These credentials may not look whether there is ${unseen.join(' and ')}.`);
  const [first, ...more] = problems;
  if (first) throw more.length > 0 ? new ManyErrors(problems) : first;
  const known = new Map(looks.map(({ arn, version, kmsKey }) => [arn, { version, ...(kmsKey && { kmsKey }) }]));
  const completed = (secrets: References): References =>
    Object.fromEntries(
      Object.entries(secrets).map(([name, reference]) => [name, { ...reference, ...known.get(reference.arn) }]),
    );
  return {
    ...config,
    workers: config.workers.map((worker) =>
      worker.secrets ? { ...worker, secrets: completed(worker.secrets) } : worker,
    ),
  };
}

interface SecretLook {
  readonly arn: string;
  readonly version?: string;
  readonly kmsKey?: string | undefined;
  readonly problems: readonly UserError[];
}

/** Whether tasks can read it, and find in it what the workers name. Quotes nothing of what it holds. */
async function lookAtSecret(
  { io }: Looking,
  secrets: Connection['clients']['secrets'],
  { workers, accountId }: StackConfig,
  arn: string,
): Promise<SecretLook> {
  const wanted = workers
    .flatMap((worker) => Object.entries(worker.secrets ?? {}))
    .filter(([, reference]) => reference.arn === arn);
  const flagFor = (whole: string): string =>
    wanted.map(([name, { jsonKey }]) => `--secret ${name}=${referenceText({ arn: whole, jsonKey })}`).join(' ');
  let usable: ReturnType<typeof usableSecret>;
  try {
    usable = usableSecret(arn, await describeSecret(secrets, arn), accountId, flagFor);
  } catch (error) {
    if (error instanceof UserError) return { arn, problems: [error] };
    throw error;
  }
  const { version, kmsKey } = usable;
  const text = await readSecret(secrets, arn);
  if (text === 'denied') {
    const names = [...new Set(wanted.map(([variable]) => variable))];
    io.warn(`These credentials may not read secret ${arn}: nobody has looked whether it has ${names.join(' and ')}.`);
    return { arn, version, kmsKey, problems: [] };
  }
  const found = wanted.map(([variable, { jsonKey }]) => ({ variable, jsonKey, value: valueAt(text, jsonKey) }));
  for (const { value } of found) if (typeof value === 'string') io.keepSecret(value);
  const problems = found.flatMap(({ variable, jsonKey, value }) =>
    value === undefined ? unfit(arn, variable, jsonKey, text) : [],
  );
  return { arn, version, kmsKey, problems };
}

/** What ECS would give to the container: the whole text, or what its JSON has under the key. */
function valueAt(text: string | undefined, jsonKey: string | undefined): unknown {
  const value = jsonKey === undefined ? text : jsonOf(text)?.[jsonKey];
  return ['string', 'number', 'boolean'].includes(typeof value) ? value : undefined;
}

function jsonOf(text: string | undefined): Readonly<Record<string, unknown>> | undefined {
  try {
    const value: unknown = JSON.parse(text ?? '');
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? { ...value } : undefined;
  } catch {
    return undefined;
  }
}

function unfit(arn: string, variable: string, jsonKey: string | undefined, text: string | undefined): UserError {
  if (text === undefined) {
    return badSecret(arn, `holds bytes, and ${variable} can only be text`, 'Store it as a secret string.');
  }
  if (jsonOf(text) === undefined) {
    const fix = `Leave the key out to have all of it, --secret ${variable}=${arn}, or store an object.`;
    return badSecret(arn, `is no JSON object, so ${variable} cannot be its "${jsonKey}"`, fix);
  }
  return badSecret(
    arn,
    `has no text or number under the key "${jsonKey}", which ${variable} is to be`,
    'Look at its keys, without its values: aws secretsmanager get-secret-value ... | jq ".SecretString | fromjson | keys".',
  );
}

const badPolicy = (arn: string): UserError =>
  new UserError({
    code: 'BAD_POLICY',
    message: `policy ${arn} does not exist, or cannot be attached to a role`,
    fix: 'Look for its ARN with aws iam list-policies, and give it to --task-policy-arns.',
  });
