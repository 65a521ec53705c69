import {
  CreateLogGroupCommand,
  CreateLogStreamCommand,
  DeleteLogStreamCommand,
  PutLogEventsCommand,
} from '@aws-sdk/client-cloudwatch-logs';
import { beforeEach, describe, expect, it } from 'vitest';
import { LogReader, readLogs } from '../../src/aws/worker-logs.ts';
import { useAws } from './stage.ts';

const stage = useAws();
const { emulator } = stage;
const group = '/temporal-fargate/dev';
const now = Date.now();
const since = new Date(now - 60_000);

beforeEach(async () => {
  await emulator.clients.logs.send(new CreateLogGroupCommand({ logGroupName: group }));
  for (const task of ['a', 'b']) await create(task);
});

const streamOf = (task: string): string => `worker/worker/${task}`;
const create = (task: string) =>
  emulator.clients.logs.send(new CreateLogStreamCommand({ logGroupName: group, logStreamName: streamOf(task) }));

/** Lines of a task, each with the seconds before now at which it was written. */
const write = (task: string, ...lines: readonly (readonly [number, string])[]) =>
  emulator.clients.logs.send(
    new PutLogEventsCommand({
      logGroupName: group,
      logStreamName: streamOf(task),
      logEvents: lines.map(([secondsAgo, message]) => ({ timestamp: now - secondsAgo * 1000, message })),
    }),
  );

const textsOf = (lines: readonly { task: string; text: string }[]): string[] =>
  lines.map(({ task, text }) => `${task} ${text}`);

describe('following a log', () => {
  it('reads each line once, those of several tasks in the order of time, and one that comes late', async () => {
    const reader = new LogReader(stage.aws, group, { since });
    await write('a', [30, 'one'], [20, 'three']);
    await write('b', [25, 'two']);
    expect(textsOf(await reader.next())).toEqual(['a one', 'b two', 'a three']);
    expect(await reader.next()).toEqual([]);
    await write('b', [22, 'late'], [10, 'four']);
    expect(textsOf(await reader.next())).toEqual(['b late', 'b four']);
    // Of the same moment as the newest one.
    await write('a', [10, 'also four']);
    expect(textsOf(await reader.next())).toEqual(['a also four']);
    expect(await reader.next()).toEqual([]);
  });

  it('gets over streams that come and go, and a group that is not there yet', async () => {
    const reader = new LogReader(stage.aws, group, { since });
    await write('a', [30, 'one']);
    expect(textsOf(await reader.next())).toEqual(['a one']);
    await emulator.clients.logs.send(new DeleteLogStreamCommand({ logGroupName: group, logStreamName: streamOf('a') }));
    await create('c');
    await write('c', [20, 'two']);
    expect(textsOf(await reader.next())).toEqual(['c two']);
    expect(await new LogReader(stage.aws, `${group}-other`, { since }).next()).toEqual([]);
  });

  it('begins with the newest lines, and never tells those that it left out', async () => {
    const reader = new LogReader(stage.aws, group, { since });
    await write('a', [30, 'one'], [29, 'two'], [28, 'three']);
    expect(textsOf(await reader.next(2))).toEqual(['a two', 'a three']);
    expect(await reader.next()).toEqual([]);
  });

  it('survives throttling, and tells after a failed look what it would have told', async () => {
    const reader = new LogReader(stage.aws, group, { since });
    await write('a', [30, 'one']);
    const match = { service: 'logs', operation: 'FilterLogEvents' };
    await emulator.fault({ kind: 'error', match, code: 'ThrottlingException', status: 400 });
    expect(textsOf(await reader.next())).toEqual(['a one']);
    await write('a', [20, 'two']);
    await emulator.fault({ kind: 'error', match, code: 'AccessDeniedException', status: 400 });
    await expect(reader.next()).rejects.toMatchObject({ name: 'AccessDeniedException' });
    expect(textsOf(await reader.next())).toEqual(['a two']);
  });
});

describe('reading a log', () => {
  it('goes on after a page in which nothing fits the pattern', async () => {
    const noise = Array.from({ length: 10_000 }, () => [30, 'noise'] as const);
    await write('a', ...noise);
    await write('b', [20, 'signal']);
    await emulator.clearCalls();
    expect(textsOf(await readLogs(stage.aws, group, { since, limit: 10, pattern: 'signal' }))).toEqual(['b signal']);
    expect(await emulator.calls()).toHaveLength(2);
  });

  it('reads one task by the beginning of its id', async () => {
    await create('ab12');
    await write('ab12', [30, 'mine']);
    await write('b', [20, 'other']);
    const query = { since, limit: 10, streams: 'worker/worker/ab' };
    expect(textsOf(await readLogs(stage.aws, group, query))).toEqual(['ab12 mine']);
  });

  it('says what is wrong with a pattern', async () => {
    await expect(readLogs(stage.aws, group, { since, limit: 1, pattern: '{ $.level = ' })).rejects.toMatchObject({
      exitCode: 64,
      message:
        "--filter { $.level = : CloudWatch cannot read this pattern (If a filter pattern starts with '{' it must end with '}')",
      fix: 'Write a word, a phrase in double quotes, or a condition on JSON such as { $.level = "error" }.',
    });
  });
});
