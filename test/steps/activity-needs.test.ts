import { DescribeSecurityGroupsCommand } from '@aws-sdk/client-ec2';
import { DescribeTaskDefinitionCommand } from '@aws-sdk/client-ecs';
import {
  AttachRolePolicyCommand,
  DetachRolePolicyCommand,
  GetRolePolicyCommand,
  ListAttachedRolePoliciesCommand,
  ListRolePoliciesCommand,
  PutRolePolicyCommand,
} from '@aws-sdk/client-iam';
import {
  CreateSecretCommand,
  type CreateSecretCommandInput,
  DeleteSecretCommand,
  PutSecretValueCommand,
} from '@aws-sdk/client-secrets-manager';
import { describe, expect, it } from 'vitest';
import { withWorkerNeeds } from '../../src/commands/worker-needs.ts';
import { asError, ManyErrors, type UserError } from '../../src/errors.ts';
import { roleName } from '../../src/steps/identity/role-name.ts';
import { taskRoles } from '../../src/steps/identity/task-role.ts';
import { infrastructure } from '../../src/steps/index.ts';
import { type AwsStack, referenceConfig } from '../helpers/aws-stack.ts';
import { expectNoTrace, idOf, only, useSteps } from './stage.ts';

const stage = useSteps({ strict: ['off'] });
const PASSWORD = 'planted-password-5f2e';
const KEY_ID = '1234abcd-12ab-34cd-56ef-1234567890ab';
const READ_ONLY = 'arn:aws:iam::aws:policy/AmazonSQSReadOnlyAccess';
const THEIRS = 'arn:aws:iam::aws:policy/AmazonSNSReadOnlyAccess';
const POLICY = {
  Version: '2012-10-17',
  Statement: [{ Sid: 'List', Effect: 'Allow', Action: 'sqs:SendMessage', Resource: '*' }],
};
const RoleName = 'temporal-fargate-us-east-1-dev-task';

async function someSecret(Name: string, rest: Partial<CreateSecretCommandInput> = {}): Promise<string> {
  const SecretString = JSON.stringify({ username: 'orders', password: PASSWORD, port: 5432, hosts: ['a'] });
  const made = new CreateSecretCommand({ Name, SecretString, ...rest });
  return (await stage.emulator.clients.secrets.send(made)).ARN ?? '';
}

/** The config as `init` and `plan` make it, with what they said and kept to themselves on the way. */
async function looked(stack: AwsStack, answers: Record<string, string | boolean>) {
  const said: string[] = [];
  const kept: string[] = [];
  const io = { warn: (text: string) => said.push(text), keepSecret: (text: string) => kept.push(text) };
  const config = await withWorkerNeeds({ io } as never, { clients: stack.aws.clients }, referenceConfig(answers));
  return { config, said, kept };
}

const refusals = (work: Promise<unknown>): Promise<readonly UserError[]> =>
  work.then(
    () => Promise.reject(new Error('nothing was refused')),
    (error: unknown) => (error instanceof ManyErrors ? error.errors : [asError(error)]) as UserError[],
  );

async function container(stack: AwsStack) {
  const taskDefinition = idOf(stack, 'compute/task-definition/worker');
  const answer = await stage.emulator.clients.ecs.send(new DescribeTaskDefinitionCommand({ taskDefinition }));
  const { environment = [], secrets = [], dockerLabels = {} } = only(answer.taskDefinition?.containerDefinitions);
  const own = environment.filter(({ name }) => !/^(TEMPORAL_|NODE_OPTIONS$|DATA_BUCKET$)/.test(name ?? ''));
  return {
    environment: Object.fromEntries(own.map(({ name, value }) => [name, value])),
    secrets: Object.fromEntries(secrets.map(({ name, valueFrom }) => [name, valueFrom])),
    labels: Object.keys(dockerLabels).sort(),
  };
}

async function policyOf(role: string, PolicyName: string): Promise<unknown> {
  const { PolicyDocument = '' } = await stage.emulator.clients.iam.send(
    new GetRolePolicyCommand({ RoleName: role, PolicyName }),
  );
  return JSON.parse(decodeURIComponent(PolicyDocument));
}

async function policiesOfTask() {
  const { iam } = stage.emulator.clients;
  const { PolicyNames } = await iam.send(new ListRolePoliciesCommand({ RoleName }));
  const { AttachedPolicies = [] } = await iam.send(new ListAttachedRolePoliciesCommand({ RoleName }));
  return { inline: PolicyNames, attached: AttachedPolicies.map(({ PolicyArn }) => PolicyArn).sort() };
}

async function egress(stack: AwsStack): Promise<string[]> {
  const GroupIds = [idOf(stack, 'network/security-group')];
  const { SecurityGroups } = await stage.emulator.clients.ec2.send(new DescribeSecurityGroupsCommand({ GroupIds }));
  const rules = only(SecurityGroups).IpPermissionsEgress ?? [];
  return rules
    .map(({ IpProtocol, FromPort, ToPort }) => [IpProtocol, FromPort ?? [], ToPort ?? []].flat().join(' '))
    .sort();
}

describe('what a worker needs besides a queue', () => {
  it('comes, changes and goes with the answers, and what others attached stays until the role goes', async () => {
    const stack = await stage.fresh();
    const before = await stage.emulator.inventory();
    const plain = stack.config;
    await stack.up();
    expect(await egress(stack)).toEqual(['-1']);
    const arn = await someSecret('team/db', { KmsKeyId: KEY_ID });
    const token = await someSecret('team/token', { SecretString: 'planted-token-11aa' });
    const answers = {
      env: 'LOG_LEVEL=debug\nGREETING="one, two"',
      secret: `DB_PASSWORD=${arn}:password\nDB_PORT=${arn}:port\nTOKEN=${token}`,
      taskPolicy: JSON.stringify(POLICY),
      taskPolicyArns: READ_ONLY,
      egressPorts: '5432,7000-8000',
    };
    const { config, said, kept } = await looked(stack, answers);
    // They are looked at side by side.
    expect([said, kept.sort()]).toEqual([[], [PASSWORD, 'planted-token-11aa'].sort()]);
    expect(JSON.stringify(config)).not.toMatch(/planted/);

    stack.config = config;
    expect(await stack.pending()).toEqual({
      'network/security-group': ['update', 'egress'],
      'identity/execution-role': ['update', 'policy'],
      'identity/task-role': ['update', 'taskPolicy', 'taskPolicyArns'],
      'compute/task-definition/worker': ['update', 'environment', 'secrets', 'container'],
      'compute/service/worker': ['update', 'taskDefinition'],
    });
    await stack.up();
    expect(await container(stack)).toEqual({
      environment: { GREETING: 'one, two', LOG_LEVEL: 'debug' },
      secrets: {
        TEMPORAL_API_KEY: expect.stringMatching(/:TEMPORAL_API_KEY::$/),
        DB_PASSWORD: `${arn}:password::`,
        DB_PORT: `${arn}:port::`,
        TOKEN: token,
      },
      labels: ['', '.DB_PASSWORD', '.DB_PORT', '.TOKEN'].map((name) => `temporal-fargate.secret-version${name}`),
    });
    expect(await policyOf('temporal-fargate-us-east-1-dev-execution', 'temporal-fargate')).toMatchObject({
      Statement: expect.arrayContaining([
        expect.objectContaining({
          Action: 'secretsmanager:GetSecretValue',
          Resource: [idOf(stack, 'secrets/temporal'), arn, token].sort(),
        }),
        expect.objectContaining({
          Action: 'kms:Decrypt',
          Resource: `arn:aws:kms:us-east-1:123456789012:key/${KEY_ID}`,
          Condition: { StringEquals: { 'kms:EncryptionContext:SecretARN': arn } },
        }),
      ]),
    });
    expect(await policyOf(RoleName, 'temporal-fargate-worker')).toEqual(POLICY);
    expect(await egress(stack)).toEqual(['tcp 443 443', 'tcp 5432 5432', 'tcp 7000 8000']);
    expect(await stack.pending()).toEqual({});

    const { iam, secrets } = stage.emulator.clients;
    const PolicyDocument = JSON.stringify(POLICY);
    await iam.send(new PutRolePolicyCommand({ RoleName, PolicyName: 'theirs', PolicyDocument }));
    await iam.send(new AttachRolePolicyCommand({ RoleName, PolicyArn: THEIRS }));
    expect(await stack.pending()).toEqual({});
    await iam.send(new DetachRolePolicyCommand({ RoleName, PolicyArn: READ_ONLY }));
    expect(await stack.pending()).toEqual({ 'identity/task-role': ['update', 'taskPolicyArns'] });
    await stack.up();

    await secrets.send(new PutSecretValueCommand({ SecretId: token, SecretString: 'planted-token-22bb' }));
    stack.config = (await looked(stack, answers)).config;
    expect(await stack.pending()).toEqual({
      'compute/task-definition/worker': ['update', 'container'],
      'compute/service/worker': ['update', 'taskDefinition'],
    });
    await stack.up();

    stack.config = plain;
    await stack.up(config);
    expect(await container(stack)).toEqual({
      environment: {},
      secrets: { TEMPORAL_API_KEY: expect.stringMatching(/:TEMPORAL_API_KEY::$/) },
      labels: ['temporal-fargate.secret-version'],
    });
    expect(JSON.stringify(await policyOf('temporal-fargate-us-east-1-dev-execution', 'temporal-fargate'))).not.toMatch(
      /team|kms/,
    );
    expect(await policiesOfTask()).toEqual({ inline: ['temporal-fargate', 'theirs'], attached: [THEIRS] });
    expect(await egress(stack)).toEqual(['-1']);
    expect(await stack.pending()).toEqual({});

    for (const SecretId of [arn, token]) {
      await secrets.send(new DeleteSecretCommand({ SecretId, ForceDeleteWithoutRecovery: true }));
    }
    await expectNoTrace(stack, stage.emulator, before);
  });

  it('makes a role where there is no data bucket, and takes it away again', async () => {
    const stack = await stage.fresh();
    const without = referenceConfig({ dataBucket: false });
    const granted = referenceConfig({ dataBucket: false, taskPolicyArns: READ_ONLY });
    expect(infrastructure(without).map(({ id }) => id)).not.toContain('identity/task-role');
    stack.config = granted;
    await stack.up();
    expect(await policiesOfTask()).toEqual({ inline: [], attached: [READ_ONLY] });
    expect(await stack.pending()).toEqual({});
    stack.config = without;
    await stack.up(granted);
    expect((await stage.emulator.inventory()).iam?.role).not.toHaveProperty(RoleName);
    expect(await stack.pending()).toEqual({});
    // Known by its config, the policy is detached before: IAM refuses nothing.
    expect(stack.calls.filter(({ name }) => name === 'IAM DeleteRole')).toHaveLength(1);
  });
});

describe('the task roles of several workers', () => {
  const [worker] = referenceConfig().workers;
  const config = (...names: [name: string, needs?: object][]) => ({
    ...referenceConfig(),
    workers: names.map(([name, needs]) => ({ ...worker, ...needs, name })) as never,
  });
  const rolesOf = (stack: ReturnType<typeof config>) =>
    Object.fromEntries([...taskRoles(stack, undefined, undefined)].map(([name, { id }]) => [name, id]));

  it('are apart where one has permissions of its own, and none where nothing is allowed', () => {
    const grants = { taskPolicyArns: [READ_ONLY] };
    expect(rolesOf(config(['a', grants]))).toEqual({ a: 'identity/task-role' });
    expect(rolesOf(config(['a', grants], ['b'], ['c', { taskPolicy: POLICY }]))).toEqual({
      a: 'identity/task-role/a',
      c: 'identity/task-role/c',
    });
    const ids = infrastructure(config(['a', grants], ['b'], ['c'])).map(({ id }) => id);
    expect(ids.filter((id) => id.startsWith('identity/task-role')).sort()).toEqual([
      'identity/task-role',
      'identity/task-role/a',
    ]);
  });

  it('have names that IAM takes and no two share', () => {
    const long = 'a'.repeat(19);
    const names = ['x', 'y'].map((end) => roleName('task', 'ap-southeast-2', long, `${long}${end}`));
    expect(new Set(names).size).toBe(2);
    for (const name of names) expect(name).toMatch(/^[\w-]{64}$/);
    expect(roleName('task', 'us-east-1', 'a', 'b-c')).not.toBe(roleName('task', 'us-east-1', 'a-b', 'c'));
  });
});

describe('a need that cannot be met', () => {
  it('is refused before anything is created, all of them together, and no value is told', async () => {
    const stack = await stage.fresh();
    const arn = await someSecret('team/db');
    const bytes = await someSecret('team/bytes', { SecretString: undefined, SecretBinary: Buffer.from('x') });
    const text = await someSecret('team/text', { SecretString: PASSWORD });
    const cut = (await someSecret('team/my-secret')).replace(/-\w{6}$/, '');
    const stacks = await someSecret('team/ours', {
      Tags: ['managed', 'stack'].map((key) => ({ Key: `temporal-fargate:${key}`, Value: 'prod' })),
    });
    const found = await refusals(
      looked(stack, {
        secret: [
          ...[`A=${arn}:passwort`, `B=${arn}:hosts`, `C=${bytes}`, `D=${text}:password`, `E=${stacks}`],
          `G=${cut}:password`,
          `F=${arn.replace(/-\w{6}$/, '-AbCdEf')}`,
        ].join('\n'),
        taskPolicyArns: `arn:aws:iam::123456789012:policy/none,${READ_ONLY}`,
      }),
    );
    expect(found.map(({ code, message }) => `${code} ${message}`)).toEqual([
      `BAD_SECRET secret ${arn} has no text or number under the key "passwort", which A is to be`,
      `BAD_SECRET secret ${arn} has no text or number under the key "hosts", which B is to be`,
      `BAD_SECRET secret ${bytes} holds bytes, and C can only be text`,
      `BAD_SECRET secret ${text} is no JSON object, so D cannot be its "password"`,
      `BAD_SECRET secret ${stacks} belongs to stack prod, and is deleted with it`,
      expect.stringMatching(/^BAD_SECRET secret \S+-AbCdEf does not exist$/),
      expect.stringMatching(/^BAD_SECRET secret \S+my-secret is not its whole ARN/),
      'BAD_POLICY policy arn:aws:iam::123456789012:policy/none does not exist, or cannot be attached to a role',
    ]);
    expect(found.find(({ message }) => message.includes('whole ARN'))?.fix).toMatch(
      /^Give --secret G=arn:aws:\S+:team\/my-secret-\w{6}:password$/,
    );
    expect(JSON.stringify(found.map(({ message, fix }) => [message, fix]))).not.toContain(PASSWORD);
  });

  it('is taken with a word where the caller may not look', async () => {
    const stack = await stage.fresh();
    const arn = await someSecret('team/db');
    const denied = { kind: 'error', status: 400, code: 'AccessDeniedException', message: 'no' } as const;
    await stage.emulator.fault({ ...denied, match: { operation: 'GetSecretValue' } });
    await stage.emulator.fault({ ...denied, match: { operation: 'GetPolicy' }, code: 'AccessDenied', status: 403 });
    const { config, said } = await looked(stack, { secret: `A=${arn}:password`, taskPolicyArns: READ_ONLY });
    expect(config.workers[0]?.secrets).toEqual({ A: { arn, jsonKey: 'password', version: expect.any(String) } });
    expect(said.sort()).toEqual([
      `These credentials may not look whether there is ${READ_ONLY}.`,
      `These credentials may not read secret ${arn}: nobody has looked whether it has A.`,
    ]);
  });
});
