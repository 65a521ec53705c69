import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { FilterLogEventsCommand } from '@aws-sdk/client-cloudwatch-logs';
import { DescribeTasksCommand, ListTasksCommand, type Task } from '@aws-sdk/client-ecs';
import { PutSecretValueCommand } from '@aws-sdk/client-secrets-manager';
import { Client, Connection } from '@temporalio/client';
import { afterAll, beforeAll, describe, it } from 'vitest';
import { hostPlatform } from '../../src/image/platform.ts';
import type { AcceptedKey, TemporalFront } from '../../src/sandbox/temporal-front.ts';
import { AwsStack, referenceConfig } from '../helpers/aws-stack.ts';
import { eventually, useEmulator } from '../helpers/emulator.ts';
import { tcpProxy } from '../helpers/tcp-proxy.ts';
import { useFronts } from '../helpers/temporal-front.ts';
import { idOf, only } from '../steps/stage.ts';
import { expectJsonWithoutSecret, logged, SECRET } from './stage.ts';
import {
  healthCheck,
  imageContext,
  imageSource,
  startWorker,
  unpackImage,
  type WorkerProcess,
} from './worker-process.ts';

const fronts = useFronts();
const emulator = useEmulator({ tasks: 'process', delaySeconds: 0.2 });
const scratch = mkdtempSync(join(tmpdir(), 'refused-'));
const NEXT_KEY = 'planted-next-key-77aa';
let keys: AcceptedKey[] = [{ key: SECRET }];
let front: TemporalFront;
let stack: AwsStack;
let unpacked: Awaited<ReturnType<typeof unpackImage>>;
let connection: Connection;
let client: Client;
const started: WorkerProcess[] = [];

beforeAll(async () => {
  front = await fronts.front({ auth: 'api-key', apiKeys: () => keys });
  connection = await Connection.connect({ address: fronts.backend.address });
  client = new Client({ connection });
  const source = await imageSource(scratch);
  const platform = hostPlatform();
  const built = await source.build(platform, imageContext);
  unpacked = await unpackImage(built, join(scratch, 'root'));
  stack = new AwsStack(emulator.address, scratch, {
    inputHash: await source.inputHash(platform),
    build: async () => built,
  });
}, 300_000);
afterAll(async () => {
  await Promise.all(started.map((worker) => worker.dispose()));
  stack.close();
  await connection.close();
  rmSync(scratch, { recursive: true, force: true });
  for (const worker of started) expectJsonWithoutSecret(worker);
});

/** A worker outside ECS on the plain server, with the given changes. */
function start(changes: Record<string, string>): WorkerProcess {
  const worker = startWorker(unpacked, {
    TEMPORAL_ADDRESS: fronts.backend.address,
    TEMPORAL_NAMESPACE: 'default',
    TEMPORAL_TASK_QUEUE: 'bare-queue',
    TEMPORAL_API_KEY: SECRET,
    TEMPORAL_TLS: 'false',
    DATA_BUCKET: 'unused',
    AWS_REGION: 'us-east-1',
    ...changes,
  });
  started.push(worker);
  return worker;
}

async function tasks(desiredStatus: 'RUNNING' | 'STOPPED'): Promise<Task[]> {
  const { ecs } = emulator.clients;
  const cluster = idOf(stack, 'compute/cluster');
  const { taskArns = [] } = await ecs.send(new ListTasksCommand({ cluster, desiredStatus }));
  return taskArns.length === 0
    ? []
    : ((await ecs.send(new DescribeTasksCommand({ cluster, tasks: taskArns }))).tasks ?? []);
}

describe.concurrent('a key that is revoked while the worker polls', () => {
  it('ends the process, and ECS starts a task with the key that the secret has by now', async ({ expect }) => {
    keys = [{ key: SECRET }];
    const reference = referenceConfig({ temporalAddress: front.address, temporalTls: true });
    stack.config = { ...reference, temporal: { ...reference.temporal, serverCaCert: fronts.pem('ca') } };
    stack.secretValue = JSON.stringify({ TEMPORAL_API_KEY: SECRET });
    await stack.up();
    const first = only(await tasks('RUNNING'));

    const SecretId = idOf(stack, 'secrets/temporal');
    const SecretString = JSON.stringify({ TEMPORAL_API_KEY: NEXT_KEY });
    await emulator.clients.secrets.send(new PutSecretValueCommand({ SecretId, SecretString }));
    keys = [{ key: NEXT_KEY }];
    // An open poll lasts until there is something to do; what follows it is refused, and the SDK tries again for 60 s.
    const handle = await client.workflow.start('MessageWorkflow', {
      taskQueue: 'test-queue',
      workflowId: 'across-the-keys',
      args: [{ message: 'not lost' }],
    });
    const ended = await eventually(
      'the end of the task with the old key',
      async () =>
        (await tasks('STOPPED')).find(
          ({ taskArn, lastStatus }) => taskArn === first.taskArn && lastStatus === 'STOPPED',
        ),
      75,
    );
    expect(ended).toMatchObject({ stopCode: 'EssentialContainerExited', containers: [{ exitCode: 1 }] });
    expect(await handle.result()).toContain('/messages/across-the-keys/');

    const { events = [] } = await emulator.clients.logs.send(
      new FilterLogEventsCommand({ logGroupName: idOf(stack, 'compute/log-group') }),
    );
    const lines = events.map(({ message = '' }) => JSON.parse(message) as Record<string, unknown>);
    const errors = lines.filter(({ level }) => level === 'ERROR');
    // The SDK's lines have the true reason, which is not what run() rejects with; the core's own stand before them when
    // the refusal met a workflow task.
    expect(errors).toContainEqual(
      expect.objectContaining({
        message: 'Worker failed',
        error: expect.objectContaining({ name: 'TransportError', message: 'Request unauthorized.' }),
      }),
    );
    expect(errors.at(-1)).toMatchObject({
      message: 'the worker failed; the lines above say why. ECS starts a new task',
    });
    expect(JSON.stringify(lines)).not.toMatch(/planted/);
  }, 180_000);
});

describe.concurrent('an outage of more than a minute', () => {
  it('does not end a worker or make it unhealthy; it works as soon as the server is back', async ({ expect }) => {
    const proxy = await tcpProxy(fronts.backend.address);
    await proxy.serve();
    const worker = start({ TEMPORAL_ADDRESS: proxy.address });
    await logged(worker, 'polling');
    await proxy.cut();
    // Longer than the SDK takes to give up on calls that are refused.
    await sleep(65_000);
    expect(healthCheck(worker.tmp)).toBe(0);
    await proxy.serve();
    const options = { taskQueue: 'bare-queue', workflowId: 'after-the-outage', args: [{}] };
    await expect(client.workflow.execute('MessageWorkflow', options)).rejects.toMatchObject({
      cause: { cause: { message: expect.stringContaining('the input has no message') } },
    });
    await proxy.cut();
  }, 180_000);
});

describe.concurrent('a server that refuses a worker from the start', () => {
  const noCertificates = { TEMPORAL_TLS: 'true', SSL_CERT_FILE: '/dev/null', SSL_CERT_DIR: '/nowhere' };
  const wrongKey = () => ({
    TEMPORAL_ADDRESS: front.address,
    TEMPORAL_TLS: 'true',
    TEMPORAL_TLS_SERVER_CA_CERT_DATA: fronts.pem('ca'),
    TEMPORAL_API_KEY: 'planted-wrong-key',
  });

  it.for<[what: string, cause: string, changes: () => Record<string, string>]>([
    ['a key', 'the server does not accept the credentials', wrongKey],
    ['a namespace', 'there is no such namespace', () => ({ TEMPORAL_NAMESPACE: 'nowhere' })],
    ['no CAs', 'the image has no CA certificates', () => noCertificates],
  ])('(%s) sees it try again for a while and then end with the cause', async ([, cause, changes], { expect }) => {
    const worker = start(changes());
    expect(await worker.ended).toEqual({ code: 1, signal: null });
    const lines = worker.lines().filter(({ message }) => String(message).startsWith('Temporal'));
    expect(lines.length).toBeGreaterThan(3);
    expect(lines[0]).toMatchObject({ level: 'ERROR', message: `Temporal cannot be used: ${cause}`, attempt: 1 });
    expect(lines.at(-1)).toMatchObject({ message: `Temporal cannot be used: ${cause}; ECS starts a new task` });
    expect(worker.output()).not.toContain('planted');
  });
});
