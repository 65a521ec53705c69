import { GetSecretValueCommand } from '@aws-sdk/client-secrets-manager';
import type { Client } from '@temporalio/client';
import type { Aws } from '../aws/aws.ts';
import { isDenied } from '../aws/errors.ts';
import type { StackConfig } from '../config/schema.ts';
import { UserError } from '../errors.ts';
import { connectTemporal } from '../temporal/connection.ts';
import type { CommandInput } from './input.ts';

/**
 * Connects to the stack's Temporal server as this person: with the key that this run was given, else with the one
 * that the worker has. The caller closes the connection.
 */
export async function temporalOf(
  input: CommandInput,
  config: StackConfig,
  key: { given?: string | undefined; aws?: Aws; secretArn?: string | undefined },
): Promise<Client> {
  const { address, namespace, tls, auth } = config.temporal;
  const apiKey =
    auth === 'api-key' ? (given(key.given, input) ?? (await stored(input, key.aws, key.secretArn))) : undefined;
  return connectTemporal({ address, namespace, tls, apiKey });
}

function given(secretValue: string | undefined, { env, flags, io }: CommandInput): string | undefined {
  const key = secretValue === undefined ? env.TEMPORAL_API_KEY || flags.answers.temporalApiKey : keyIn(secretValue);
  if (key !== undefined) io.keepSecret(String(key));
  return key === undefined ? undefined : String(key);
}

async function stored({ io }: CommandInput, aws: Aws | undefined, secretArn: string | undefined): Promise<string> {
  try {
    const answer =
      aws && secretArn !== undefined
        ? await aws.clients.secrets.send(new GetSecretValueCommand({ SecretId: secretArn }))
        : undefined;
    const key = answer?.SecretString === undefined ? undefined : keyIn(answer.SecretString);
    if (key !== undefined) {
      io.keepSecret(key);
      return key;
    }
  } catch (error) {
    if (!isDenied(error)) throw error;
  }
  throw new UserError({
    code: 'NO_API_KEY',
    message: "connecting to Temporal: there is no API key here, and none can be read from the stack's secret",
    fix: 'Set TEMPORAL_API_KEY, or allow secretsmanager:GetSecretValue on the secret.',
  });
}

function keyIn(secretValue: string): string | undefined {
  let value: unknown;
  try {
    value = JSON.parse(secretValue);
  } catch {
    // Somebody wrote it by hand. The parser's own message would quote the secret.
    return undefined;
  }
  const key = (value as Record<string, unknown> | null)?.TEMPORAL_API_KEY;
  return typeof key === 'string' ? key : undefined;
}
