import { RegisterScalableTargetCommand } from '@aws-sdk/client-application-auto-scaling';
import { DescribeSubnetsCommand } from '@aws-sdk/client-ec2';
import {
  CreateClusterCommand,
  CreateServiceCommand,
  DescribeServicesCommand,
  RegisterTaskDefinitionCommand,
} from '@aws-sdk/client-ecs';
import { CreateRoleCommand, CreateServiceLinkedRoleCommand } from '@aws-sdk/client-iam';
import { beforeEach, describe, expect, it } from 'vitest';
import { eventually, refusal, useEmulator } from '../helpers/emulator.ts';

const emulator = useEmulator({ strict: ['off', 'role=2', 'role-at-start=3.5', 'service-linked-role=0.6'] });
beforeEach(() => emulator.reset());

const trust = JSON.stringify({
  Version: '2012-10-17',
  Statement: [{ Effect: 'Allow', Principal: { Service: 'ecs-tasks.amazonaws.com' }, Action: 'sts:AssumeRole' }],
});

/** Repeats a call until it succeeds; answers the different refusals on the way, in their order. */
async function refusalsUntilDone(call: () => Promise<unknown>): Promise<string[]> {
  const seen: string[] = [];
  await eventually('the call to be accepted', async () => {
    try {
      await call();
      return true;
    } catch (error) {
      const text = `${(error as Error).name}: ${(error as Error).message}`;
      if (!seen.includes(text)) seen.push(text);
      return false;
    }
  });
  return seen;
}

describe('A fresh role', () => {
  it('cannot be passed, is not valid, cannot be assumed for a service, nor for its tasks, one after the other', async () => {
    const { ec2, ecs, iam } = emulator.clients;
    await ecs.send(new CreateClusterCommand({ clusterName: 'c', capacityProviders: ['FARGATE', 'FARGATE_SPOT'] }));
    const { Subnets } = await ec2.send(new DescribeSubnetsCommand({}));
    const { Role } = await iam.send(new CreateRoleCommand({ RoleName: 'fresh', AssumeRolePolicyDocument: trust }));
    const executionRoleArn = Role?.Arn ?? '';
    const register = new RegisterTaskDefinitionCommand({
      family: 'f',
      requiresCompatibilities: ['FARGATE'],
      networkMode: 'awsvpc',
      cpu: '256',
      memory: '512',
      executionRoleArn,
      containerDefinitions: [{ name: 'main', image: 'public.ecr.aws/some/image:1' }],
    });
    const registering = await refusalsUntilDone(() => ecs.send(register));
    expect(registering).toHaveLength(2);
    expect(registering[0]).toMatch(/^AccessDeniedException: User: .* not authorized to perform: iam:PassRole on/);
    expect(registering[1]).toBe('ClientException: Role is not valid');

    const create = new CreateServiceCommand({
      cluster: 'c',
      serviceName: 's',
      taskDefinition: 'f',
      desiredCount: 1,
      launchType: 'FARGATE',
      networkConfiguration: { awsvpcConfiguration: { subnets: [Subnets?.[0]?.SubnetId ?? ''] } },
    });
    const creating = await refusalsUntilDone(() => ecs.send(create));
    expect(creating).toHaveLength(1);
    expect(creating[0]).toMatch(/^ClientException: ECS was unable to assume the role '.*role\/fresh'/);

    const messages = async (): Promise<string> => {
      const { services } = await ecs.send(new DescribeServicesCommand({ cluster: 'c', services: ['s'] }));
      return (services?.[0]?.events ?? []).map(({ message }) => message).join('\n');
    };
    expect(await eventually('a task', async () => /has started 1 tasks/.test(await messages()) && messages())).toMatch(
      /failed to launch a task with \(error ECS was unable to assume the role/,
    );
  });
});

describe('A fresh service-linked role', () => {
  it('is refused by CreateCluster and RegisterScalableTarget in the words of each', async () => {
    const { autoscaling, ecs, iam } = emulator.clients;
    await iam.send(new CreateServiceLinkedRoleCommand({ AWSServiceName: 'ecs.amazonaws.com' }));
    const create = () => ecs.send(new CreateClusterCommand({ clusterName: 'c' }));
    expect(await refusal(create())).toMatchObject({
      name: 'InvalidParameterException',
      message: expect.stringMatching(/^Unable to assume the service linked role/),
    });
    await refusalsUntilDone(create);
    const AWSServiceName = 'ecs.application-autoscaling.amazonaws.com';
    await iam.send(new CreateServiceLinkedRoleCommand({ AWSServiceName }));
    const target = new RegisterScalableTargetCommand({
      ServiceNamespace: 'ecs',
      ScalableDimension: 'ecs:service:DesiredCount',
      ResourceId: 'service/c/s',
      MinCapacity: 1,
      MaxCapacity: 2,
    });
    expect(await refusal(autoscaling.send(target))).toMatchObject({
      name: 'ValidationException',
      message: expect.stringMatching(/^Unable to assume IAM role: arn:aws:iam/),
    });
  });
});
