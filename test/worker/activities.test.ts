import {
  CreateBucketCommand,
  GetObjectCommand,
  ListObjectVersionsCommand,
  PutBucketVersioningCommand,
} from '@aws-sdk/client-s3';
import { beforeAll, describe, expect, it } from 'vitest';
import { createActivities, type MessageInput } from '../../worker/activities.ts';
import { MockActivityEnvironment } from '../../worker/node_modules/@temporalio/testing/lib/index.js';
import { DefaultLogger } from '../../worker/node_modules/@temporalio/worker/lib/index.js';
import { useEmulator } from '../helpers/emulator.ts';

const emulator = useEmulator({ strict: ['off'] });
const Bucket = 'activity-data';
const workflowExecution = { workflowId: 'greet/1', runId: 'run-1' };
const Key = 'messages/greet/1/run-1.txt';

beforeAll(async () => {
  await emulator.clients.s3.send(new CreateBucketCommand({ Bucket }));
  const VersioningConfiguration = { Status: 'Enabled' } as const;
  await emulator.clients.s3.send(new PutBucketVersioningCommand({ Bucket, VersioningConfiguration }));
});

/** Runs the activity as a worker would for the workflow above. */
async function writeMessage(input?: Partial<MessageInput>, bucket = Bucket): Promise<string> {
  const { writeMessage: activity } = createActivities({ s3: emulator.clients.s3, bucket });
  const logger = new DefaultLogger('ERROR', () => undefined);
  return await new MockActivityEnvironment({ workflowExecution }, { logger }).run(activity, input);
}

describe('writeMessage', () => {
  it('writes the message to a key of the workflow run and returns its path', async () => {
    expect(await writeMessage({ message: 'grüß dich' })).toBe(`s3://${Bucket}/${Key}`);
    const object = await emulator.clients.s3.send(new GetObjectCommand({ Bucket, Key }));
    expect(await object.Body?.transformToString()).toBe('grüß dich');
    expect(object.ContentType).toBe('text/plain; charset=utf-8');
  });

  it('writes the same content to the same key when it is tried again', async () => {
    await writeMessage({ message: 'again' });
    await writeMessage({ message: 'again' });
    const { Versions = [] } = await emulator.clients.s3.send(new ListObjectVersionsCommand({ Bucket }));
    const [latest, earlier] = Versions;
    expect(new Set(Versions.map((version) => version.Key))).toEqual(new Set([Key]));
    expect(latest?.ETag).toBe(earlier?.ETag);
  });

  it.each([[undefined], [{}], [{ message: '' }], [{ message: 7 as unknown as string }]])(
    'refuses the input %j and says what it should look like',
    async (input) => {
      await expect(writeMessage(input)).rejects.toMatchObject({
        type: 'InvalidInput',
        message: 'the input has no message; it must look like {"message": "some text"}',
      });
    },
  );
});

describe('a stack without a data bucket', () => {
  it('fails the activity for good, and says why', async () => {
    const { writeMessage: activity } = createActivities({ s3: emulator.clients.s3, bucket: undefined });
    const run = new MockActivityEnvironment({ workflowExecution }).run(activity, { message: 'lost' });
    await expect(run).rejects.toMatchObject({
      type: 'NoDataBucket',
      message: 'the stack has no data bucket to write to: DATA_BUCKET is not set',
      nonRetryable: true,
    });
  });
});

describe('a refusal by S3', () => {
  it('that the bucket does not exist is final', async () => {
    await expect(writeMessage({ message: 'hi' }, 'no-such-bucket')).rejects.toMatchObject({
      type: 'NoSuchBucket',
      nonRetryable: true,
      message: 'writing s3://no-such-bucket/messages/greet/1/run-1.txt failed: the bucket does not exist',
    });
  });

  it('that the role may not write is final', async () => {
    await emulator.fault({
      kind: 'error',
      match: { service: 's3', operation: 'PutObject' },
      status: 403,
      code: 'AccessDenied',
      message: 'Access Denied',
    });
    await expect(writeMessage({ message: 'hi' })).rejects.toMatchObject({
      type: 'AccessDenied',
      nonRetryable: true,
      message: expect.stringContaining('the task role may not write to it'),
    });
  });

  it('that may pass is left to the retry policy, with S3’s own words', async () => {
    await emulator.fault({
      kind: 'error',
      match: { service: 's3', operation: 'PutObject' },
      status: 503,
      code: 'SlowDown',
      message: 'Please reduce your request rate.',
    });
    await expect(writeMessage({ message: 'hi' })).rejects.toMatchObject({
      type: 'SlowDown',
      nonRetryable: false,
      message: expect.stringContaining('Please reduce your request rate.'),
    });
  });
});
