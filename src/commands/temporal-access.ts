import { GetSecretValueCommand } from '@aws-sdk/client-secrets-manager';
import type { Client } from '@temporalio/client';
import type { Aws } from '../aws/aws.ts';
import { isDenied } from '../aws/errors.ts';
import { explainProxy } from '../aws/explain-connection.ts';
import { loginOf, proxyFor } from '../aws/proxy.ts';
import { isProxyError, openTunnel } from '../aws/tunnel.ts';
import { OPTIONS } from '../config/options.ts';
import type { StackConfig } from '../config/schema.ts';
import { lookUp } from '../config/sources.ts';
import { mend } from '../config/wrong.ts';
import { UserError } from '../errors.ts';
import { secretKeysOf } from '../steps/index.ts';
import type { Detour } from '../temporal/probe.ts';
import type { Credentials } from '../temporal/target.ts';
import type { CommandInput } from './input.ts';

/** Where the credentials may come from. */
export interface SecretSources {
  /** What this run was given, as the stack's secret is to hold it. */
  readonly given?: string | undefined;
  readonly aws?: Aws;
  readonly secretArn?: string | undefined;
}

/**
 * Connects to the stack's Temporal server as this person: with the credentials that this run was given, else with those
 * that the worker has. The caller closes the connection.
 */
export async function temporalOf(input: CommandInput, config: StackConfig, secret: SecretSources): Promise<Client> {
  return temporalWith(input, config, await temporalCredentials(input, config, secret));
}

/** Connects with these credentials, by the way that the environment names. The caller closes the connection. */
export async function temporalWith(
  { env }: CommandInput,
  { temporal }: StackConfig,
  credentials: Credentials,
): Promise<Client> {
  // Its client is large, and many a run never connects.
  const { connectTemporal } = await import('../temporal/connection.ts');
  return connectTemporal(temporal, credentials, { detour: detourTo(temporal.address, env) });
}

/** Throws `UserError` NO_CREDENTIALS when they are needed and not to be had. */
export async function temporalCredentials(
  input: CommandInput,
  config: StackConfig,
  secret: SecretSources,
): Promise<Credentials> {
  const names = secretKeysOf(config);
  const found =
    names.length === 0
      ? {}
      : (given(secret.given, names, input) ??
        (await stored(names, secret.aws, config.temporal.secret?.arn ?? secret.secretArn)));
  for (const value of Object.values(found)) input.io.keepSecret(value);
  return {
    apiKey: found.TEMPORAL_API_KEY,
    clientCert: found.TEMPORAL_TLS_CLIENT_CERT_DATA,
    clientKey: found.TEMPORAL_TLS_CLIENT_KEY_DATA,
  };
}

/** Through the proxy of the environment, if it has one for this address. Throws where Temporal's client cannot use it. */
export function detourTo(address: string, env: NodeJS.ProcessEnv): Detour | undefined {
  const proxy = proxyFor(new URL(`grpc://${address}`), env);
  if (!proxy) return undefined;
  const { url, variable } = proxy;
  if (url.protocol !== 'http:') {
    throw new UserError({
      code: 'PROXY_UNUSABLE',
      message: `connecting to Temporal at ${address}: its client cannot speak TLS to a proxy, as ${url.host} (${variable}) wants it`,
      fix: 'Set grpc_proxy to a proxy of scheme http, or name the host of Temporal in NO_PROXY.',
    });
  }
  return {
    proxy: `${url.hostname}:${url.port || 80}`,
    login: loginOf(url),
    open: (host, port, timeoutMs) =>
      openTunnel(proxy, host, port, timeoutMs).catch((error: unknown) => {
        throw isProxyError(error) ? explainProxy(error) : error;
      }),
  };
}

/** Values by the names of their variables. */
type Secrets = Readonly<Record<string, string>>;

function given(value: string | undefined, names: readonly string[], { env, flags }: CommandInput): Secrets | undefined {
  if (value !== undefined) return valuesIn(value, names);
  const sources = { flags: {}, paths: flags.paths, env, file: {}, state: {} };
  const found = names.flatMap((name) =>
    OPTIONS.filter((option) => option.env.includes(name)).flatMap((option) => {
      const { answer } = lookUp(option, sources);
      return answer === undefined ? [] : [[name, String(mend(option, answer).answer)]];
    }),
  );
  return found.length === names.length ? Object.fromEntries(found) : undefined;
}

async function stored(names: readonly string[], aws: Aws | undefined, secretArn: string | undefined): Promise<Secrets> {
  try {
    const answer =
      aws && secretArn !== undefined
        ? await aws.clients.secrets.send(new GetSecretValueCommand({ SecretId: secretArn }))
        : undefined;
    const values = answer?.SecretString === undefined ? undefined : valuesIn(answer.SecretString, names);
    if (values !== undefined) return values;
  } catch (error) {
    if (!isDenied(error)) throw error;
  }
  throw new UserError({
    code: 'NO_CREDENTIALS',
    message: `connecting to Temporal: ${names.join(' and ')} cannot be read from the stack's secret, and this run was not given any`,
    fix: `Set ${names.join(' and ')}, or allow secretsmanager:GetSecretValue on the secret.`,
  });
}

/** What a secret holds, by the names of the variables; `undefined` when one is missing. */
export function valuesIn(secretValue: string, names: readonly string[]): Secrets | undefined {
  let value: unknown;
  try {
    value = JSON.parse(secretValue);
  } catch {
    // Somebody wrote it by hand. The parser's own message would quote the secret.
    return undefined;
  }
  const entries = names.flatMap((name) => {
    const found = (value as Record<string, unknown> | null)?.[name];
    return typeof found === 'string' ? [[name, found]] : [];
  });
  return entries.length === names.length ? Object.fromEntries(entries) : undefined;
}
