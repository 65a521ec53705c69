import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CreateBucketCommand, GetObjectCommand } from '@aws-sdk/client-s3';
import { Client, Connection } from '@temporalio/client';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { OciImage } from '../../src/image/oci.ts';
import { coreBridgeTarget } from '../../src/image/platform.ts';
import { ensurePythonEnvironment } from '../../src/sandbox/environment.ts';
import { startTemporalServer, type TemporalServer } from '../../src/sandbox/temporal-server.ts';
import { sizeEnvironment } from '../../src/steps/compute/task-sizes.ts';
import { eventually, testCacheDir, useEmulator } from '../helpers/emulator.ts';
import { expectJsonWithoutSecret, logged, SECRET } from './stage.ts';
import { serveTaskMetadata, type TaskMetadata } from './task-metadata.ts';
import { buildImage, healthCheck, startWorker, unpackImage, type WorkerProcess } from './worker-process.ts';

const BUCKET = 'worker-data';
const TASK_QUEUE = 'test-queue';
/** What the SDK is told in a task of 256 CPU units and 512 MiB. */
const SMALLEST_TASK = {
  maxCachedWorkflows: 99,
  maxConcurrentWorkflowTaskExecutions: 10,
  maxConcurrentActivityTaskExecutions: 25,
  maxConcurrentLocalActivityExecutions: 25,
};

const emulator = useEmulator({ strict: ['off'] });
const scratch = mkdtempSync(join(tmpdir(), 'worker-test-'));
let temporal: TemporalServer;
let connection: Connection;
let client: Client;
let metadata: TaskMetadata;
let unpacked: Awaited<ReturnType<typeof unpackImage>>;
let image: OciImage;
let imageDigest: string;

beforeAll(async () => {
  const environment = await ensurePythonEnvironment({ cacheDir: testCacheDir, note: () => undefined });
  temporal = await startTemporalServer({ environment, workDir: join(scratch, 'temporal') });
  connection = await Connection.connect({ address: temporal.address });
  client = new Client({ connection });
  await emulator.clients.s3.send(new CreateBucketCommand({ Bucket: BUCKET }));

  image = await buildImage(scratch);
  imageDigest = image.manifest.digest;
  unpacked = await unpackImage(image, join(scratch, 'root'));

  metadata = await serveTaskMetadata();
}, 300_000);

afterAll(async () => {
  metadata.close();
  await connection.close();
  await temporal.stop();
  rmSync(scratch, { recursive: true, force: true });
});

const started: WorkerProcess[] = [];
afterEach(async () => {
  await Promise.all(started.splice(0).map((worker) => worker.dispose()));
  await emulator.clearFaults();
});

/** Starts a worker with the environment of a task definition and the given changes to it; it ends with the test. */
function start(changes: Record<string, string> = {}): WorkerProcess {
  const worker = launch(changes);
  started.push(worker);
  return worker;
}

function launch(changes: Record<string, string> = {}): WorkerProcess {
  const { endpoint, region, accessKeyId, secretAccessKey } = emulator.address;
  return startWorker(unpacked, {
    TEMPORAL_ADDRESS: temporal.address,
    TEMPORAL_NAMESPACE: 'default',
    TEMPORAL_TASK_QUEUE: TASK_QUEUE,
    TEMPORAL_API_KEY: SECRET,
    TEMPORAL_TLS: 'false',
    DATA_BUCKET: BUCKET,
    TEMPORAL_FARGATE_STACK: 'dev',
    TEMPORAL_FARGATE_IMAGE_DIGEST: imageDigest,
    ECS_CONTAINER_METADATA_URI_V4: metadata.uri,
    AWS_REGION: region,
    AWS_ENDPOINT_URL: endpoint,
    AWS_ACCESS_KEY_ID: accessKeyId,
    AWS_SECRET_ACCESS_KEY: secretAccessKey,
    ...changes,
  });
}

/** Stops the worker as ECS would and checks what must hold for every run. */
async function stop(worker: WorkerProcess): Promise<void> {
  worker.child.kill('SIGTERM');
  expect(await worker.ended).toEqual({ code: 0, signal: null });
  expectJsonWithoutSecret(worker);
}

const isHealthy = (worker: WorkerProcess) => healthCheck(worker.tmp) === 0;

async function execute(workflowId: string, ...args: unknown[]): Promise<unknown> {
  return await client.workflow.execute('MessageWorkflow', { taskQueue: TASK_QUEUE, workflowId, args });
}

/** The reason that `trigger` would show: the innermost cause. */
async function reasonOf(run: Promise<unknown>): Promise<string> {
  try {
    return `it returned ${await run}`;
  } catch (error) {
    let reason = error as Error;
    while (reason.cause instanceof Error) reason = reason.cause;
    return reason.message;
  }
}

describe('the built image', () => {
  it('carries the native core of its own platform alone, and only paths below /app', async () => {
    const files = await Promise.all(image.layers.map((layer) => layer.file()));
    const listed = files.flatMap((path) => {
      const { stdout } = spawnSync('tar', ['-tzf', path], { encoding: 'utf8', maxBuffer: 2 ** 26 });
      return stdout.trim().split('\n');
    });
    expect(listed.filter((path) => path.includes('/core-bridge/') && path.endsWith('.node'))).toEqual([
      `app/node_modules/@temporalio/core-bridge/releases/${coreBridgeTarget(image.platform)}/index.node`,
    ]);
    expect(listed.filter((path) => !path.startsWith('app/') || path.includes('..'))).toEqual([]);
  });

  it('weighs less than 15 MB over its base, and less than 1 MB of that changes with the code', () => {
    const sizes = image.layers.map(({ size }) => size);
    expect(sizes.reduce((sum, size) => sum + size, 0)).toBeLessThan(15e6);
    expect(sizes.at(-1)).toBeLessThan(1e6);
  });
});

describe('a worker that ECS started from the built image', () => {
  it('polls under the identity of its stack, task and image, with the limits of its size', async () => {
    const worker = start(sizeEnvironment({ cpu: 256, memory: 512 }));
    const identity = `dev/0af1b2/${imageDigest.slice(7, 19)}`;
    const polling = await logged(worker, 'polling');
    expect(polling).toMatchObject({ identity, taskQueue: TASK_QUEUE, ...SMALLEST_TASK });
    // V8 counts its young generation on top.
    expect(polling.heapLimitMiB).toBeGreaterThanOrEqual(320);
    expect(polling.heapLimitMiB).toBeLessThan(400);
    await eventually('the poller', async () => {
      const { pollers } = await connection.workflowService.describeTaskQueue({
        namespace: 'default',
        taskQueue: { name: TASK_QUEUE },
      });
      return pollers?.some((poller) => poller.identity === identity);
    });
    await stop(worker);
  });

  it('fails the workflow with the reason when the bucket is gone', async () => {
    const worker = start({ DATA_BUCKET: 'no-such-bucket' });
    // The innermost cause is S3's own error; the activity's sentence is the one above it.
    await expect(execute('no-bucket', { message: 'hi' })).rejects.toMatchObject({
      cause: { cause: { message: expect.stringMatching(/^writing s3:.* failed: the bucket does not exist$/) } },
    });
    await stop(worker);
  });

  it('is healthy from its first poll on, not before', async () => {
    const waiting = start({ TEMPORAL_ADDRESS: '127.0.0.1:1' });
    await logged(waiting, 'Temporal cannot be reached: nothing listens there');
    expect(existsSync(join(waiting.tmp, 'worker-alive'))).toBe(false);
    expect(isHealthy(waiting)).toBe(false);

    const polling = start();
    await eventually('the health check', async () => isHealthy(polling));
    expect(polling.lines().map((line) => line.message)).toContain('polling');
    await stop(waiting);
    await stop(polling);
  });
});

describe('a worker that gets one workflow after the other', () => {
  let worker: WorkerProcess;
  beforeAll(() => {
    worker = launch();
  });
  afterAll(async () => {
    await stop(worker);
    await worker.dispose();
  });

  it('runs MessageWorkflow, which writes the text file whose path it returns', async () => {
    expect(await execute('hello', { message: 'hello there' })).toMatch(
      new RegExp(`^s3://${BUCKET}/messages/hello/[0-9a-f-]{36}\\.txt$`),
    );
    const { runId } = await client.workflow.getHandle('hello').describe();
    const object = await emulator.clients.s3.send(
      new GetObjectCommand({ Bucket: BUCKET, Key: `messages/hello/${runId}.txt` }),
    );
    expect(await object.Body?.transformToString()).toBe('hello there');
  });

  it('fails the workflow with the reason when there is no message', async () => {
    expect(await reasonOf(execute('no-message', {}))).toBe(
      'the input has no message; it must look like {"message": "some text"}',
    );
  });

  it('tries again when S3 falters, and writes the message once', async () => {
    const fault = { kind: 'error', status: 503, code: 'SlowDown', message: 'slow down', times: 2 } as const;
    await emulator.fault({ ...fault, match: { service: 's3', operation: 'PutObject' } });
    expect(await execute('falter', { message: 'hi' })).toContain('messages/falter/');
  });
});

describe('a stop signal', () => {
  it('lets a running activity finish; a second one changes nothing', async () => {
    await emulator.fault({ kind: 'delay', seconds: 2, match: { service: 's3', operation: 'PutObject' } });
    const worker = start();
    const handle = await client.workflow.start('MessageWorkflow', {
      taskQueue: TASK_QUEUE,
      workflowId: 'draining',
      args: [{ message: 'in flight' }],
    });
    await eventually(
      'the running activity',
      async () => (await handle.describe()).raw.pendingActivities?.[0]?.state === 2,
    );
    worker.child.kill('SIGTERM');
    await logged(worker, 'draining');
    worker.child.kill('SIGTERM');
    await stop(worker);
    expect(worker.lines().filter((line) => line.message === 'draining')).toHaveLength(1);
    expect(worker.lines().map((line) => line.message)).toContain('message written');
    await handle.terminate();
  });

  it('cancels an activity that takes longer than the grace time', async () => {
    await emulator.fault({ kind: 'delay', seconds: 8, match: { service: 's3', operation: 'PutObject' } });
    const worker = start({ TEMPORAL_FARGATE_STOP_TIMEOUT: '4' });
    const handle = await client.workflow.start('MessageWorkflow', {
      taskQueue: TASK_QUEUE,
      workflowId: 'cancelled',
      args: [{ message: 'too slow' }],
    });
    await eventually(
      'the running activity',
      async () => (await handle.describe()).raw.pendingActivities?.[0]?.state === 2,
    );
    await stop(worker);
    expect(worker.lines().map((line) => line.message)).not.toContain('message written');
    const { raw } = await handle.describe();
    expect(raw.pendingActivities?.[0]?.lastFailure?.applicationFailureInfo?.type).toBe('WorkerShutdown');
    await handle.terminate();
  });
});

describe('a worker that cannot work', () => {
  it('says all that is wrong with its environment in one JSON line and exits 1', async () => {
    const worker = start({ TEMPORAL_ADDRESS: '', TEMPORAL_TASK_QUEUE: '', TEMPORAL_TLS: 'maybe' });
    expect(await worker.ended).toEqual({ code: 1, signal: null });
    const errors = worker.lines().filter((line) => line.level === 'ERROR');
    expect(errors).toHaveLength(1);
    expect(errors[0]?.problems).toEqual([
      'TEMPORAL_ADDRESS is not set',
      'TEMPORAL_TLS is "maybe"; it must be one of 1, 0, true, false',
      'TEMPORAL_TASK_QUEUE is not set',
    ]);
    expect(worker.output()).not.toContain(SECRET);
  });
});
