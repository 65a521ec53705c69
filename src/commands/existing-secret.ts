import { describeSecret, type ExistingSecret, readSecret } from '../aws/existing-secret.ts';
import type { Answers } from '../config/option.ts';
import { OPTIONS } from '../config/options.ts';
import type { StackConfig } from '../config/schema.ts';
import { wrong } from '../config/wrong.ts';
import { TAG } from '../engine/ownership.ts';
import { UserError } from '../errors.ts';
import { secretKeysOf } from '../steps/index.ts';
import type { Connection } from './connect.ts';
import type { CommandInput } from './input.ts';
import { valuesIn } from './temporal-access.ts';

/**
 * The config with what AWS knows of the secret that it names, if it names one. Throws `UserError` BAD_SECRET when no
 * task could start with it: that is found out before anything is created.
 */
export async function withExistingSecret(
  { io }: Pick<CommandInput, 'io'>,
  { clients: { secrets } }: Pick<Connection, 'clients'>,
  config: StackConfig,
): Promise<StackConfig> {
  const arn = config.temporal.secret?.arn;
  if (arn === undefined) return config;
  const { version, kmsKey } = usable(arn, await describeSecret(secrets, arn), config.accountId);
  const names = secretKeysOf(config);
  const text = await readSecret(secrets, arn);
  if (text === 'denied') {
    io.warn(`These credentials may not read the secret: nobody has looked whether it holds ${names.join(' and ')}.`);
  } else {
    const values = Object.assign({}, ...names.map((name) => valuesIn(text ?? '', [name])));
    for (const value of Object.values<string>(values)) io.keepSecret(value);
    refuseUnfit(arn, names, values);
  }
  return { ...config, temporal: { ...config.temporal, secret: { arn, version, ...(kmsKey && { kmsKey }) } } };
}

/** The secret, when ECS can use it under this ARN. */
function usable(
  arn: string,
  found: ExistingSecret | undefined,
  accountId: string,
): ExistingSecret & { readonly version: string } {
  if (!found) throw badSecret(arn, 'does not exist', 'Look for its ARN: aws secretsmanager list-secrets.');
  const { version, kmsKey, tags } = found;
  if (found.arn !== arn) {
    const why = 'is not its whole ARN: policies and ECS know a secret only with the suffix that AWS has added';
    throw badSecret(arn, why, `Give --secret-arn ${found.arn}`);
  }
  if (tags[TAG.managed] !== undefined) {
    const why = `belongs to stack ${tags[TAG.stack]}, and is deleted with it`;
    throw badSecret(arn, why, 'Make a secret that belongs to no stack, or leave --secret-arn out.');
  }
  if (found.scheduledForDeletion)
    throw badSecret(
      arn,
      'is scheduled for deletion',
      `Bring it back: aws secretsmanager restore-secret --secret-id ${arn}`,
    );
  if (version === undefined)
    throw badSecret(arn, 'has no value yet', `Give it one: aws secretsmanager put-secret-value --secret-id ${arn} ...`);
  if (kmsKey === undefined && arn.split(':')[4] !== accountId) {
    const why = 'is of another account and encrypted with the key of AWS itself, which no other account can use';
    throw badSecret(arn, why, 'Have it encrypted with a customer-managed key that this account may use.');
  }
  return { ...found, version };
}

/** ECS gives the values to the worker as they are, so they have to be right as they are. Quotes none of them. */
function refuseUnfit(arn: string, names: readonly string[], values: Readonly<Record<string, string>>): void {
  const options = names.flatMap((name) =>
    OPTIONS.filter(({ env }) => env.includes(name)).map((option) => ({ name, option })),
  );
  const answers: Answers = Object.fromEntries(options.map(({ name, option }) => [option.key, values[name]]));
  const problems = options.flatMap(({ name, option }) => {
    const value = values[name];
    if (value === undefined) return [`holds no text under the key ${name}`];
    const reason = wrong(option, value, answers);
    return reason === undefined ? [] : [`has a wrong value under the key ${name}: ${reason}`];
  });
  if (problems.length === 0) return;
  const form = `{${names.map((name) => `"${name}": "..."`).join(', ')}}`;
  throw badSecret(arn, problems.join('; '), `Its value has to be JSON of the form ${form}.`);
}

const badSecret = (arn: string, problem: string, fix: string): UserError =>
  new UserError({ code: 'BAD_SECRET', message: `secret ${arn} ${problem}`, fix });
