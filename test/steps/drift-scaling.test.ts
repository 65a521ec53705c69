import {
  type ApplicationAutoScalingClient,
  DeleteScalingPolicyCommand,
  DescribeScalableTargetsCommand,
  DescribeScalingPoliciesCommand,
  PutScalingPolicyCommand,
  RegisterScalableTargetCommand,
  type StepScalingPolicyConfiguration,
} from '@aws-sdk/client-application-auto-scaling';
import {
  DescribeAlarmsCommand,
  type MetricAlarm,
  PutMetricAlarmCommand,
  type PutMetricAlarmCommandInput,
} from '@aws-sdk/client-cloudwatch';
import { describe } from 'vitest';
import { type Drift, itPutsBack, only, useSteps } from './stage.ts';

const stage = useSteps();
const autoscaling = (): ApplicationAutoScalingClient => stage.emulator.clients.autoscaling;
const ResourceId = 'service/temporal-fargate-dev/worker';
const TARGET = { ServiceNamespace: 'ecs', ScalableDimension: 'ecs:service:DesiredCount', ResourceId } as const;
const ALARM = (kind: string) => `temporal-fargate-dev_worker-cpu-${kind}`;

async function policy(PolicyName: string) {
  const answer = await autoscaling().send(new DescribeScalingPoliciesCommand({ ...TARGET, PolicyNames: [PolicyName] }));
  return answer.ScalingPolicies?.[0];
}

async function alarm(kind: string): Promise<MetricAlarm> {
  const answer = await stage.emulator.clients.cloudwatch.send(new DescribeAlarmsCommand({ AlarmNames: [ALARM(kind)] }));
  return only(answer.MetricAlarms);
}

/** What makes an alarm go off, and what it does then. */
async function alarmFacts(kind: string) {
  const { AlarmArn: _arn, AlarmConfigurationUpdatedTimestamp: _at, ...rest } = await alarm(kind);
  const { StateUpdatedTimestamp: _changed, StateTransitionedTimestamp: _moved, ...facts } = rest;
  const { StateReason: _reason, StateReasonData: _data, StateValue: _state, ...settings } = facts;
  return settings;
}

describe('a scalable target and its policies changed by hand', () => {
  itPutsBack(stage, () => {
    const bounds = async () => {
      const answer = await autoscaling().send(
        new DescribeScalableTargetsCommand({ ServiceNamespace: 'ecs', ResourceIds: [ResourceId] }),
      );
      const { MinCapacity, MaxCapacity, SuspendedState } = only(answer.ScalableTargets);
      return [MinCapacity, MaxCapacity, SuspendedState];
    };
    const bound = (field: string, change: string, values: object): Drift => ({
      field,
      plan: { 'scaling/target/worker': ['update', change] },
      read: bounds,
      spoil: () => autoscaling().send(new RegisterScalableTargetCommand({ ...TARGET, ...values })),
    });
    const ofPolicy = (PolicyName: string, change: string): Drift[] => {
      const plan = { 'scaling/target/worker': ['update', change] };
      const read = async () => (await policy(PolicyName))?.StepScalingPolicyConfiguration;
      const put = (field: string, changes: StepScalingPolicyConfiguration): Drift => ({
        field: `${field} of policy ${PolicyName}`,
        plan,
        read,
        spoil: async () =>
          autoscaling().send(
            new PutScalingPolicyCommand({
              ...TARGET,
              PolicyName,
              PolicyType: 'StepScaling',
              StepScalingPolicyConfiguration: { ...(await read()), ...changes },
            }),
          ),
      });
      return [
        put('steps', { StepAdjustments: [{ MetricIntervalLowerBound: 0, ScalingAdjustment: 5 }] }),
        put('cooldown', { Cooldown: 7 }),
        put('adjustment type', { AdjustmentType: 'ExactCapacity' }),
        put('aggregation', { MetricAggregationType: 'Maximum' }),
        {
          field: `policy ${PolicyName} deleted`,
          // A policy that is made again has another ARN, and the alarm names it.
          plan: {
            ...plan,
            [`scaling/alarm/worker-cpu-${change === 'scaleOut' ? 'high' : 'low'}`]: ['update', 'action'],
          },
          read: async () => {
            const found = await policy(PolicyName);
            const actions = (await alarm(change === 'scaleOut' ? 'high' : 'low')).AlarmActions;
            return [
              found?.StepScalingPolicyConfiguration,
              found !== undefined && actions?.includes(found.PolicyARN ?? ''),
            ];
          },
          spoil: () => autoscaling().send(new DeleteScalingPolicyCommand({ ...TARGET, PolicyName })),
        },
      ];
    };
    return [
      bound('smallest number of tasks', 'min', { MinCapacity: 2 }),
      bound('largest number of tasks', 'max', { MaxCapacity: 50 }),
      bound('scaling out suspended', 'suspended', { SuspendedState: { DynamicScalingOutSuspended: true } }),
      ...ofPolicy('cpu-scale-out', 'scaleOut'),
      ...ofPolicy('cpu-scale-in', 'scaleIn'),
    ];
  });
});

describe('alarms changed by hand', () => {
  itPutsBack(stage, () =>
    ['high', 'low'].flatMap((kind): Drift[] => {
      const put = (field: string, change: string, changes: Partial<PutMetricAlarmCommandInput>): Drift => ({
        field: `${field} of the ${kind} alarm`,
        plan: { [`scaling/alarm/worker-cpu-${kind}`]: ['update', change] },
        read: () => alarmFacts(kind),
        spoil: async () => {
          const right = (await alarmFacts(kind)) as PutMetricAlarmCommandInput;
          await stage.emulator.clients.cloudwatch.send(new PutMetricAlarmCommand({ ...right, ...changes }));
        },
      });
      return [
        put('threshold', 'threshold', { Threshold: 77 }),
        put('evaluation periods', 'minutes', { EvaluationPeriods: 15 }),
        put('datapoints', 'datapoints', { DatapointsToAlarm: 1 }),
        put('period', 'period', { Period: 300 }),
        put('comparison', 'comparison', { ComparisonOperator: 'GreaterThanThreshold' }),
        put('action', 'action', { AlarmActions: ['arn:aws:sns:us-east-1:123456789012:page-me'] }),
        put('lost action', 'action', { AlarmActions: [] }),
        put('dimensions', 'dimensions', { Dimensions: [{ Name: 'ClusterName', Value: 'another' }] }),
        put('metric', 'metric', { MetricName: 'MemoryUtilization' }),
        put('statistic', 'metric', { Statistic: 'Maximum' }),
        put('missing data', 'missingData', { TreatMissingData: 'breaching' }),
      ];
    }),
  );
});
