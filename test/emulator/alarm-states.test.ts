import {
  DeleteAlarmsCommand,
  DescribeAlarmsCommand,
  PutMetricAlarmCommand,
  type PutMetricAlarmCommandInput,
} from '@aws-sdk/client-cloudwatch';
import { UpdateServiceCommand } from '@aws-sdk/client-ecs';
import { beforeAll, describe, expect, it } from 'vitest';
import { eventually, useEmulator } from '../helpers/emulator.ts';
import { cluster, createService, register, setStage } from './ecs-stage.ts';

// A minute of CloudWatch takes 0.5 seconds.
const emulator = useEmulator({ delaySeconds: 0.25 });
const use = (cpu: number) => emulator.ask('POST', 'usage', { service: 'worker', cpu, memory: 10 });

beforeAll(async () => {
  const stage = await setStage(emulator);
  await use(20);
  // The role of the stage is a fresh one, and late roles are no matter of this file.
  await emulator.settle();
  await createService(emulator, stage, 'worker', await register(emulator, stage));
});

const put = (more: Partial<PutMetricAlarmCommandInput> = {}) =>
  emulator.clients.cloudwatch.send(
    new PutMetricAlarmCommand({
      AlarmName: 'high',
      Namespace: 'AWS/ECS',
      MetricName: 'CPUUtilization',
      Dimensions: [
        { Name: 'ClusterName', Value: cluster },
        { Name: 'ServiceName', Value: 'worker' },
      ],
      Statistic: 'Average',
      Period: 60,
      EvaluationPeriods: 2,
      Threshold: 30,
      ComparisonOperator: 'GreaterThanOrEqualToThreshold',
      ...more,
    }),
  );
const alarmIs = (AlarmName: string, state: string) =>
  eventually(`${AlarmName} ${state}`, async () => {
    const { MetricAlarms } = await emulator.clients.cloudwatch.send(
      new DescribeAlarmsCommand({ AlarmNames: [AlarmName] }),
    );
    return MetricAlarms?.[0]?.StateValue === state && MetricAlarms[0];
  });

describe('an alarm on the CPU of a service', () => {
  it('follows the data: nothing known, fine, crossed, and fine again', async () => {
    await put();
    await alarmIs('high', 'OK');
    await use(80);
    expect((await alarmIs('high', 'ALARM')).StateReason).toContain('Threshold Crossed: 2 out of the last 2 datapoints');
    await use(20);
    await alarmIs('high', 'OK');
  });

  it('needs as many data points as it asks for', async () => {
    await use(80);
    await put({ AlarmName: 'long', EvaluationPeriods: 100 });
    await put();
    await alarmIs('high', 'ALARM');
    const { MetricAlarms } = await emulator.clients.cloudwatch.send(
      new DescribeAlarmsCommand({ AlarmNames: ['long'] }),
    );
    expect(MetricAlarms?.[0]?.StateValue).not.toBe('ALARM');
  });

  it('of a service without tasks goes by how it treats missing data', async () => {
    await emulator.clients.ecs.send(new UpdateServiceCommand({ cluster, service: 'worker', desiredCount: 0 }));
    await emulator.clients.cloudwatch.send(new DeleteAlarmsCommand({ AlarmNames: ['high'] }));
    await put();
    await put({ AlarmName: 'strict', TreatMissingData: 'breaching' });
    await put({ AlarmName: 'lenient', TreatMissingData: 'notBreaching' });
    await alarmIs('strict', 'ALARM');
    await alarmIs('lenient', 'OK');
    expect((await alarmIs('high', 'INSUFFICIENT_DATA')).StateReason).toMatch(/^Insufficient Data/);
  });
});
