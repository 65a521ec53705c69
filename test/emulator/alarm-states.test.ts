import {
  DescribeAlarmHistoryCommand,
  DescribeAlarmsCommand,
  PutMetricAlarmCommand,
  type PutMetricAlarmCommandInput,
  PutMetricDataCommand,
} from '@aws-sdk/client-cloudwatch';
import { beforeAll, describe, expect, it } from 'vitest';
import { startTestEmulator, useEmulator } from '../helpers/emulator.ts';

const emulator = useEmulator();

interface Clock {
  /** Real seconds of a minute. */
  readonly minuteSeconds: number;
  /** Seconds since 1970, in the first half of a minute. */
  readonly now: number;
}

/** Lets minutes pass at once; the clock stands still between them. */
const pass = async (minutes: number) => (await emulator.ask('POST', 'minutes', { pass: minutes })) as Clock;

const Namespace = 'Test';
const put = (AlarmName: string, more: Partial<PutMetricAlarmCommandInput>) =>
  emulator.clients.cloudwatch.send(
    new PutMetricAlarmCommand({
      AlarmName,
      Namespace,
      Statistic: 'Average',
      Period: 60,
      EvaluationPeriods: 3,
      Threshold: 30,
      ComparisonOperator: 'GreaterThanOrEqualToThreshold',
      ...more,
    }),
  );

/** Values of consecutive minutes, the last one in the minute that is under way. */
function publish(MetricName: string, values: readonly (number | undefined)[], { now, minuteSeconds }: Clock) {
  const MetricData = values.flatMap((Value, at) => {
    const Timestamp = new Date(1000 * (now - (values.length - 1 - at) * minuteSeconds));
    return Value === undefined ? [] : [{ MetricName, Value, Timestamp }];
  });
  return MetricData.length === 0
    ? undefined
    : emulator.clients.cloudwatch.send(new PutMetricDataCommand({ Namespace, MetricData }));
}

const TREATMENTS = ['missing', 'ignore', 'breaching', 'notBreaching'] as const;
/** A new alarm has no data: that is the state which it keeps. */
const KEPT = 'INSUFFICIENT_DATA';

/**
 * Both tables of the CloudWatch user guide, "Configuring how CloudWatch alarms treat missing data", and the examples of
 * "Avoiding premature transitions to alarm state": X breaches the threshold, 0 does not, - is missing, the newest is last.
 */
const TABLE: readonly (readonly [needed: number, data: string, a: string, b: string, c: string, d: string])[] = [
  [3, '0 - X - X', 'OK', 'OK', 'OK', 'OK'],
  [3, '- - - - 0', 'OK', 'OK', 'OK', 'OK'],
  [3, '- - - - -', KEPT, KEPT, 'ALARM', 'OK'],
  [3, '0 X X - X', 'ALARM', 'ALARM', 'ALARM', 'ALARM'],
  [3, '- - X - -', 'ALARM', KEPT, 'ALARM', 'OK'],
  [2, '0 - X - X', 'ALARM', 'ALARM', 'ALARM', 'ALARM'],
  [2, '0 0 X 0 X', 'ALARM', 'ALARM', 'ALARM', 'ALARM'],
  [2, '0 - X - -', 'OK', 'OK', 'ALARM', 'OK'],
  [2, '- - - - 0', 'OK', 'OK', 'ALARM', 'OK'],
  [2, '- - - X -', 'ALARM', KEPT, 'ALARM', 'OK'],
  [3, '- - - - X', KEPT, KEPT, 'ALARM', 'OK'],
  [3, '- - - X -', KEPT, KEPT, 'ALARM', 'OK'],
];

describe('an alarm of three periods', () => {
  const states = new Map<string, string | undefined>();
  const nameOf = (needed: number, data: string, treatment: string): string => `${needed} ${data} ${treatment}`;

  beforeAll(async () => {
    const clock = await pass(0);
    for (const [needed, data] of TABLE) {
      const MetricName = `${needed} ${data}`;
      const values = data.split(' ').map((point) => (point === '-' ? undefined : point === 'X' ? 80 : 20));
      await publish(MetricName, values, clock);
      for (const TreatMissingData of TREATMENTS) {
        await put(nameOf(needed, data, TreatMissingData), { MetricName, TreatMissingData, DatapointsToAlarm: needed });
      }
    }
    // Evaluated once: what it was before does not matter but where it is kept.
    await pass(1);
    const { MetricAlarms = [] } = await emulator.clients.cloudwatch.send(new DescribeAlarmsCommand({}));
    for (const { AlarmName = '', StateValue } of MetricAlarms) states.set(AlarmName, StateValue);
  });

  it.each(TABLE)('of which %i must breach, with the data %s', (needed, data, ...wanted) => {
    expect(TREATMENTS.map((treatment) => states.get(nameOf(needed, data, treatment)))).toEqual(wanted);
  });
});

it('An alarm begins without data and follows them; what it tells others it tells when its state changes, and once', async () => {
  const topic = 'arn:aws:sns:us-east-1:123456789012:on-call';
  const MetricName = 'followed';
  await put(MetricName, { MetricName, EvaluationPeriods: 2, AlarmActions: [topic], OKActions: [topic] });
  for (const value of [10, 90, 90, 90, 10, 10]) {
    await publish(MetricName, [value], await pass(0));
    await pass(1);
  }
  const { AlarmHistoryItems = [] } = await emulator.clients.cloudwatch.send(
    new DescribeAlarmHistoryCommand({ AlarmName: MetricName, ScanBy: 'TimestampAscending' }),
  );
  const told = `Failed to execute action ${topic}: there is no such service in the sandbox`;
  expect(AlarmHistoryItems.map(({ HistorySummary }) => HistorySummary)).toEqual([
    'Alarm updated from INSUFFICIENT_DATA to OK',
    told,
    'Alarm updated from OK to ALARM',
    told,
    'Alarm updated from ALARM to OK',
    told,
  ]);
  const { MetricAlarms } = await emulator.clients.cloudwatch.send(
    new DescribeAlarmsCommand({ AlarmNames: [MetricName] }),
  );
  expect(MetricAlarms?.[0]?.StateReason).toBe(
    'Threshold Crossed: 1 out of the last 2 datapoints [10.0, 90.0] against 30.0.',
  );
});

it('A period counts when it is over, also one of five minutes', async () => {
  const MetricName = 'long';
  await put(MetricName, { MetricName, EvaluationPeriods: 1, Period: 300, TreatMissingData: 'notBreaching' });
  let clock = await pass(1);
  while (Math.floor(clock.now / clock.minuteSeconds) % 5 > 0) clock = await pass(1);
  await publish(MetricName, [90], clock);
  const seen: (string | undefined)[] = [];
  for (let minute = 1; minute <= 5; minute += 1) {
    await pass(1);
    const found = await emulator.clients.cloudwatch.send(new DescribeAlarmsCommand({ AlarmNames: [MetricName] }));
    seen.push(found.MetricAlarms?.[0]?.StateValue);
  }
  expect(seen).toEqual(['OK', 'OK', 'OK', 'OK', 'ALARM']);
});

it('A clock that is let run again goes on from where it stood', async () => {
  const stopped = await pass(7);
  await emulator.ask('DELETE', 'minutes');
  const running = (await emulator.ask('GET', 'minutes')) as Clock & { stopped: boolean };
  expect(running.stopped).toBe(false);
  expect(running.now - stopped.now).toBeGreaterThanOrEqual(0);
  expect(running.now - stopped.now).toBeLessThan(30);
});

it('Minutes pass also where nothing is to take any time', async () => {
  const { emulator: quick, stop } = await startTestEmulator({ delaySeconds: 0 });
  try {
    const before = (await quick.ask('GET', 'minutes')) as Clock;
    expect(before.minuteSeconds).toBeGreaterThan(0);
    const after = (await quick.ask('POST', 'minutes', { pass: 1 })) as Clock;
    expect(after.now - before.now).toBeGreaterThan(before.minuteSeconds / 2);
  } finally {
    await stop();
  }
});
