import {
  DescribeScalingActivitiesCommand,
  PutScalingPolicyCommand,
  RegisterScalableTargetCommand,
  type StepScalingPolicyConfiguration,
} from '@aws-sdk/client-application-auto-scaling';
import { DescribeAlarmHistoryCommand, PutMetricAlarmCommand } from '@aws-sdk/client-cloudwatch';
import { DescribeServicesCommand } from '@aws-sdk/client-ecs';
import { beforeEach, describe, expect, it } from 'vitest';
import { eventually, useEmulator } from '../helpers/emulator.ts';
import { cluster, createService, register, type Stage, setStage } from './ecs-stage.ts';

const emulator = useEmulator({ delaySeconds: 0.1, strict: ['off'] });
let stage: Stage;

const target = {
  ServiceNamespace: 'ecs',
  ResourceId: `service/${cluster}/worker`,
  ScalableDimension: 'ecs:service:DesiredCount',
} as const;

beforeEach(async () => {
  await emulator.reset();
  stage = await setStage(emulator);
  await emulator.ask('POST', 'minutes', { pass: 0 });
  await emulator.ask('POST', 'alarm-actions', { on: true });
});

/** A service of so many simulated tasks, at least one of which runs, with bounds. */
async function service(desiredCount: number, MinCapacity: number, MaxCapacity: number): Promise<void> {
  await createService(emulator, stage, 'worker', await register(emulator, stage), { desiredCount });
  await bounds(MinCapacity, MaxCapacity);
  await eventually('a task runs', async () => ((await look()).runningCount ?? 0) > 0);
}

const bounds = (MinCapacity: number, MaxCapacity: number, more: object = {}) =>
  emulator.clients.autoscaling.send(
    new RegisterScalableTargetCommand({ ...target, MinCapacity, MaxCapacity, ...more }),
  );

const look = async () => {
  const { services } = await emulator.clients.ecs.send(new DescribeServicesCommand({ cluster, services: ['worker'] }));
  return services?.[0] ?? {};
};

/** A policy, and the alarm of one period that carries it out: over 50 % CPU, or under. */
async function policy(PolicyName: string, over: boolean, more: StepScalingPolicyConfiguration): Promise<string> {
  const { PolicyARN = '' } = await emulator.clients.autoscaling.send(
    new PutScalingPolicyCommand({
      ...target,
      PolicyName,
      PolicyType: 'StepScaling',
      StepScalingPolicyConfiguration: { AdjustmentType: 'ChangeInCapacity', Cooldown: 0, ...more },
    }),
  );
  await emulator.clients.cloudwatch.send(
    new PutMetricAlarmCommand({
      AlarmName: PolicyName,
      Namespace: 'AWS/ECS',
      MetricName: 'CPUUtilization',
      Dimensions: [
        { Name: 'ClusterName', Value: cluster },
        { Name: 'ServiceName', Value: 'worker' },
      ],
      Statistic: 'Average',
      Period: 60,
      EvaluationPeriods: 1,
      Threshold: 50,
      ComparisonOperator: over ? 'GreaterThanThreshold' : 'LessThanThreshold',
      AlarmActions: [PolicyARN],
    }),
  );
  return PolicyARN;
}

/** The desired count after each of these minutes, in which every task uses so much CPU. */
async function counts(...cpu: readonly (number | null)[]): Promise<(number | undefined)[]> {
  await emulator.ask('POST', 'usage', { service: 'worker', cpu });
  const seen: (number | undefined)[] = [];
  for (const _minute of cpu) {
    await emulator.ask('POST', 'minutes', { pass: 1 });
    seen.push((await look()).desiredCount);
  }
  return seen;
}

const OUT = [{ MetricIntervalLowerBound: 0, ScalingAdjustment: 1 }];
const IN = [{ MetricIntervalUpperBound: 0, ScalingAdjustment: -1 }];

describe('a step', () => {
  it('begins with its lower bound above the threshold, and ends with its upper one below it', async () => {
    await service(5, 1, 100);
    await policy('out', true, {
      StepAdjustments: [
        { MetricIntervalLowerBound: 0, MetricIntervalUpperBound: 10, ScalingAdjustment: 1 },
        { MetricIntervalLowerBound: 10, ScalingAdjustment: 20 },
      ],
    });
    await policy('in', false, {
      StepAdjustments: [
        { MetricIntervalUpperBound: -10, ScalingAdjustment: -20 },
        { MetricIntervalLowerBound: -10, MetricIntervalUpperBound: 0, ScalingAdjustment: -1 },
      ],
    });
    expect(await counts(50, 51, 59.9, 60, 40.1, 40, 50)).toEqual([5, 6, 7, 27, 26, 6, 6]);
  });

  it.each<[string, StepScalingPolicyConfiguration, number]>([
    ['a quarter of ten', { AdjustmentType: 'PercentChangeInCapacity' }, 12],
    ['of which at least four', { AdjustmentType: 'PercentChangeInCapacity', MinAdjustmentMagnitude: 4 }, 14],
    ['exactly so many', { AdjustmentType: 'ExactCapacity' }, 25],
  ])('can add %s', async (_what, more, wanted) => {
    await service(10, 1, 100);
    await policy('out', true, { ...more, StepAdjustments: [{ MetricIntervalLowerBound: 0, ScalingAdjustment: 25 }] });
    expect(await counts(90)).toEqual([wanted]);
  });

  it('changes nothing that is suspended, and nothing beyond the bounds, and says why not when asked', async () => {
    await service(2, 1, 3);
    await policy('out', true, { StepAdjustments: OUT });
    await policy('in', false, { StepAdjustments: IN });
    await bounds(1, 3, { SuspendedState: { DynamicScalingOutSuspended: true } });
    expect(await counts(90, 10)).toEqual([2, 1]);
    await bounds(1, 3, { SuspendedState: { DynamicScalingOutSuspended: false } });
    expect(await counts(10, 90, 90, 90)).toEqual([1, 2, 3, 3]);
    const { autoscaling } = emulator.clients;
    const done = await autoscaling.send(new DescribeScalingActivitiesCommand(target));
    const all = await autoscaling.send(
      new DescribeScalingActivitiesCommand({ ...target, IncludeNotScaledActivities: true }),
    );
    expect(done.ScalingActivities?.map(({ Description }) => Description)).toEqual([
      'Setting desired count to 3.',
      'Setting desired count to 2.',
      'Setting desired count to 1.',
    ]);
    expect(all.ScalingActivities?.flatMap(({ NotScaledReasons = [] }) => NotScaledReasons)).toEqual([
      { Code: 'AlreadyAtMaxCapacity', MaxCapacity: 3 },
      { Code: 'AlreadyAtMinCapacity', MinCapacity: 1 },
    ]);
  });
});

describe('a cooldown', () => {
  it('lets a larger scale-out add the difference, and nothing else until it is over', async () => {
    await service(1, 1, 100);
    await policy('out', true, {
      Cooldown: 180,
      StepAdjustments: [
        { MetricIntervalLowerBound: 0, MetricIntervalUpperBound: 20, ScalingAdjustment: 2 },
        { MetricIntervalLowerBound: 20, ScalingAdjustment: 3 },
      ],
    });
    expect(await counts(60, 60, 80, 60, 60, 60)).toEqual([3, 3, 4, 4, 4, 6]);
  });

  it('of a scale-in holds up the next one, but no scale-out, which ends it', async () => {
    await service(5, 1, 100);
    await policy('out', true, { StepAdjustments: OUT });
    await policy('in', false, { Cooldown: 180, StepAdjustments: IN });
    expect(await counts(10, 10, 10, 10)).toEqual([4, 4, 4, 3]);
    expect(await counts(90, 10, 10)).toEqual([4, 3, 3]);
  });
});

it('Auto scaling is told again in every minute of an alarm, and nothing is done in one without data', async () => {
  await service(1, 1, 100);
  const arn = await policy('out', true, { StepAdjustments: OUT });
  expect(await counts(90, 90, 10, null, 90)).toEqual([2, 3, 3, 3, 4]);
  const { AlarmHistoryItems = [] } = await emulator.clients.cloudwatch.send(
    new DescribeAlarmHistoryCommand({ AlarmName: 'out', ScanBy: 'TimestampAscending' }),
  );
  const done = `Successfully executed action ${arn}`;
  expect(AlarmHistoryItems.map(({ HistorySummary }) => HistorySummary)).toEqual([
    'Alarm updated from INSUFFICIENT_DATA to ALARM',
    done,
    done,
    'Alarm updated from ALARM to OK',
    'Alarm updated from OK to ALARM',
    done,
  ]);
});

it('Injected load is shared by the tasks that run, and measured again after the end of its series', async () => {
  await service(3, 1, 100);
  await eventually('three tasks run', async () => (await look()).runningCount === 3);
  await emulator.ask('POST', 'usage', { cluster, service: 'worker', load: [150, 450, null] });
  // Of the same name, in a cluster of its own.
  await emulator.ask('POST', 'usage', { cluster: 'other', service: 'worker', load: [30, 30, 30, 30] });
  await emulator.ask('POST', 'minutes', { pass: 4 });
  const { minutes } = (await emulator.ask('GET', `usage-history?cluster=${cluster}&service=worker`)) as {
    minutes: readonly { cpu: number | null; running: number; desired: number }[];
  };
  // Simulated tasks have no processes: there is nothing to measure.
  expect(minutes.slice(-4).map(({ cpu, running, desired }) => [cpu, running, desired])).toEqual([
    [50, 3, 3],
    [100, 3, 3],
    [null, 3, 3],
    [null, 3, 3],
  ]);
});
