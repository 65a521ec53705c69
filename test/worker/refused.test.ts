import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { FilterLogEventsCommand } from '@aws-sdk/client-cloudwatch-logs';
import {
  CreateServiceCommand,
  DescribeServicesCommand,
  DescribeTaskDefinitionCommand,
  DescribeTasksCommand,
  ListTasksCommand,
  RegisterTaskDefinitionCommand,
  type Task,
  UpdateServiceCommand,
} from '@aws-sdk/client-ecs';
import { PutSecretValueCommand } from '@aws-sdk/client-secrets-manager';
import { Client, Connection } from '@temporalio/client';
import { afterAll, beforeAll, describe, it } from 'vitest';
import { explainFailure } from '../../src/aws/deployment-failure.ts';
import { hostPlatform } from '../../src/image/platform.ts';
import type { AcceptedKey, TemporalFront } from '../../src/sandbox/temporal-front.ts';
import { clusterName } from '../../src/steps/compute/cluster.ts';
import { logGroupName } from '../../src/steps/compute/log-group.ts';
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
const cluster = clusterName('dev');

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
  const reference = referenceConfig({ temporalAddress: front.address, temporalTls: true });
  stack.config = { ...reference, temporal: { ...reference.temporal, serverCaCert: fronts.pem('ca') } };
  stack.secretValue = JSON.stringify({ TEMPORAL_API_KEY: SECRET });
  await stack.up();
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

async function tasks(serviceName: string, desiredStatus: 'RUNNING' | 'STOPPED'): Promise<Task[]> {
  const { ecs } = emulator.clients;
  const { taskArns = [] } = await ecs.send(new ListTasksCommand({ cluster, serviceName, desiredStatus }));
  return taskArns.length === 0
    ? []
    : ((await ecs.send(new DescribeTasksCommand({ cluster, tasks: taskArns }))).tasks ?? []);
}

const stoppedTask = (serviceName: string, seconds: number) =>
  eventually(
    `the end of a task of ${serviceName}`,
    async () => (await tasks(serviceName, 'STOPPED')).find(({ lastStatus }) => lastStatus === 'STOPPED'),
    seconds,
  );

/** What the tasks of a service have logged, or `<service>/<task id>`. */
async function linesOf(writer: string): Promise<Record<string, unknown>[]> {
  const { events = [] } = await emulator.clients.logs.send(
    new FilterLogEventsCommand({ logGroupName: logGroupName('dev'), logStreamNamePrefix: `worker/${writer}` }),
  );
  return events.map(({ message = '' }) => JSON.parse(message) as Record<string, unknown>);
}

/** What the program says of a service that fails. */
async function explained(service: string): Promise<{ cause: string | undefined; fix: string | undefined }> {
  const told = await explainFailure(stack.aws, { cluster, service, logGroup: logGroupName('dev') });
  return { cause: told?.lines[0], fix: told?.fix };
}

/** A second service like the stack's own, with another environment. A key in it takes the place of the secret's. */
async function startService(serviceName: string, changes: Record<string, string>): Promise<void> {
  const { ecs } = emulator.clients;
  const { services } = await ecs.send(new DescribeServicesCommand({ cluster, services: ['worker'] }));
  const { networkConfiguration, taskDefinition } = only(services);
  const answer = await ecs.send(new DescribeTaskDefinitionCommand({ taskDefinition }));
  const { executionRoleArn, taskRoleArn, cpu, memory, runtimePlatform } = answer.taskDefinition ?? {};
  const container = only(answer.taskDefinition?.containerDefinitions);
  const kept = container.environment?.filter(({ name = '' }) => !(name in changes)) ?? [];
  const added = Object.entries(changes).map(([name, value]) => ({ name, value }));
  const definition = await ecs.send(
    new RegisterTaskDefinitionCommand({
      ...{ family: serviceName, executionRoleArn, taskRoleArn, cpu, memory, runtimePlatform },
      requiresCompatibilities: ['FARGATE'],
      networkMode: 'awsvpc',
      containerDefinitions: [
        {
          ...container,
          name: serviceName,
          environment: [...kept, ...added],
          secrets: container.secrets?.filter(({ name = '' }) => !(name in changes)),
        },
      ],
    }),
  );
  const launched = { taskDefinition: definition.taskDefinition?.taskDefinitionArn, desiredCount: 1 };
  const capacityProviderStrategy = [{ capacityProvider: 'FARGATE', weight: 1 }];
  const input = { cluster, serviceName, ...launched, capacityProviderStrategy, networkConfiguration };
  await ecs.send(new CreateServiceCommand(input));
}

describe.concurrent('a key that is revoked while the worker polls', () => {
  it('ends the process, and ECS starts a task with the key that the secret has by now', async ({ expect }) => {
    const first = only(await tasks('worker', 'RUNNING'));

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
    const ended = await stoppedTask('worker', 150);
    expect(ended).toMatchObject({
      taskArn: first.taskArn,
      stopCode: 'EssentialContainerExited',
      containers: [{ exitCode: 1 }],
    });
    expect(await handle.result()).toContain('/messages/across-the-keys/');

    const lines = await linesOf('worker');
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
    expect(await explained('worker')).toEqual({
      cause: "Cause: Temporal does not accept the worker's credentials (any more).",
      fix: expect.stringContaining('TEMPORAL_API_KEY'),
    });
  }, 240_000);
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
  const noCa = { TEMPORAL_TLS_SERVER_CA_CERT_DATA: '' };
  const plain = () => ({ TEMPORAL_ADDRESS: fronts.backend.address, TEMPORAL_TLS: 'false', ...noCa });
  const noCertificates = { ...noCa, SSL_CERT_FILE: '/dev/null', SSL_CERT_DIR: '/nowhere' };

  it.for<[what: string, cause: string, fix: string, changes: () => Record<string, string>]>([
    [
      'key',
      'the server does not accept the credentials',
      'Check that TEMPORAL_API_KEY is whole, not expired and not revoked.',
      () => ({ TEMPORAL_API_KEY: 'planted-wrong-key' }),
    ],
    [
      'namespace',
      'there is no such namespace',
      'Check TEMPORAL_NAMESPACE; in Temporal Cloud it is name.account.',
      () => ({ ...plain(), TEMPORAL_NAMESPACE: 'nowhere' }),
    ],
    ['tls', 'the server wants TLS', 'Set TEMPORAL_TLS to true.', () => ({ ...noCa, TEMPORAL_TLS: 'false' })],
    [
      'no-tls',
      'the server does not speak TLS',
      'Check the port of TEMPORAL_ADDRESS, or set TEMPORAL_TLS to false.',
      () => ({ ...plain(), TEMPORAL_TLS: 'true' }),
    ],
    [
      'cas',
      'the image has no CA certificates',
      'Install them (Debian package ca-certificates), or give a CA with TEMPORAL_TLS_SERVER_CA_CERT_PATH.',
      () => noCertificates,
    ],
  ])(
    '(%s) sees it try again for a while and then end with cause and fix, which the program tells',
    { timeout: 180_000 },
    async ([what, cause, fix, changes], { expect }) => {
      await startService(what, changes());
      const task = await stoppedTask(what, 150);
      expect(task).toMatchObject({ containers: [{ exitCode: 1 }] });
      // Its next task would do the same.
      await emulator.clients.ecs.send(new UpdateServiceCommand({ cluster, service: what, desiredCount: 0 }));
      const all = await linesOf(`${what}/${task.taskArn?.split('/').at(-1)}`);
      const lines = all.filter(({ message }) => String(message).startsWith('Temporal'));
      expect(lines.length).toBeGreaterThan(3);
      expect(lines[0]).toMatchObject({ level: 'ERROR', message: `Temporal cannot be used: ${cause}`, attempt: 1 });
      expect(lines.at(-1)).toMatchObject({ message: `Temporal cannot be used: ${cause}; ECS starts a new task` });
      expect(JSON.stringify(all)).not.toContain('planted');
      expect(await explained(what)).toEqual({
        cause: `Cause: the worker cannot use Temporal: ${cause}.`,
        fix: `${fix} Then run init again.`,
      });
    },
  );
});
