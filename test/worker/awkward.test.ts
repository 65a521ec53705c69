import { existsSync, utimesSync } from 'node:fs';
import { join } from 'node:path';
import { Client, Connection, type WorkflowHandle } from '@temporalio/client';
import { afterAll, beforeAll, describe, it } from 'vitest';
import { eventually } from '../helpers/emulator.ts';
import { useFronts } from '../helpers/temporal-front.ts';
import { AWKWARD_ACTIVITIES, logged, useWorkers } from './stage.ts';
import { healthCheck, type WorkerProcess } from './worker-process.ts';

const fronts = useFronts();
const start = useWorkers(AWKWARD_ACTIVITIES);
let connection: Connection;
let client: Client;
beforeAll(async () => {
  connection = await Connection.connect({ address: fronts.backend.address });
  client = new Client({ connection });
});
afterAll(() => connection.close());

/** A worker with a queue of its own, of the same name as the activity that it is to get. */
function startWorker(deed: string, changes: Record<string, string> = {}): WorkerProcess {
  return start({ TEMPORAL_ADDRESS: fronts.backend.address, TEMPORAL_TASK_QUEUE: deed, ...changes });
}

/** Lets the worker do it; returns when the activity runs. */
async function begin(worker: WorkerProcess, deed: string): Promise<WorkflowHandle> {
  const args = [{ message: deed }];
  const handle = await client.workflow.start('MessageWorkflow', { taskQueue: deed, workflowId: deed, args });
  await eventually('the running activity', async () => existsSync(join(worker.tmp, 'began')));
  return handle;
}

/** As if the worker had last touched its health file half a minute ago. */
function age({ tmp }: WorkerProcess): void {
  const then = Date.now() / 1000 - 31;
  utimesSync(join(tmp, 'worker-alive'), then, then);
}

const healthy = (worker: WorkerProcess) => eventually('the health check', async () => healthCheck(worker.tmp) === 0);

describe.concurrent('an activity that knows nothing of cancellation', () => {
  it('is left behind at the force time, in words that say so, before ECS would kill', async ({ expect }) => {
    const worker = startWorker('sleep 60000', { TEMPORAL_FARGATE_STOP_TIMEOUT: '8' });
    const handle = await begin(worker, 'sleep 60000');
    worker.child.kill('SIGTERM');
    expect(await worker.ended).toEqual({ code: 1, signal: null });
    expect(worker.lines().at(-1)).toEqual({
      time: expect.any(String),
      level: 'ERROR',
      message: 'an activity ignored its cancellation; it is left behind until Temporal times it out',
      ...{ graceMs: 6000, forceMs: 7000, hardMs: 7467 },
    });
    await handle.terminate();
  });
});

describe.concurrent('the health of a worker', () => {
  it('lasts while it drains, until the activity is done', async ({ expect }) => {
    const worker = startWorker('sleep 5000');
    await healthy(worker);
    const handle = await begin(worker, 'sleep 5000');
    worker.child.kill('SIGTERM');
    await logged(worker, 'draining');
    age(worker);
    await healthy(worker);
    expect(worker.child.exitCode).toBe(null);
    expect(await worker.ended).toEqual({ code: 0, signal: null });
    const { events } = await handle.fetchHistory();
    expect(events?.filter((event) => event.activityTaskCompletedEventAttributes)).toHaveLength(1);
    await handle.terminate();
  });

  it('ends while its event loop stands still, and comes back with it', async ({ expect }) => {
    const worker = startWorker('block 5000');
    await healthy(worker);
    const handle = await begin(worker, 'block 5000');
    age(worker);
    expect(healthCheck(worker.tmp)).toBe(1);
    await handle.result();
    await healthy(worker);
  });
});

describe.concurrent('an error whose text holds the key', () => {
  it('is logged without it when an activity fails', async ({ expect }) => {
    const worker = startWorker('throw');
    const handle = await begin(worker, 'throw');
    expect(await logged(worker, 'Activity failed')).toMatchObject({
      workflowId: 'throw',
      error: { message: 'what was sent: Bearer ********' },
    });
    await handle.terminate();
  });

  it.for<[deed: string, origin: string]>([
    ['crash', 'uncaughtException'],
    ['reject', 'unhandledRejection'],
  ])('is the last line of a worker that it ends (%s)', async ([deed, origin], { expect }) => {
    const worker = startWorker(deed);
    const handle = await begin(worker, deed);
    expect(await worker.ended).toEqual({ code: 1, signal: null });
    expect(worker.lines().at(-1)).toMatchObject({
      level: 'ERROR',
      message: 'the worker crashed',
      origin,
      error: { message: 'what was sent: Bearer ********', stack: expect.stringContaining('main.js') },
    });
    await handle.terminate();
  });
});
