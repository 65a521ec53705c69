import { describeSecret, readSecret } from '../aws/existing-secret.ts';
import type { Answers } from '../config/option.ts';
import { OPTIONS } from '../config/options.ts';
import type { StackConfig } from '../config/schema.ts';
import { wrong } from '../config/wrong.ts';
import { secretKeysOf } from '../steps/index.ts';
import type { Connection } from './connect.ts';
import type { CommandInput } from './input.ts';
import { valuesIn } from './temporal-access.ts';
import { badSecret, usableSecret } from './usable-secret.ts';

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
  const { version, kmsKey } = usableSecret(
    arn,
    await describeSecret(secrets, arn),
    config.accountId,
    (whole) => `--secret-arn ${whole}`,
  );
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
