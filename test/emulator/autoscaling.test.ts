import {
  DeleteScalingPolicyCommand,
  DeregisterScalableTargetCommand,
  DescribeScalableTargetsCommand,
  DescribeScalingPoliciesCommand,
  ListTagsForResourceCommand,
  PutScalingPolicyCommand,
  RegisterScalableTargetCommand,
  type StepAdjustment,
  TagResourceCommand,
} from '@aws-sdk/client-application-auto-scaling';
import { DescribeAlarmsCommand, PutMetricAlarmCommand } from '@aws-sdk/client-cloudwatch';
import {
  CreateClusterCommand,
  CreateServiceCommand,
  DescribeServicesCommand,
  RegisterTaskDefinitionCommand,
} from '@aws-sdk/client-ecs';
import { CreateRoleCommand } from '@aws-sdk/client-iam';
import { beforeEach, describe, expect, it } from 'vitest';
import { refusal, useEmulator } from '../helpers/emulator.ts';
import { createSubnet, createVpc, given } from './network.ts';

const emulator = useEmulator({ strict: ['off'] });
beforeEach(() => emulator.reset());

const target = {
  ServiceNamespace: 'ecs',
  ResourceId: 'service/dev/worker',
  ScalableDimension: 'ecs:service:DesiredCount',
} as const;
const Tags = { 'temporal-fargate:stack': 'dev' };

describe('scalable targets', () => {
  it('need an ECS service (ValidationException)', async () => {
    const refused = await refusal(register());
    expect(refused.name).toBe('ValidationException');
    expect(refused.message).toContain("ECS service doesn't exist");
  });

  it("move the service's desired count into their bounds", async () => {
    await createService(1);
    await register({ MinCapacity: 2, MaxCapacity: 5 });
    expect(await desiredCount()).toBe(2);
    await register({ MinCapacity: 0, MaxCapacity: 1 });
    expect(await desiredCount()).toBe(1);
  });

  it('take tags only when they are new, and keep them', async () => {
    const { autoscaling } = emulator.clients;
    await createService();
    const ResourceARN = given((await register({ Tags })).ScalableTargetARN);
    const again = await refusal(register({ Tags }));
    expect(again.name).toBe('ValidationException');
    expect(again.message).toContain('already exists');
    expect((await register({ MaxCapacity: 7 })).ScalableTargetARN).toBe(ResourceARN);
    await autoscaling.send(new TagResourceCommand({ ResourceARN, Tags: { other: 'x' } }));
    const found = await autoscaling.send(new ListTagsForResourceCommand({ ResourceARN }));
    expect(found.Tags).toEqual({ ...Tags, other: 'x' });
  });

  it('refuse an empty tag value', async () => {
    await createService();
    expect((await refusal(register({ Tags: { empty: '' } }))).name).toBe('ValidationException');
  });

  it('take their policies with them', async () => {
    const { autoscaling } = emulator.clients;
    await createService();
    await register();
    await putPolicy([{ MetricIntervalLowerBound: 0, ScalingAdjustment: 1 }]);
    await autoscaling.send(new DeregisterScalableTargetCommand(target));
    const policies = await autoscaling.send(new DescribeScalingPoliciesCommand({ ServiceNamespace: 'ecs' }));
    const targets = await autoscaling.send(new DescribeScalableTargetsCommand({ ServiceNamespace: 'ecs' }));
    expect([policies.ScalingPolicies, targets.ScalableTargets]).toEqual([[], []]);
  });

  it('that do not exist are ObjectNotFoundException', async () => {
    const { autoscaling } = emulator.clients;
    const attempts = [
      autoscaling.send(new DeregisterScalableTargetCommand(target)),
      autoscaling.send(new DeleteScalingPolicyCommand({ ...target, PolicyName: 'cpu-out' })),
      putPolicy([{ MetricIntervalLowerBound: 0, ScalingAdjustment: 1 }]),
    ];
    const names = (await Promise.all(attempts.map(refusal))).map(({ name }) => name);
    expect(new Set(names)).toEqual(new Set(['ObjectNotFoundException']));
  });
});

describe('step policies', () => {
  beforeEach(async () => {
    await createService();
    await register();
  });

  it.each<[string, StepAdjustment[]]>([
    [
      'overlap',
      [
        { MetricIntervalLowerBound: 0, MetricIntervalUpperBound: 20, ScalingAdjustment: 1 },
        { MetricIntervalLowerBound: 10, ScalingAdjustment: 2 },
      ],
    ],
    [
      'leave a gap',
      [
        { MetricIntervalLowerBound: 0, MetricIntervalUpperBound: 5, ScalingAdjustment: 1 },
        { MetricIntervalLowerBound: 10, ScalingAdjustment: 2 },
      ],
    ],
    ['are empty', [{ MetricIntervalLowerBound: 10, MetricIntervalUpperBound: 10, ScalingAdjustment: 1 }]],
  ])('refuse steps that %s (ValidationException)', async (_what, steps) => {
    expect((await refusal(putPolicy(steps))).name).toBe('ValidationException');
  });

  it('keep their ARN when they are put again', async () => {
    const first = await putPolicy([{ MetricIntervalLowerBound: 0, ScalingAdjustment: 1 }]);
    const second = await putPolicy([{ MetricIntervalLowerBound: 0, ScalingAdjustment: 2 }]);
    expect(second.PolicyARN).toBe(first.PolicyARN);
    expect((await policies())[0]?.StepScalingPolicyConfiguration?.StepAdjustments?.[0]?.ScalingAdjustment).toBe(2);
  });

  it('show the alarms whose action they are, which lose it with them', async () => {
    const { PolicyARN } = await putPolicy([{ MetricIntervalLowerBound: 0, ScalingAdjustment: 1 }]);
    expect((await policies())[0]?.Alarms).toEqual([]);
    await emulator.clients.cloudwatch.send(
      new PutMetricAlarmCommand({
        AlarmName: 'cpu-high',
        Namespace: 'AWS/ECS',
        MetricName: 'CPUUtilization',
        Statistic: 'Average',
        Period: 60,
        EvaluationPeriods: 2,
        Threshold: 30,
        ComparisonOperator: 'GreaterThanOrEqualToThreshold',
        AlarmActions: [given(PolicyARN)],
      }),
    );
    expect((await policies())[0]?.Alarms).toMatchObject([{ AlarmName: 'cpu-high' }]);
    await emulator.clients.autoscaling.send(new DeleteScalingPolicyCommand({ ...target, PolicyName: 'cpu-out' }));
    const { MetricAlarms } = await emulator.clients.cloudwatch.send(new DescribeAlarmsCommand({}));
    expect(MetricAlarms).toMatchObject([{ AlarmName: 'cpu-high', AlarmActions: [] }]);
  });
});

function register(more: { MinCapacity?: number; MaxCapacity?: number; Tags?: Record<string, string> } = {}) {
  const input = { ...target, MinCapacity: 1, MaxCapacity: 5, ...more };
  return emulator.clients.autoscaling.send(new RegisterScalableTargetCommand(input));
}

function putPolicy(StepAdjustments: StepAdjustment[]) {
  const StepScalingPolicyConfiguration = { AdjustmentType: 'ChangeInCapacity', Cooldown: 60, StepAdjustments } as const;
  return emulator.clients.autoscaling.send(
    new PutScalingPolicyCommand({
      ...target,
      PolicyName: 'cpu-out',
      PolicyType: 'StepScaling',
      StepScalingPolicyConfiguration,
    }),
  );
}

async function policies() {
  const { autoscaling } = emulator.clients;
  return (
    (await autoscaling.send(new DescribeScalingPoliciesCommand({ ServiceNamespace: 'ecs' }))).ScalingPolicies ?? []
  );
}

async function createService(desiredCount = 0): Promise<void> {
  const { ec2, ecs, iam } = emulator.clients;
  await ecs.send(new CreateClusterCommand({ clusterName: 'dev', capacityProviders: ['FARGATE'] }));
  const AssumeRolePolicyDocument = JSON.stringify({
    Version: '2012-10-17',
    Statement: [{ Effect: 'Allow', Principal: { Service: 'ecs-tasks.amazonaws.com' }, Action: 'sts:AssumeRole' }],
  });
  const { Role } = await iam.send(new CreateRoleCommand({ RoleName: 'dev-exec', AssumeRolePolicyDocument }));
  const { taskDefinition } = await ecs.send(
    new RegisterTaskDefinitionCommand({
      family: 'dev-worker',
      requiresCompatibilities: ['FARGATE'],
      networkMode: 'awsvpc',
      cpu: '256',
      memory: '512',
      executionRoleArn: Role?.Arn,
      containerDefinitions: [{ name: 'worker', image: 'public.ecr.aws/docker/library/node:24', essential: true }],
    }),
  );
  const subnets = [await createSubnet(ec2, await createVpc(ec2))];
  await ecs.send(
    new CreateServiceCommand({
      cluster: 'dev',
      serviceName: 'worker',
      taskDefinition: taskDefinition?.taskDefinitionArn,
      desiredCount,
      launchType: 'FARGATE',
      networkConfiguration: { awsvpcConfiguration: { subnets } },
    }),
  );
}

async function desiredCount(): Promise<number | undefined> {
  const found = await emulator.clients.ecs.send(new DescribeServicesCommand({ cluster: 'dev', services: ['worker'] }));
  return found.services?.[0]?.desiredCount;
}
