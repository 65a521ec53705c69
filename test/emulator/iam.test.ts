import {
  AttachRolePolicyCommand,
  CreateRoleCommand,
  CreateServiceLinkedRoleCommand,
  DeleteRoleCommand,
  DeleteRolePolicyCommand,
  GetPolicyCommand,
  GetRoleCommand,
  GetRolePolicyCommand,
  ListAttachedRolePoliciesCommand,
  PutRolePolicyCommand,
} from '@aws-sdk/client-iam';
import { beforeEach, describe, expect, it } from 'vitest';
import { refusal, useEmulator } from '../helpers/emulator.ts';
import { given } from './network.ts';

const emulator = useEmulator({ strict: ['off'] });
beforeEach(() => emulator.reset());

const trust = JSON.stringify({
  Version: '2012-10-17',
  Statement: [{ Effect: 'Allow', Principal: { Service: 'ecs-tasks.amazonaws.com' }, Action: 'sts:AssumeRole' }],
});

function createRole(RoleName: string, Path = '/temporal-fargate/') {
  return emulator.clients.iam.send(new CreateRoleCommand({ RoleName, Path, AssumeRolePolicyDocument: trust }));
}

describe('roles', () => {
  it('are read back with name, path, ARN and a URL-encoded trust policy', async () => {
    await createRole('dev-task');
    const { Role } = await emulator.clients.iam.send(new GetRoleCommand({ RoleName: 'dev-task' }));
    expect(Role).toMatchObject({
      RoleName: 'dev-task',
      Path: '/temporal-fargate/',
      Arn: 'arn:aws:iam::123456789012:role/temporal-fargate/dev-task',
    });
    expect(Role?.AssumeRolePolicyDocument).not.toContain('{');
    expect(JSON.parse(decodeURIComponent(given(Role?.AssumeRolePolicyDocument)))).toEqual(JSON.parse(trust));
  });

  it('have names that are unique ignoring case and path', async () => {
    await createRole('dev-task');
    expect(await refusal(createRole('DEV-Task', '/other/'))).toMatchObject({
      name: 'EntityAlreadyExistsException',
      status: 409,
    });
  });

  it('cannot be deleted while an inline policy remains (DeleteConflict)', async () => {
    const { iam } = emulator.clients;
    await createRole('dev-task');
    const policy = { RoleName: 'dev-task', PolicyName: 'inline' };
    const PolicyDocument =
      '{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"s3:Get*","Resource":"*"}]}';
    await iam.send(new PutRolePolicyCommand({ ...policy, PolicyDocument }));
    const read = await iam.send(new GetRolePolicyCommand(policy));
    expect(JSON.parse(decodeURIComponent(given(read.PolicyDocument)))).toEqual(JSON.parse(PolicyDocument));
    const remove = () => iam.send(new DeleteRoleCommand({ RoleName: 'dev-task' }));
    expect((await refusal(remove())).name).toBe('DeleteConflictException');
    await iam.send(new DeleteRolePolicyCommand(policy));
    await remove();
    expect((await refusal(remove())).name).toBe('NoSuchEntityException');
  });
});

describe('policies of a role', () => {
  const RoleName = 'dev-task';
  const attach = (PolicyArn: string) => emulator.clients.iam.send(new AttachRolePolicyCommand({ RoleName, PolicyArn }));
  const inline = (PolicyName: string, length: number) => {
    const statement = { Effect: 'Allow', Action: 's3:Get*', Resource: `arn:aws:s3:::${'x'.repeat(length)}` };
    const PolicyDocument = JSON.stringify({ Version: '2012-10-17', Statement: statement }, undefined, 4);
    return emulator.clients.iam.send(new PutRolePolicyCommand({ RoleName, PolicyName, PolicyDocument }));
  };

  it('may be those that AWS manages, of which no two have one name, and no others that do not exist', async () => {
    const { iam } = emulator.clients;
    await createRole(RoleName);
    const PolicyArn = 'arn:aws:iam::aws:policy/service-role/AmazonECSTaskExecutionRolePolicy';
    expect((await iam.send(new GetPolicyCommand({ PolicyArn }))).Policy).toMatchObject({ IsAttachable: true });
    await attach(PolicyArn);
    const { AttachedPolicies } = await iam.send(new ListAttachedRolePoliciesCommand({ RoleName }));
    expect(AttachedPolicies?.map((policy) => policy.PolicyArn)).toEqual([PolicyArn]);
    for (const arn of ['AmazonECSTaskExecutionRolePolicy', 'NoSuchPolicy']) {
      expect((await refusal(attach(`arn:aws:iam::aws:policy/${arn}`))).name).toBe('NoSuchEntityException');
    }
  });

  it('are ten at most, and the inline ones have 10,240 characters without white space', async () => {
    await createRole(RoleName);
    await inline('one', 5000);
    await inline('one', 9000);
    const tooLong = await refusal(inline('two', 1100));
    expect(tooLong).toMatchObject({ name: 'LimitExceededException', status: 409 });
    expect(tooLong.message).toContain('Maximum policy size of 10240 bytes exceeded for role dev-task');
    await inline('two', 900);
    const names = ['AppFlow', 'AppStream', 'Connect', 'DocDB', 'DynamoDB', 'EC2', 'ES', 'ElastiCache', 'EventBridge'];
    const arns = [...names, 'SQS', 'SNS'].map((name) => `arn:aws:iam::aws:policy/Amazon${name}ReadOnlyAccess`);
    for (const arn of arns.slice(0, 10)) await attach(arn);
    expect((await refusal(attach(arns[10] ?? ''))).message).toContain('Cannot exceed quota for PoliciesPerRole: 10');
  });
});

describe('service-linked roles', () => {
  it.each([
    ['ecs.amazonaws.com', 'AWSServiceRoleForECS'],
    ['ecs.application-autoscaling.amazonaws.com', 'AWSServiceRoleForApplicationAutoScaling_ECSService'],
  ])('for %s is named %s, and a second one is refused with InvalidInput', async (AWSServiceName, RoleName) => {
    const { iam } = emulator.clients;
    const create = () => iam.send(new CreateServiceLinkedRoleCommand({ AWSServiceName }));
    expect((await create()).Role).toMatchObject({ RoleName, Path: `/aws-service-role/${AWSServiceName}/` });
    const again = await refusal(create());
    expect(again.name).toBe('InvalidInputException');
    expect(again.message).toContain(`Service role name ${RoleName} has been taken in this account`);
    expect((await iam.send(new GetRoleCommand({ RoleName }))).Role?.RoleName).toBe(RoleName);
  });
});
