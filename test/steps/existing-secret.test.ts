import { DescribeTaskDefinitionCommand } from '@aws-sdk/client-ecs';
import { GetRolePolicyCommand } from '@aws-sdk/client-iam';
import {
  CreateSecretCommand,
  type CreateSecretCommandInput,
  DeleteSecretCommand,
  DescribeSecretCommand,
  PutSecretValueCommand,
} from '@aws-sdk/client-secrets-manager';
import { describe, expect, it } from 'vitest';
import { withExistingSecret } from '../../src/commands/existing-secret.ts';
import { temporalOf } from '../../src/commands/temporal-access.ts';
import type { UserError } from '../../src/errors.ts';
import { mayReadSecrets } from '../../src/steps/secrets/read-secret.ts';
import { type AwsStack, referenceConfig } from '../helpers/aws-stack.ts';
import { idOf, useSteps } from './stage.ts';

const stage = useSteps({ strict: ['off'] });
const API_KEY = 'planted-key-77aa0d1e';
const KEY_ID = '1234abcd-12ab-34cd-56ef-1234567890ab';

const secrets = () => stage.emulator.clients.secrets;

async function someSecret(Name: string, rest: Partial<CreateSecretCommandInput> = {}): Promise<string> {
  const SecretString = JSON.stringify({ TEMPORAL_API_KEY: API_KEY, unrelated: 1 });
  return (await secrets().send(new CreateSecretCommand({ Name, SecretString, ...rest }))).ARN ?? '';
}

/** The config as `init` and `plan` make it, with what they said on the way. */
async function looked(stack: AwsStack, secretArn: string, changes: Record<string, string | boolean> = {}) {
  const said: string[] = [];
  const kept: string[] = [];
  const io = { warn: (text: string) => said.push(text), keepSecret: (text: string) => kept.push(text) };
  const named = referenceConfig({ secretArn, ...changes });
  return { config: await withExistingSecret({ io } as never, { clients: stack.aws.clients }, named), said, kept };
}

const refusedBy = (work: Promise<unknown>): Promise<UserError> =>
  work.then(
    () => Promise.reject(new Error('the secret was not refused')),
    (error: UserError) => error,
  );

async function container(stack: AwsStack) {
  const taskDefinition = idOf(stack, 'compute/task-definition/worker');
  const answer = await stage.emulator.clients.ecs.send(new DescribeTaskDefinitionCommand({ taskDefinition }));
  const [first] = answer.taskDefinition?.containerDefinitions ?? [];
  return { secrets: first?.secrets, labels: first?.dockerLabels };
}

async function readable(): Promise<unknown[]> {
  const role = { RoleName: 'temporal-fargate-us-east-1-dev-execution', PolicyName: 'temporal-fargate' };
  const { PolicyDocument } = await stage.emulator.clients.iam.send(new GetRolePolicyCommand(role));
  const { Statement } = JSON.parse(decodeURIComponent(PolicyDocument ?? '')) as { Statement: { Sid: string }[] };
  return Statement.filter(({ Sid }) => Sid.startsWith('Secret'));
}

const currentVersion = async (arn: string) =>
  Object.entries((await secrets().send(new DescribeSecretCommand({ SecretId: arn }))).VersionIdsToStages ?? {}).find(
    ([, stages]) => stages.includes('AWSCURRENT'),
  )?.[0];

describe('a secret that was there before', () => {
  it('is read by reference, with its key and by nobody but the tasks, and outlives the stack untouched', async () => {
    const stack = await stage.fresh();
    const arn = await someSecret('team/temporal', { KmsKeyId: KEY_ID, Tags: [{ Key: 'team', Value: 'core' }] });
    const { config, said, kept } = await looked(stack, arn);
    expect([said, kept]).toEqual([[], [API_KEY]]);
    expect(JSON.stringify(config)).not.toContain(API_KEY);

    stack.config = config;
    stack.secretValue = undefined;
    await stack.up();
    expect(await container(stack)).toEqual({
      secrets: [{ name: 'TEMPORAL_API_KEY', valueFrom: `${arn}:TEMPORAL_API_KEY::` }],
      labels: { 'temporal-fargate.secret-version': await currentVersion(arn) },
    });
    expect(await readable()).toEqual([
      { Sid: 'Secret', Effect: 'Allow', Action: 'secretsmanager:GetSecretValue', Resource: arn },
      {
        Sid: 'SecretKey',
        Effect: 'Allow',
        Action: 'kms:Decrypt',
        Resource: `arn:aws:kms:us-east-1:123456789012:key/${KEY_ID}`,
        Condition: { StringEquals: { 'kms:EncryptionContext:SecretARN': arn } },
      },
    ]);
    expect(await stack.pending()).toEqual({});

    const SecretString = JSON.stringify({ TEMPORAL_API_KEY: 'planted-key-2' });
    await secrets().send(new PutSecretValueCommand({ SecretId: arn, SecretString }));
    const { secretsmanager } = await stage.emulator.inventory();
    stack.config = (await looked(stack, arn)).config;
    expect(await stack.pending()).toEqual({
      'compute/task-definition/worker': ['update', 'container'],
      'compute/service/worker': ['update', 'taskDefinition'],
    });
    await stack.up();
    expect(await stack.down({ purge: true, deleteData: true })).toEqual({ kept: [], left: [] });
    expect((await stage.emulator.inventory()).secretsmanager).toEqual(secretsmanager);
    expect(stack.calls.filter(({ name, mutating }) => mutating && name.startsWith('SecretsManager'))).toEqual([]);
  });

  it('is what this program itself connects to Temporal with', async () => {
    const stack = await stage.fresh();
    const { config } = await looked(stack, await someSecret('team/temporal'));
    const kept: string[] = [];
    const input = { env: {}, flags: { paths: {} }, io: { keepSecret: (text: string) => kept.push(text) } };
    const unreachable = { ...config, temporal: { ...config.temporal, address: '127.0.0.1:1' } };
    const error = await refusedBy(temporalOf(input as never, unreachable, { aws: stack.aws }));
    expect([error.code, kept]).toEqual(['TEMPORAL_UNREACHABLE', [API_KEY]]);
  });

  it('takes the place of an own one, which can be brought back for seven days, and gives it back', async () => {
    const stack = await stage.fresh();
    const own = stack.config;
    await stack.up();
    const ownArn = idOf(stack, 'secrets/temporal');
    const scheduled = async () =>
      (await secrets().send(new DescribeSecretCommand({ SecretId: ownArn }))).DeletedDate !== undefined;

    stack.secretValue = undefined;
    stack.config = (await looked(stack, await someSecret('team/temporal'))).config;
    const { items } = await stack.plan(own);
    expect(items.filter(({ action }) => action !== 'none').map(({ step, action }) => [step.id, action])).toEqual([
      ['identity/execution-role', 'update'],
      ['compute/task-definition/worker', 'update'],
      ['compute/service/worker', 'update'],
      ['secrets/temporal', 'retire'],
    ]);
    await stack.up(own);
    expect(await scheduled()).toBe(true);
    expect(stack.session.document.steps).not.toHaveProperty('secrets/temporal');

    stack.config = own;
    stack.secretValue = JSON.stringify({ TEMPORAL_API_KEY: 'key-two' });
    await stack.up();
    expect([await scheduled(), idOf(stack, 'secrets/temporal')]).toEqual([false, ownArn]);
    expect((await container(stack)).secrets?.[0]?.valueFrom).toBe(`${ownArn}:TEMPORAL_API_KEY::`);
    expect(await stack.pending()).toEqual({});
  });

  it.each<[string, Partial<CreateSecretCommandInput>, string]>([
    ['text that is no JSON', { SecretString: API_KEY }, 'holds no text under the key TEMPORAL_API_KEY'],
    ['another key', { SecretString: '{"apiKey":"x"}' }, 'holds no text under the key TEMPORAL_API_KEY'],
    ['a number', { SecretString: '{"TEMPORAL_API_KEY":7}' }, 'holds no text under the key TEMPORAL_API_KEY'],
    [
      'a line break at the end',
      { SecretString: JSON.stringify({ TEMPORAL_API_KEY: `${API_KEY}\n` }) },
      'under the key TEMPORAL_API_KEY: it holds a space, a line break or a character outside ASCII',
    ],
    ['bytes', { SecretString: undefined, SecretBinary: Buffer.from('x') }, 'holds no text under the key'],
    ['no value', { SecretString: undefined }, 'has no value yet'],
    [
      'the tags of a stack',
      { Tags: ['managed', 'stack'].map((key) => ({ Key: `temporal-fargate:${key}`, Value: 'prod' })) },
      'belongs to stack prod, and is deleted with it',
    ],
  ])('with %s is refused before anything is created, and its value is not told', async (_what, made, says) => {
    const stack = await stage.fresh();
    const error = await refusedBy(looked(stack, await someSecret('team/temporal', made)));
    expect([error.code, error.message]).toEqual(['BAD_SECRET', expect.stringContaining(says)]);
    expect(`${error.message} ${error.fix}`).not.toContain(API_KEY);
  });

  it('is refused when there is none, it is about to be deleted, or its ARN is not whole', async () => {
    const stack = await stage.fresh();
    const arn = await someSecret('team/temporal');
    const partial = arn.replace(/-\w{6}$/, '');
    expect((await refusedBy(looked(stack, `${arn}-none`))).message).toContain('does not exist');
    const { message, fix } = await refusedBy(looked(stack, partial));
    expect(message).toContain('is not its whole ARN');
    expect(fix).toBe(`Give --secret-arn ${arn}`);
    await secrets().send(new DeleteSecretCommand({ SecretId: arn }));
    expect((await refusedBy(looked(stack, arn))).message).toContain('is scheduled for deletion');
  });

  it('that the caller may not read is taken, with a word about it', async () => {
    const stack = await stage.fresh();
    const arn = await someSecret('team/temporal');
    await stage.emulator.fault({
      kind: 'error',
      match: { operation: 'GetSecretValue' },
      status: 400,
      code: 'AccessDeniedException',
      message: 'Access to KMS is not allowed',
    });
    const { config, said } = await looked(stack, arn);
    expect(config.temporal.secret).toEqual({ arn, version: await currentVersion(arn) });
    expect(said).toEqual([expect.stringContaining('nobody has looked whether it holds TEMPORAL_API_KEY')]);
  });
});

describe('the key that encrypts such a secret', () => {
  const arn = 'arn:aws:secretsmanager:us-east-1:123456789012:secret:team/temporal-AbCdEf';
  const decrypting = (kmsKey: string | undefined) => {
    const config = referenceConfig({ secretArn: arn });
    const secret = { arn, ...(kmsKey && { kmsKey }) };
    return mayReadSecrets({ ...config, temporal: { ...config.temporal, secret } }, undefined).find(
      ({ Action }) => Action === 'kms:Decrypt',
    );
  };

  it.each([
    [KEY_ID, `arn:aws:kms:us-east-1:123456789012:key/${KEY_ID}`],
    [`arn:aws:kms:us-east-1:999999999999:key/${KEY_ID}`, `arn:aws:kms:us-east-1:999999999999:key/${KEY_ID}`],
  ])('%s may be used for this secret alone', (kmsKey, Resource) => {
    expect(decrypting(kmsKey)).toMatchObject({
      Resource,
      Condition: { StringEquals: { 'kms:EncryptionContext:SecretARN': arn } },
    });
  });

  it.each(['alias/team', 'arn:aws:kms:us-east-1:123456789012:alias/team'])('%s is known by its alias', (kmsKey) => {
    expect(decrypting(kmsKey)).toMatchObject({
      Resource: 'arn:aws:kms:us-east-1:123456789012:key/*',
      Condition: {
        StringEquals: { 'kms:EncryptionContext:SecretARN': arn },
        'ForAnyValue:StringEquals': { 'kms:ResourceAliases': 'alias/team' },
      },
    });
  });

  it('of AWS itself needs no permission', () => {
    expect(decrypting(undefined)).toBeUndefined();
  });
});
