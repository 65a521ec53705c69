import {
  CreateRoleCommand,
  CreateServiceLinkedRoleCommand,
  DeleteRoleCommand,
  DeleteRolePolicyCommand,
  GetRoleCommand,
  GetRolePolicyCommand,
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
