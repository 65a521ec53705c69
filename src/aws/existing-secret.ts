import {
  DescribeSecretCommand,
  GetSecretValueCommand,
  type SecretsManagerClient,
} from '@aws-sdk/client-secrets-manager';
import type { Tags } from '../engine/ownership.ts';
import { isDenied, orUndefined } from './errors.ts';
import { fromUpperTags } from './tags.ts';

/** A secret that somebody else made, as AWS knows it now. */
export interface ExistingSecret {
  /** With the random suffix, also when it was asked for without. */
  readonly arn: string;
  readonly tags: Tags;
  readonly scheduledForDeletion: boolean;
  /** Id of the value that is current; `undefined` when it has none yet. */
  readonly version: string | undefined;
  /** Customer-managed KMS key: id, ARN or alias, as AWS has it. `undefined` for the key of AWS itself. */
  readonly kmsKey: string | undefined;
}

/** `undefined` when there is none. */
export async function describeSecret(secrets: SecretsManagerClient, arn: string): Promise<ExistingSecret | undefined> {
  const found = await orUndefined(secrets.send(new DescribeSecretCommand({ SecretId: arn })));
  if (!found) return undefined;
  const stages = Object.entries(found.VersionIdsToStages ?? {});
  const { KmsKeyId } = found;
  return {
    arn: found.ARN ?? arn,
    tags: fromUpperTags(found.Tags),
    scheduledForDeletion: found.DeletedDate !== undefined,
    version: stages.find(([, names]) => names.includes('AWSCURRENT'))?.[0],
    kmsKey: KmsKeyId?.endsWith('alias/aws/secretsmanager') ? undefined : KmsKeyId || undefined,
  };
}

/** What it holds: text, or nothing when it is binary. `denied` when the caller may not read it. */
export async function readSecret(secrets: SecretsManagerClient, arn: string): Promise<string | undefined | 'denied'> {
  try {
    return (await secrets.send(new GetSecretValueCommand({ SecretId: arn }))).SecretString;
  } catch (error) {
    if (isDenied(error)) return 'denied';
    throw error;
  }
}
