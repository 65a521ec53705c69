import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { MockActivityEnvironment } from '@temporalio/testing';
import { createActivities } from '../activities.ts';

/** Runs the activity as a worker would, with an S3 that only takes notes. */
async function writeMessage(message: string, bucket?: string): Promise<{ path: string; written: unknown[] }> {
  const written: unknown[] = [];
  const s3 = { send: async ({ input }: PutObjectCommand) => written.push(input.Body) } as unknown as S3Client;
  const activities = createActivities({ s3, bucket });
  const environment = new MockActivityEnvironment({ workflowExecution: { workflowId: 'greeting', runId: 'run-1' } });
  return { path: await environment.run(activities.writeMessage, { message }), written };
}

test('writeMessage writes the message to a file of its workflow run and returns the path', async () => {
  assert.deepEqual(await writeMessage('hello', 'data'), {
    path: 's3://data/messages/greeting/run-1.txt',
    written: ['hello'],
  });
});

test('writeMessage refuses an empty message, and says what it should look like', async () => {
  await assert.rejects(writeMessage('', 'data'), /it must look like \{"message": "some text"\}/);
});

test('writeMessage says that there is no bucket, which trying again would not change', async () => {
  await assert.rejects(writeMessage('hello'), { type: 'NoDataBucket', nonRetryable: true });
});
