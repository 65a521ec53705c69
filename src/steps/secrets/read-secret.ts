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

/** What the execution role needs to read the secrets of Temporal and of the workers, and nothing besides. */
export function mayReadSecrets(config: StackConfig, own: Parameters<typeof secretToRead>[1]): Statement[] {
  const ofTemporal = secretToRead(config, own);
  const ofWorkers = config.workers.flatMap(({ secrets }) => Object.values(secrets ?? {}));
  const arns = unique([...(ofTemporal ? [ofTemporal.arn] : []), ...ofWorkers.map(({ arn }) => arn)]);
  if (arns.length === 0) return [];
  const encrypted = [config.temporal.secret ?? [], ofWorkers].flat();
  const keys = unique(encrypted.flatMap(({ kmsKey }) => kmsKey ?? []));
  return [
    { Sid: 'Secret', Effect: 'Allow', Action: 'secretsmanager:GetSecretValue', Resource: oneOrMany(arns) },
    ...keys.map((key, index) => {
      const withIt = unique(encrypted.flatMap(({ arn, kmsKey }) => (kmsKey === key ? arn : [])));
      return mayDecrypt(`SecretKey${index === 0 ? '' : index + 1}`, withIt, key);
    }),
  ];
}

/**
 * The key of AWS itself needs no permission, one of a customer does. A policy can name a key by its ARN only: an alias
 * is a condition on the key that has it. The encryption context is the one that Secrets Manager gives to KMS, so that
 * nothing else can be decrypted that this key protects. Source: Secrets Manager user guide, "Secret encryption".
 */
function mayDecrypt(Sid: string, secretArns: readonly string[], kmsKey: string): Statement {
  const ofSecrets = { 'kms:EncryptionContext:SecretARN': oneOrMany(secretArns) };
  // All of them are in the account and region of the key, or it is given by its ARN.
  const [, partition, , region, accountId] = (kmsKey.startsWith('arn:') ? kmsKey : (secretArns[0] ?? '')).split(':');
  const key = (id: string): string => `arn:${partition}:kms:${region}:${accountId}:key/${id}`;
  const name = kmsKey.replace(/^arn:.*?:(?=(key|alias)\/)/, '');
  const statement = { Sid, Effect: 'Allow', Action: 'kms:Decrypt' } as const;
  if (!name.startsWith('alias/')) {
    return { ...statement, Resource: key(name.replace(/^key\//, '')), Condition: { StringEquals: ofSecrets } };
  }
  const named = { 'ForAnyValue:StringEquals': { 'kms:ResourceAliases': name } };
  return { ...statement, Resource: key('*'), Condition: { StringEquals: ofSecrets, ...named } };
}

/** Sorted: the policy is the same in whatever order they were given. */
const unique = (texts: readonly string[]): string[] => [...new Set(texts)].sort();

/** IAM takes both; one is what is usual, and easier to read. */
const oneOrMany = (texts: readonly string[]): string | readonly string[] => {
  const [only, ...others] = texts;
  return only === undefined || others.length > 0 ? texts : only;
};
