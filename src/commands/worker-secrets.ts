import { describeSecret, readSecret } from '../aws/existing-secret.ts';
import type { StackConfig, WorkerConfig } from '../config/schema.ts';
import { referenceText } from '../config/worker-secrets.ts';
import { UserError } from '../errors.ts';
import type { Connection } from './connect.ts';
import type { CommandInput } from './input.ts';
import { badSecret, usableSecret } from './usable-secret.ts';

type Reference = NonNullable<WorkerConfig['secrets']>[string];

/** What AWS knows of a secret that workers name, and what would keep tasks from starting with it. */
export interface SecretLook {
  readonly arn: string;
  /** To be added to whatever names it. */
  readonly known: Pick<Reference, 'version' | 'kmsKey'>;
  readonly problems: readonly UserError[];
}

/** Looks at each once, whether tasks can read it, and find in it what the workers name. Quotes nothing of what it holds. */
export function lookAtSecrets(
  io: Pick<CommandInput['io'], 'warn' | 'keepSecret'>,
  { secrets }: Pick<Connection['clients'], 'secrets'>,
  { workers, accountId }: StackConfig,
): Promise<SecretLook[]> {
  const named = workers.flatMap((worker) => Object.entries(worker.secrets ?? {}));
  const arns = [...new Set(named.map(([, { arn }]) => arn))];
  return Promise.all(
    arns.map(async (arn) => {
      const wanted = named.filter(([, reference]) => reference.arn === arn);
      try {
        return await lookAt(io, secrets, accountId, arn, wanted);
      } catch (error) {
        if (error instanceof UserError) return { arn, known: {}, problems: [error] };
        throw error;
      }
    }),
  );
}

async function lookAt(
  io: Pick<CommandInput['io'], 'warn' | 'keepSecret'>,
  secrets: Connection['clients']['secrets'],
  accountId: string,
  arn: string,
  wanted: readonly (readonly [name: string, reference: Reference])[],
): Promise<SecretLook> {
  const flagFor = (whole: string): string =>
    wanted.map(([name, { jsonKey }]) => `--secret ${name}=${referenceText({ arn: whole, jsonKey })}`).join(' ');
  const { version, kmsKey } = usableSecret(arn, await describeSecret(secrets, arn), accountId, flagFor);
  const known = { version, ...(kmsKey && { kmsKey }) };
  const text = await readSecret(secrets, arn);
  if (text === 'denied') {
    const names = [...new Set(wanted.map(([name]) => name))].join(' and ');
    io.warn(`These credentials may not read secret ${arn}: nobody has looked whether it has ${names}.`);
    return { arn, known, problems: [] };
  }
  const found = wanted.map(([name, { jsonKey }]) => ({ name, jsonKey, value: valueAt(text, jsonKey) }));
  for (const { value } of found) if (typeof value === 'string') io.keepSecret(value);
  const problems = found.flatMap(({ name, jsonKey, value }) =>
    value === undefined ? unfit(arn, name, jsonKey, text) : [],
  );
  return { arn, known, problems };
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
    `See its keys, without its values: aws secretsmanager get-secret-value --secret-id ${arn} | jq '.SecretString | fromjson | keys'`,
  );
}
