import {
  DeleteAlarmsCommand,
  DescribeAlarmsCommand,
  ListTagsForResourceCommand as ListAlarmTagsCommand,
  PutMetricAlarmCommand,
} from '@aws-sdk/client-cloudwatch';
import {
  CreateLogGroupCommand,
  CreateLogStreamCommand,
  DeleteLogGroupCommand,
  DescribeLogGroupsCommand,
  FilterLogEventsCommand,
  type FilterLogEventsCommandInput,
  ListTagsForResourceCommand,
  PutLogEventsCommand,
  PutRetentionPolicyCommand,
} from '@aws-sdk/client-cloudwatch-logs';
import { beforeEach, describe, expect, it } from 'vitest';
import { refusal, useEmulator } from '../helpers/emulator.ts';
import { given } from './network.ts';

const emulator = useEmulator({ strict: ['off'] });
beforeEach(() => emulator.reset());

describe('log groups', () => {
  const logGroupName = '/temporal-fargate/dev';
  const create = () =>
    emulator.clients.logs.send(new CreateLogGroupCommand({ logGroupName, tags: { 'temporal-fargate:stack': 'dev' } }));

  it('refuse an existing name with ResourceAlreadyExistsException', async () => {
    await create();
    expect((await refusal(create())).name).toBe('ResourceAlreadyExistsException');
  });

  it('take the retention periods of AWS and no others (InvalidParameterException)', async () => {
    const { logs } = emulator.clients;
    await create();
    await logs.send(new PutRetentionPolicyCommand({ logGroupName, retentionInDays: 7 }));
    const odd = new PutRetentionPolicyCommand({ logGroupName, retentionInDays: 8 });
    expect((await refusal(logs.send(odd))).name).toBe('InvalidParameterException');
    const found = await logs.send(new DescribeLogGroupsCommand({ logGroupNamePrefix: logGroupName }));
    expect(found.logGroups?.[0]?.retentionInDays).toBe(7);
  });

  it('list their tags by the ARN without the star at its end', async () => {
    const { logs } = emulator.clients;
    await create();
    const found = await logs.send(new DescribeLogGroupsCommand({ logGroupNamePrefix: logGroupName }));
    const resourceArn = given(found.logGroups?.[0]?.logGroupArn);
    expect(found.logGroups?.[0]?.arn).toBe(`${resourceArn}:*`);
    const { tags } = await logs.send(new ListTagsForResourceCommand({ resourceArn }));
    expect(tags).toEqual({ 'temporal-fargate:stack': 'dev' });
    const unknown = new ListTagsForResourceCommand({ resourceArn: `${resourceArn}-other` });
    expect((await refusal(logs.send(unknown))).name).toBe('ResourceNotFoundException');
  });

  it('start without tags when they come back under an old name', async () => {
    const { logs } = emulator.clients;
    await create();
    await logs.send(new DeleteLogGroupCommand({ logGroupName }));
    await logs.send(new CreateLogGroupCommand({ logGroupName }));
    const found = await logs.send(new DescribeLogGroupsCommand({ logGroupNamePrefix: logGroupName }));
    const resourceArn = given(found.logGroups?.[0]?.logGroupArn);
    expect((await logs.send(new ListTagsForResourceCommand({ resourceArn }))).tags).toEqual({});
  });
});

describe('events of a log group', () => {
  const logGroupName = 'events';
  const lines = [
    'ERROR disk full',
    'WARN disk slow',
    'ERROR net down',
    '{"level":"error","code":503,"user":{"name":"ann"},"tags":["x"],"ok":false}',
    '{"level":"info","code":200,"user":null,"ok":true}',
  ];
  const stream = (logStreamName: string, messages: readonly string[]) =>
    emulator.clients.logs.send(new CreateLogStreamCommand({ logGroupName, logStreamName })).then(() =>
      emulator.clients.logs.send(
        new PutLogEventsCommand({
          logGroupName,
          logStreamName,
          logEvents: messages.map((message) => ({ message, timestamp: Date.now() })),
        }),
      ),
    );
  const filter = (more: Partial<FilterLogEventsCommandInput>) =>
    emulator.clients.logs.send(new FilterLogEventsCommand({ logGroupName, ...more }));
  beforeEach(async () => {
    await emulator.clients.logs.send(new CreateLogGroupCommand({ logGroupName }));
    await stream('worker/a', lines);
  });

  it('are filtered by terms, phrases and conditions on JSON', async () => {
    const table: readonly (readonly [string, readonly number[]])[] = [
      ['', [0, 1, 2, 3, 4]],
      ['ERROR', [0, 2]],
      ['ERROR disk', [0]],
      ['?slow ?down', [1, 2]],
      ['disk -ERROR', [1]],
      ['"disk full"', [0]],
      ['{ $.level = "error" }', [3]],
      ['{ $.level = e* }', [3]],
      ['{ $.level != "error" }', [4]],
      ['{ $.code >= 500 || $.code = 200 }', [3, 4]],
      ['{ ($.code > 100) && ($.ok IS TRUE) }', [4]],
      ['{ $.user.name = "ann" }', [3]],
      ['{ $.tags[0] = "x" }', [3]],
      ['{ $.user IS NULL }', [4]],
      ['{ $.tags NOT EXISTS }', [4]],
    ];
    for (const [filterPattern, expected] of table) {
      const { events } = await filter({ filterPattern });
      expect([filterPattern, events?.map(({ message }) => message)]).toEqual([
        filterPattern,
        expected.map((index) => lines[index]),
      ]);
    }
  });

  it('refuse a pattern that is none (InvalidParameterException)', async () => {
    for (const filterPattern of [
      'a-b',
      '"open',
      '{ $.level = ',
      '{ level = "x" }',
      '{ $.code > many }',
      '{ $.a = 1 &&}',
    ]) {
      const { name } = await refusal(filter({ filterPattern }));
      expect([filterPattern, name]).toEqual([filterPattern, 'InvalidParameterException']);
    }
  });

  it('are those of one stream, or of all streams whose names begin alike', async () => {
    await stream('worker/ab', ['other']);
    const messages = async (more: Partial<FilterLogEventsCommandInput>) =>
      (await filter(more)).events?.map(({ message }) => message);
    expect(await messages({ logStreamNamePrefix: 'worker/ab' })).toEqual(['other']);
    expect(await messages({ logStreamNames: ['worker/ab'] })).toEqual(['other']);
    expect(await messages({ logStreamNamePrefix: 'worker/' })).toHaveLength(lines.length + 1);
    expect(await messages({ logStreamNamePrefix: 'nobody' })).toEqual([]);
    expect((await refusal(filter({ logStreamNames: ['nobody'] }))).name).toBe('ResourceNotFoundException');
  });
});

describe('alarms', () => {
  const AlarmName = 'dev-worker-cpu-high';
  const put = (Threshold: number, Tags?: { Key: string; Value: string }[]) =>
    emulator.clients.cloudwatch.send(
      new PutMetricAlarmCommand({
        AlarmName,
        Namespace: 'AWS/ECS',
        MetricName: 'CPUUtilization',
        Statistic: 'Average',
        Period: 60,
        EvaluationPeriods: 2,
        Threshold,
        ComparisonOperator: 'GreaterThanOrEqualToThreshold',
        ...(Tags === undefined ? {} : { Tags }),
      }),
    );
  const read = async () =>
    (await emulator.clients.cloudwatch.send(new DescribeAlarmsCommand({ AlarmNames: [AlarmName] }))).MetricAlarms ?? [];
  const tags = async () => {
    const ResourceARN = given((await read())[0]?.AlarmArn);
    return (await emulator.clients.cloudwatch.send(new ListAlarmTagsCommand({ ResourceARN }))).Tags;
  };

  it('start with INSUFFICIENT_DATA', async () => {
    await put(30);
    expect((await read()).map((alarm) => alarm.StateValue)).toEqual(['INSUFFICIENT_DATA']);
  });

  it('are described only where alarms of their kind are asked for', async () => {
    const { cloudwatch } = emulator.clients;
    await put(30);
    const kinds = async (...AlarmTypes: ('MetricAlarm' | 'CompositeAlarm')[]) => {
      return (await cloudwatch.send(new DescribeAlarmsCommand({ AlarmTypes }))).MetricAlarms?.length;
    };
    expect(await kinds()).toBe(1);
    expect(await kinds('MetricAlarm')).toBe(1);
    expect(await kinds('CompositeAlarm')).toBe(0);
  });

  it('keep their tags when they are put again, and take tags only then', async () => {
    const Tags = [{ Key: 'temporal-fargate:stack', Value: 'dev' }];
    await put(30, Tags);
    await put(40, [{ Key: 'other', Value: 'x' }]);
    await put(50);
    expect(await tags()).toEqual(Tags);
    expect((await read()).map((alarm) => alarm.Threshold)).toEqual([50]);
  });

  it('ignore unknown names when they are deleted, and start without tags when they come back', async () => {
    await put(30, [{ Key: 'temporal-fargate:stack', Value: 'dev' }]);
    await emulator.clients.cloudwatch.send(new DeleteAlarmsCommand({ AlarmNames: ['unknown', AlarmName] }));
    expect(await read()).toEqual([]);
    await put(30);
    expect((await tags()) ?? []).toEqual([]);
  });
});
