import type { StackConfig } from '../../config/schema.ts';
import type { Statement } from '../identity/statement.ts';

/** The secret that tasks read, as far as they depend on it. */
interface ReadSecret {
  readonly arn: string;
  /** Id of the value that is current. */
  readonly version: string;
}

/**
 * @param own the secret of the stack's own, live; absent when there is none
 * @returns the one that was there before, or the own; `undefined` when Temporal asks for no credentials
 */
export function secretToRead(
  { temporal: { secret } }: StackConfig,
  own: { readonly id: string; readonly currentVersion: string } | undefined,
): ReadSecret | undefined {
  if (secret) return { arn: secret.arn, version: secret.version ?? '' };
  return own && { arn: own.id, version: own.currentVersion };
}

/** What the execution role needs to read the secret, and nothing besides. */
export function mayReadSecret(config: StackConfig, own: Parameters<typeof secretToRead>[1]): Statement[] {
  const secret = secretToRead(config, own);
  if (!secret) return [];
  const { arn } = secret;
  const kmsKey = config.temporal.secret?.kmsKey;
  return [
    { Sid: 'Secret', Effect: 'Allow', Action: 'secretsmanager:GetSecretValue', Resource: arn },
    ...(kmsKey === undefined ? [] : [mayDecrypt(arn, kmsKey)]),
  ];
}

/**
 * The key of AWS itself needs no permission, one of a customer does. A policy can name a key by its ARN only: an alias
 * is a condition on the key that has it. The encryption context is the one that Secrets Manager gives to KMS, so that
 * nothing else can be decrypted that this key protects. Source: Secrets Manager user guide, "Secret encryption".
 */
function mayDecrypt(secretArn: string, kmsKey: string): Statement {
  const ofSecret = { 'kms:EncryptionContext:SecretARN': secretArn };
  const [, partition, , region, accountId] = (kmsKey.startsWith('arn:') ? kmsKey : secretArn).split(':');
  const key = (id: string): string => `arn:${partition}:kms:${region}:${accountId}:key/${id}`;
  const name = kmsKey.replace(/^arn:.*?:(?=(key|alias)\/)/, '');
  const statement = { Sid: 'SecretKey', Effect: 'Allow', Action: 'kms:Decrypt' } as const;
  if (!name.startsWith('alias/')) {
    return { ...statement, Resource: key(name.replace(/^key\//, '')), Condition: { StringEquals: ofSecret } };
  }
  const named = { 'ForAnyValue:StringEquals': { 'kms:ResourceAliases': name } };
  return { ...statement, Resource: key('*'), Condition: { StringEquals: ofSecret, ...named } };
}
