import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { CreateLogGroupCommand } from '@aws-sdk/client-cloudwatch-logs';
import { CreateVpcCommand, DeleteVpcCommand, DescribeVpcsCommand } from '@aws-sdk/client-ec2';
import {
  AttachUserPolicyCommand,
  CreateAccessKeyCommand,
  CreatePolicyCommand,
  CreateUserCommand,
  DeleteAccessKeyCommand,
  PutUserPolicyCommand,
} from '@aws-sdk/client-iam';
import { CreateBucketCommand, GetObjectCommand } from '@aws-sdk/client-s3';
import { GetCallerIdentityCommand } from '@aws-sdk/client-sts';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type Clients, clientsFor, refusal, useEmulator } from '../helpers/emulator.ts';
import { given } from './network.ts';

const emulator = useEmulator({ strict: ['off'] });
const users: Clients[] = [];
beforeEach(() => emulator.reset());
afterEach(() => {
  for (const clients of users.splice(0)) for (const client of Object.values(clients)) client.destroy();
});

interface Statement {
  readonly Action: string | readonly string[];
  readonly Effect?: 'Allow' | 'Deny';
  readonly Resource?: string;
  readonly Condition?: Record<string, Record<string, string | string[]>>;
}

const documentOf = (...statements: readonly Statement[]): string =>
  JSON.stringify({
    Version: '2012-10-17',
    Statement: statements.map((one) => ({ Effect: 'Allow', Resource: '*', ...one })),
  });

/** Clients of a fresh IAM user who may do this and nothing else. */
async function userWho(...statements: readonly Statement[]): Promise<Clients & { readonly accessKeyId: string }> {
  const { iam } = emulator.clients;
  const UserName = `user-${users.length}`;
  await iam.send(new CreateUserCommand({ UserName }));
  const PolicyDocument = documentOf(...statements);
  await iam.send(new PutUserPolicyCommand({ UserName, PolicyName: 'all', PolicyDocument }));
  const { AccessKey } = await iam.send(new CreateAccessKeyCommand({ UserName }));
  const accessKeyId = given(AccessKey?.AccessKeyId);
  const clients = clientsFor({ ...emulator.address, accessKeyId, secretAccessKey: given(AccessKey?.SecretAccessKey) });
  users.push(clients);
  return { ...clients, accessKeyId };
}

const TAGS = { ResourceType: 'vpc' as const, Tags: [{ Key: 'stack', Value: 'dev' }] };
const vpc = (...TagSpecifications: (typeof TAGS)[]) =>
  new CreateVpcCommand({ CidrBlock: '10.0.0.0/16', TagSpecifications });

describe('a user', () => {
  it('may do what the policies allow, inline and attached, and is who STS says', async () => {
    const { iam } = emulator.clients;
    const user = await userWho({ Action: 'ec2:DescribeVpcs' });
    const { Policy } = await iam.send(
      new CreatePolicyCommand({ PolicyName: 'make', PolicyDocument: documentOf({ Action: 'ec2:CreateVpc' }) }),
    );
    await iam.send(new AttachUserPolicyCommand({ UserName: 'user-0', PolicyArn: given(Policy?.Arn) }));
    await user.ec2.send(vpc());
    expect((await user.ec2.send(new DescribeVpcsCommand({}))).Vpcs).toHaveLength(2);
    expect((await user.sts.send(new GetCallerIdentityCommand({}))).Arn).toBe('arn:aws:iam::123456789012:user/user-0');
  });

  it('is denied all else in the words of the service, and nothing is made', async () => {
    const user = await userWho({ Action: 'ec2:DescribeVpcs' });
    const who = 'User: arn:aws:iam::123456789012:user/user-0 is not authorized to perform:';
    expect(await refusal(user.ec2.send(vpc()))).toMatchObject({
      name: 'UnauthorizedOperation',
      status: 403,
      message: expect.stringContaining(`${who} ec2:CreateVpc on resource: arn:aws:ec2:us-east-1:123456789012:vpc/*`),
    });
    expect(await refusal(user.s3.send(new CreateBucketCommand({ Bucket: 'mine' })))).toMatchObject({
      name: 'AccessDenied',
      status: 403,
    });
    expect(await refusal(user.logs.send(new CreateLogGroupCommand({ logGroupName: 'mine' })))).toMatchObject({
      name: 'AccessDeniedException',
      status: 400,
      message: expect.stringContaining('log-group:mine:log-stream: because no identity-based policy allows'),
    });
    expect((await emulator.clients.ec2.send(new DescribeVpcsCommand({}))).Vpcs).toHaveLength(1);
  });

  it('who may create and not tag cannot create with tags (ec2:CreateTags, by ec2:CreateAction)', async () => {
    const Condition = { StringEquals: { 'ec2:CreateAction': 'CreateSubnet' } };
    const user = await userWho({ Action: 'ec2:CreateVpc' }, { Action: 'ec2:CreateTags', Condition });
    expect(await refusal(user.ec2.send(vpc(TAGS)))).toMatchObject({
      name: 'UnauthorizedOperation',
      message: expect.stringContaining('ec2:CreateTags'),
    });
    await user.ec2.send(vpc());
  });

  it('who may change what carries a tag is asked for the tags that are stored', async () => {
    const Condition = { StringEquals: { 'aws:ResourceTag/stack': 'dev' } };
    const user = await userWho({ Action: 'ec2:DeleteVpc', Condition });
    const [own, other] = [await emulator.clients.ec2.send(vpc(TAGS)), await emulator.clients.ec2.send(vpc())];
    expect(await refusal(user.ec2.send(new DeleteVpcCommand({ VpcId: other.Vpc?.VpcId })))).toMatchObject({
      name: 'UnauthorizedOperation',
    });
    await user.ec2.send(new DeleteVpcCommand({ VpcId: own.Vpc?.VpcId }));
    expect((await emulator.clients.ec2.send(new DescribeVpcsCommand({}))).Vpcs).toHaveLength(2);
  });

  it('who may not list a bucket gets 403 and not 404 for a key that is not there', async () => {
    await emulator.clients.s3.send(new CreateBucketCommand({ Bucket: 'mine' }));
    const missing = new GetObjectCommand({ Bucket: 'mine', Key: 'a' });
    const blind = await userWho({ Action: 's3:GetObject' });
    expect(await refusal(blind.s3.send(missing))).toMatchObject({ name: 'AccessDenied', status: 403 });
    const seeing = await userWho({ Action: ['s3:GetObject', 's3:ListBucket'] });
    expect(await refusal(seeing.s3.send(missing))).toMatchObject({ name: 'NoSuchKey', status: 404 });
  });

  it('is denied what one statement denies, whatever others allow, and everything once the key is deleted', async () => {
    const user = await userWho({ Action: '*' }, { Action: 'ec2:CreateVpc', Effect: 'Deny' });
    expect(await refusal(user.ec2.send(vpc()))).toMatchObject({ name: 'UnauthorizedOperation' });
    const { accessKeyId: AccessKeyId } = user;
    await emulator.clients.iam.send(new DeleteAccessKeyCommand({ UserName: 'user-0', AccessKeyId }));
    expect(await refusal(user.ec2.send(new DescribeVpcsCommand({})))).toMatchObject({ name: 'AuthFailure' });
  });

  it('whose policy has a condition that the emulator cannot judge gets an error and no verdict', async () => {
    const Condition = { DateGreaterThan: { 'aws:CurrentTime': '2026-01-01T00:00:00Z' } };
    const user = await userWho({ Action: 'ec2:DescribeVpcs', Condition });
    expect(await refusal(user.ec2.send(new DescribeVpcsCommand({})))).toMatchObject({
      name: 'InternalFailure',
      message: expect.stringContaining('DateGreaterThan'),
    });
  });
});

describe('the table of authorizations', () => {
  type Table = Record<string, Record<string, { action: string; source: string }[]>>;
  const signedAs: Record<string, string> = {
    ...{ cloudwatch: 'monitoring', 'cloudwatch-logs': 'logs', 'resource-groups-tagging-api': 'tagging' },
    ...{ 'application-auto-scaling': 'application-autoscaling', 'secrets-manager': 'secretsmanager' },
    'service-quotas': 'servicequotas',
  };

  it('has every operation that the program calls, and a page of AWS or a report for each action', async () => {
    const table = (await emulator.ask('GET', 'authorizations')) as Table;
    const missing = callsOfProgram().filter(({ client, operation }) => !table[signedAs[client] ?? client]?.[operation]);
    expect(missing).toEqual([]);
    const sources = Object.values(table).flatMap((operations) => Object.values(operations).flat());
    expect(sources.filter(({ source }) => !/^https:\/\/(docs\.aws\.amazon|github)\.com\//.test(source))).toEqual([]);
  });
});

/** Every command of the SDK that the sources import. */
function callsOfProgram(): { client: string; operation: string }[] {
  const root = fileURLToPath(new URL('../..', import.meta.url));
  const files = ['src', 'state'].flatMap((folder) =>
    readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' }).map((name) => join(root, folder, name)),
  );
  return [...files.filter((file) => file.endsWith('.ts')), join(root, 'worker/activities.ts')].flatMap((file) =>
    [...readFileSync(file, 'utf8').matchAll(/import \{([^}]+)\} from '@aws-sdk\/client-([a-z0-9-]+)'/g)].flatMap(
      ([, names, client]) =>
        [...(names ?? '').matchAll(/\b([A-Z]\w+)Command\b(?! as)|\b([A-Z]\w+)Command as/g)].map(
          ([, plain, renamed]) => ({
            client: client ?? '',
            operation: plain ?? renamed ?? '',
          }),
        ),
    ),
  );
}
