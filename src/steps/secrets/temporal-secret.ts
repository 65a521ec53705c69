import { createHmac } from 'node:crypto';
import {
  CreateSecretCommand,
  DeleteSecretCommand,
  DescribeSecretCommand,
  PutSecretValueCommand,
  RestoreSecretCommand,
  UpdateSecretVersionStageCommand,
} from '@aws-sdk/client-secrets-manager';
import type { Aws } from '../../aws/aws.ts';
import { ifThere, orUndefined } from '../../aws/errors.ts';
import { retagSecret } from '../../aws/retag.ts';
import { fromUpperTags, upperTags } from '../../aws/tags.ts';
import { TAG, type Tags } from '../../engine/ownership.ts';
import { Bug } from '../../errors.ts';
import { changesOf, defineStep, must, QUICK } from '../define.ts';
import { always } from '../monthly-cost.ts';
import { arnIn, may, type Scope } from '../permission.ts';

const RECOVERY_DAYS = 7;

interface LiveSecret {
  /** ARN, with the random suffix that policies and task definitions need. */
  readonly id: string;
  readonly tags: Tags;
  readonly name: string;
  readonly scheduledForDeletion: boolean;
  /** Version with the stage AWSCURRENT. */
  readonly currentVersion: string;
  readonly versions: readonly string[];
}

/**
 * The Temporal credentials. Their value is in no state and no plan: its version id is a keyed hash of it, so that
 * reading the description is enough to see that the stored value is the wanted one.
 *
 * @param value the JSON text; `undefined` when this run was not given one, then any stored value will do
 */
export const temporalSecret = (value: string | undefined) =>
  defineStep({
    id: 'secrets/temporal',
    title: 'secret with the Temporal credentials',
    needs: {},
    repeatable: 'name',
    timeouts: QUICK,
    monthlyCost: () => [always('secret', 1, '', 'secret-month')],
    actions: {
      find: [may(SECRET, 'secretsmanager:DescribeSecret')],
      create: [may(SECRET, 'secretsmanager:CreateSecret', 'secretsmanager:TagResource')],
      update: [
        may(SECRET, 'secretsmanager:PutSecretValue', 'secretsmanager:RestoreSecret'),
        may(SECRET, 'secretsmanager:UpdateSecretVersionStage'),
      ],
      retag: [may(SECRET, 'secretsmanager:TagResource', 'secretsmanager:UntagResource')],
      destroy: [may(SECRET, 'secretsmanager:DeleteSecret')],
    },
    want: (config) => ({
      name: secretName(config.stack),
      scheduledForDeletion: false,
      currentVersion: value === undefined ? undefined : versionId(`${config.accountId}/${config.stack}`, value),
    }),
    findById: find,
    findOwned: async (aws, { stack }) => [await find(aws, secretName(stack))].flatMap((found) => found ?? []),
    diff: (want, live) =>
      changesOf(want, live, {
        scheduledForDeletion: 'update',
        ...(want.currentVersion === undefined ? {} : { currentVersion: 'update' as const }),
      }),
    async create(aws, want, { tags }) {
      const { SecretString, version } = given(value, want.currentVersion);
      const command = new CreateSecretCommand({
        Name: want.name,
        Description: `Temporal credentials of stack ${tags[TAG.stack]}`,
        SecretString,
        ClientRequestToken: version,
        Tags: upperTags(tags),
      });
      const { ARN } = await unquoted(SecretString, aws.clients.secrets.send(command));
      return {
        id: must(ARN, 'a secret ARN'),
        tags,
        name: want.name,
        scheduledForDeletion: false,
        currentVersion: version,
        versions: [version],
      };
    },
    async update(aws, live, want) {
      const { secrets } = aws.clients;
      if (live.scheduledForDeletion) await secrets.send(new RestoreSecretCommand({ SecretId: live.id }));
      if (want.currentVersion === undefined || want.currentVersion === live.currentVersion) return undefined;
      const { SecretString, version } = given(value, want.currentVersion);
      if (live.versions.includes(version)) {
        // Going back to an earlier value: the version exists and only has to become the current one.
        await secrets.send(
          new UpdateSecretVersionStageCommand({
            SecretId: live.id,
            VersionStage: 'AWSCURRENT',
            MoveToVersionId: version,
            RemoveFromVersionId: live.currentVersion,
          }),
        );
      } else {
        const command = new PutSecretValueCommand({ SecretId: live.id, SecretString, ClientRequestToken: version });
        await unquoted(SecretString, secrets.send(command));
      }
      return undefined;
    },
    remains: (live) =>
      live.scheduledForDeletion ? `deleted, and brought back by init within ${RECOVERY_DAYS} days` : undefined,
    retag: (aws, { id }, change) => retagSecret(aws, id, change),
    async destroy(aws, live, { purge }) {
      // AWS refuses to schedule twice; only deletion by force works on what is scheduled.
      if (live.scheduledForDeletion && !purge) return;
      const how = purge ? { ForceDeleteWithoutRecovery: true } : { RecoveryWindowInDays: RECOVERY_DAYS };
      await ifThere(aws.clients.secrets.send(new DeleteSecretCommand({ SecretId: live.id, ...how })));
    },
  });

export type TemporalSecretStep = ReturnType<typeof temporalSecret>;

export const secretName = (stack: string): string => `temporal-fargate/${stack}/temporal`;

/** By its name, which is all that a secret has before it exists, and with the six characters that AWS then adds. */
export const SECRET: Scope = {
  sid: 'Secret',
  resources: (place) => {
    const arn = arnIn(place, 'secretsmanager', `secret:${secretName(place.stack)}`);
    return [arn, `${arn}-??????`];
  },
};

/** 64 hex digits, as ClientRequestToken allows. Keyed, so that equal values of two stacks do not look equal. */
const versionId = (key: string, value: string): string =>
  createHmac('sha256', `temporal-fargate/${key}`).update(value).digest('hex');

function given(value: string | undefined, version: string | undefined): { SecretString: string; version: string } {
  if (value === undefined || version === undefined)
    throw new Bug('the secret has to be written, but no value was given');
  return { SecretString: value, version };
}

/**
 * AWS quotes a value that does not pass its validation ("1 validation error detected: Value '...' at ..."): such an error
 * goes on without the words of AWS.
 */
async function unquoted<T>(secretString: string, call: Promise<T>): Promise<T> {
  try {
    return await call;
  } catch (error) {
    const values: string[] = Object.values(JSON.parse(secretString));
    const shown = error instanceof Error ? `${error.message}\n${error.stack}` : '';
    if (error instanceof Error && [secretString, ...values].some((value) => shown.includes(value))) {
      error.message = 'AWS quotes the secret in what it says, so this is not shown';
      error.stack = `${error.name}: ${error.message}`;
    }
    throw error;
  }
}

async function find(aws: Aws, id: string): Promise<LiveSecret | undefined> {
  const found = await orUndefined(aws.clients.secrets.send(new DescribeSecretCommand({ SecretId: id })));
  if (!found) return undefined;
  const stages = Object.entries(found.VersionIdsToStages ?? {});
  return {
    id: must(found.ARN, 'a secret ARN'),
    tags: fromUpperTags(found.Tags),
    name: found.Name ?? '',
    scheduledForDeletion: found.DeletedDate !== undefined,
    currentVersion: stages.find(([, names]) => names.includes('AWSCURRENT'))?.[0] ?? '',
    versions: stages.map(([version]) => version),
  };
}
