import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Client, Connection } from '@temporalio/client';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { ensurePythonEnvironment } from '../../src/sandbox/environment.ts';
import { startTemporalServer, type TemporalServer } from '../../src/sandbox/temporal-server.ts';
import { pollersOf } from '../../src/temporal/pollers.ts';
import { eventually, testCacheDir } from '../helpers/emulator.ts';
import { ensurePythonWorker, PYTHON_WORKER } from '../helpers/python-worker.ts';
import { expectJsonWithoutSecret, logged, SECRET } from './stage.ts';
import { serveTaskMetadata, type TaskMetadata } from './task-metadata.ts';
import { healthCheck, startWorker, type WorkerProcess } from './worker-process.ts';

const TASK_QUEUE = 'python-queue';
const DIGEST = `sha256:${'ab'.repeat(32)}`;
const scratch = mkdtempSync(join(tmpdir(), 'python-worker-test-'));
let temporal: TemporalServer;
let connection: Connection;
let client: Client;
let metadata: TaskMetadata;
let python: string;

beforeAll(async () => {
  const environment = await ensurePythonEnvironment({ cacheDir: testCacheDir, note: () => undefined });
  python = await ensurePythonWorker();
  temporal = await startTemporalServer({ environment, workDir: join(scratch, 'temporal') });
  connection = await Connection.connect({ address: temporal.address });
  client = new Client({ connection });
  metadata = await serveTaskMetadata();
});

afterAll(async () => {
  metadata.close();
  await connection.close();
  await temporal.stop();
  rmSync(scratch, { recursive: true, force: true });
});

const started: WorkerProcess[] = [];
afterEach(async () => {
  await Promise.all(started.splice(0).map((worker) => worker.dispose()));
});

/** Starts the example with the environment of a task definition and the given changes to it. */
function start(changes: Record<string, string> = {}): WorkerProcess {
  const worker = startWorker(
    { command: [python, 'main.py'], cwd: PYTHON_WORKER, env: ['PYTHONUNBUFFERED=1', 'PYTHONDONTWRITEBYTECODE=1'] },
    {
      TEMPORAL_ADDRESS: temporal.address,
      TEMPORAL_NAMESPACE: 'default',
      TEMPORAL_TASK_QUEUE: TASK_QUEUE,
      TEMPORAL_API_KEY: SECRET,
      TEMPORAL_TLS: 'false',
      TEMPORAL_FARGATE_STACK: 'dev',
      TEMPORAL_FARGATE_IMAGE_DIGEST: DIGEST,
      TEMPORAL_FARGATE_STOP_TIMEOUT: '20',
      ECS_CONTAINER_METADATA_URI_V4: metadata.uri,
      ...changes,
    },
  );
  started.push(worker);
  return worker;
}

const startWorkflow = (workflowId: string, seconds = 0) =>
  client.workflow.start('MessageWorkflow', {
    workflowId,
    taskQueue: TASK_QUEUE,
    args: [{ message: 'hello', seconds }],
  });

describe('the example worker in Python', () => {
  it('executes workflows under the identity of the contract, is healthy, and drains when it is told to stop', async () => {
    const worker = start();
    const short = await startWorkflow('short');
    expect(await short.result()).toBe('Python received: hello');
    expect(await pollersOf(client, TASK_QUEUE)).toMatchObject([{ identity: `dev/0af1b2/${'ab'.repeat(6)}` }]);
    expect(healthCheck(worker.tmp)).toBe(0);

    const long = await startWorkflow('long', 2);
    await eventually('the activity runs', async () => (await long.describe()).raw.pendingActivities?.[0]?.state === 2);
    worker.child.kill('SIGTERM');
    await logged(worker, 'draining');
    expect(healthCheck(worker.tmp)).toBe(0);
    worker.child.kill('SIGTERM');
    expect(await worker.ended).toEqual({ code: 0, signal: null });
    expectJsonWithoutSecret(worker);

    // The worker that drained finished the activity; the rest of the workflow is another's.
    const { history } = await client.workflowService.getWorkflowExecutionHistory({
      namespace: 'default',
      execution: { workflowId: 'long' },
    });
    const done = history?.events?.find((event) => event.activityTaskCompletedEventAttributes);
    expect(done?.activityTaskCompletedEventAttributes?.identity).toBe(`dev/0af1b2/${'ab'.repeat(6)}`);
    await long.terminate();
  });

  it('waits for a server that is away, is not healthy while it waits, and stops at once', async () => {
    const worker = start({ TEMPORAL_ADDRESS: '127.0.0.1:9' });
    expect(await logged(worker, 'Temporal cannot be reached')).toMatchObject({ level: 'WARNING' });
    expect(existsSync(join(worker.tmp, 'worker-alive'))).toBe(false);
    expect(healthCheck(worker.tmp)).not.toBe(0);
    worker.child.kill('SIGTERM');
    expect(await worker.ended).toEqual({ code: 0, signal: null });
    expectJsonWithoutSecret(worker);
  });

  it('names every variable that is missing', async () => {
    const worker = start({ TEMPORAL_NAMESPACE: '', TEMPORAL_TASK_QUEUE: '' });
    expect(await worker.ended).toEqual({ code: 1, signal: null });
    expect(worker.lines()).toMatchObject([
      {
        level: 'ERROR',
        message: "the worker's environment is not usable: not set: TEMPORAL_NAMESPACE, TEMPORAL_TASK_QUEUE",
      },
    ]);
  });
});
