import { RunTaskCommand, StopTaskCommand } from '@aws-sdk/client-ecs';
import { CreateBucketCommand, GetBucketVersioningCommand, ListBucketsCommand, S3Client } from '@aws-sdk/client-s3';
import { CreateSecretCommand } from '@aws-sdk/client-secrets-manager';
import { fromHttp } from '@aws-sdk/credential-providers';
import { beforeEach, describe, expect, it } from 'vitest';
import { refusal, startTestEmulator, useEmulator } from '../helpers/emulator.ts';
import {
  cluster,
  createService,
  executionActions,
  isAlive,
  logLine,
  permit,
  processesOf,
  register,
  type Stage,
  setStage,
  taskWhere,
} from './ecs-stage.ts';

const emulator = useEmulator({ strict: ['off'], tasks: 'process' });
let stage: Stage;

beforeEach(async () => {
  await emulator.reset();
  stage = await setStage(emulator);
});

const start = async (container = {}) => {
  await createService(emulator, stage, 'worker', await register(emulator, stage, container));
};
const firstRunning = () => taskWhere(emulator, 'worker', 'running', (task) => task.lastStatus === 'RUNNING');
const firstStopped = () => taskWhere(emulator, 'worker', 'stopped', (task) => task.lastStatus === 'STOPPED');
const stop = (task: string | undefined) =>
  emulator.clients.ecs.send(new StopTaskCommand({ cluster, task, reason: 'enough' }));
const reported = async () => JSON.parse(await logLine(emulator, 'ENV ')) as Record<string, string>;

describe('the environment of a task', () => {
  it('holds exactly what the image, the task definition and Fargate give, and nothing of the host', async () => {
    await start({ command: ['node', 'report.js'], environment: [{ name: 'GIVEN', value: 'yes' }] });
    const variables = await reported();
    const { address } = emulator;
    expect(Object.keys(variables).sort()).toEqual([
      'AWS_CONTAINER_CREDENTIALS_FULL_URI',
      'AWS_DEFAULT_REGION',
      'AWS_ENDPOINT_URL',
      'AWS_EXECUTION_ENV',
      'AWS_REGION',
      'ECS_CONTAINER_METADATA_URI_V4',
      'FROM_IMAGE',
      'GIVEN',
      'HOME',
      'HOSTNAME',
      'PATH',
      'TMPDIR',
    ]);
    expect(variables).toMatchObject({
      AWS_ENDPOINT_URL: address.endpoint,
      AWS_EXECUTION_ENV: 'AWS_ECS_FARGATE',
      AWS_REGION: 'us-east-1',
      FROM_IMAGE: 'yes',
      GIVEN: 'yes',
    });
    expect(variables.HOME).not.toBe(process.env.HOME);
    expect(await logLine(emulator, 'CWD ')).toMatch(/rootfs\/app$/);
    expect(await logLine(emulator, 'to stderr')).toBe('');
  });

  it('has secrets, whole and by JSON key', async () => {
    const secret = new CreateSecretCommand({ Name: 'temporal', SecretString: JSON.stringify({ apiKey: 'k-1' }) });
    const { ARN } = await emulator.clients.secrets.send(secret);
    const secrets = [
      { name: 'WHOLE', valueFrom: ARN },
      { name: 'KEY', valueFrom: `${ARN}:apiKey::` },
      { name: 'STAGED', valueFrom: `${ARN}:apiKey:AWSCURRENT:` },
    ];
    await start({ command: ['node', 'report.js'], secrets });
    expect(await reported()).toMatchObject({ WHOLE: '{"apiKey":"k-1"}', KEY: 'k-1', STAGED: 'k-1' });
  });

  it('leads to metadata that name the task', async () => {
    await start({ command: ['node', 'report.js'] });
    const uri = (await reported()).ECS_CONTAINER_METADATA_URI_V4 ?? '';
    const task = await firstRunning();
    expect(await (await fetch(`${uri}/task`)).json()).toMatchObject({
      TaskARN: task.taskArn,
      Family: 'stage',
      LaunchType: 'FARGATE',
    });
    const container = (await (await fetch(uri)).json()) as Record<string, unknown>;
    expect(container).toMatchObject({ Name: 'main', Labels: { 'com.amazonaws.ecs.task-arn': task.taskArn } });
  });

  it('leads to keys of the task role that end with the task', async () => {
    await permit(emulator, [...executionActions, 's3:GetBucketVersioning', 's3:ListAllMyBuckets']);
    await start({ command: ['node', 'report.js'] });
    const uri = (await reported()).AWS_CONTAINER_CREDENTIALS_FULL_URI ?? '';
    const credentials = fromHttp({ awsContainerCredentialsFullUri: uri });
    const { endpoint } = emulator.address;
    const s3 = new S3Client({ endpoint, region: 'us-east-1', credentials, forcePathStyle: true, maxAttempts: 1 });
    await emulator.clients.s3.send(new CreateBucketCommand({ Bucket: 'stage-data' }));
    await s3.send(new GetBucketVersioningCommand({ Bucket: 'stage-data' }));
    const task = await firstRunning();
    const id = task.taskArn?.split('/').at(-1);
    const call = (await emulator.calls()).find(({ operation }) => operation === 'GetBucketVersioning');
    expect(call?.principal).toBe(`arn:aws:sts::123456789012:assumed-role/task/${id}`);
    await stop(task.taskArn);
    await firstStopped();
    expect((await refusal(s3.send(new ListBucketsCommand({})))).status).toBe(403);
    s3.destroy();
  });
});

describe('the end of a task', () => {
  it('comes with SIGTERM, and the exit code is kept', async () => {
    await start();
    await logLine(emulator, 'idle');
    await stop((await firstRunning()).taskArn);
    const task = await firstStopped();
    expect(task).toMatchObject({ stopCode: 'UserInitiated', stoppedReason: 'enough' });
    expect(task.containers?.[0]?.exitCode).toBe(0);
    expect(await logLine(emulator, 'leaving')).toBe('');
  });

  it('comes with SIGKILL after stopTimeout when SIGTERM does not help', async () => {
    await start({ command: ['node', 'stubborn.js'] });
    await logLine(emulator, 'up');
    await stop((await firstRunning()).taskArn);
    await logLine(emulator, 'I stay');
    const task = await firstStopped();
    expect(task.containers?.[0]?.exitCode).toBe(137);
    const took = (task.executionStoppedAt?.getTime() ?? 0) - (task.stoppingAt?.getTime() ?? 0);
    expect(took).toBeGreaterThanOrEqual(1900);
  });

  it('comes the same way when AWS takes Spot capacity back, and another task starts at once', async () => {
    await start({ command: ['node', 'stubborn.js'] });
    await logLine(emulator, 'up');
    await emulator.ask('POST', 'spot-interruption', {});
    await logLine(emulator, 'I stay');
    const task = await firstStopped();
    expect(task).toMatchObject({ stopCode: 'SpotInterruption', containers: [{ exitCode: 137 }] });
    const next = await firstRunning();
    expect(next.createdAt?.getTime()).toBeLessThan(task.executionStoppedAt?.getTime() ?? 0);
  });

  it('says that an essential container exited, with its code and last lines', async () => {
    await start({ command: ['sh', 'crash.sh'] });
    const task = await firstStopped();
    expect(task).toMatchObject({
      stopCode: 'EssentialContainerExited',
      stoppedReason: 'Essential container in task exited',
    });
    expect(task.containers?.[0]?.exitCode).toBe(7);
    expect(await logLine(emulator, 'about to fail')).toBe('');
  });

  it('comes with SIGTERM when the emulator ends', async () => {
    const { emulator: own, stop: end } = await startTestEmulator({ strict: ['off'], tasks: 'process' });
    let pid = 0;
    try {
      const ownStage = await setStage(own);
      const definition = await register(own, ownStage, { command: ['node', 'stubborn.js'], stopTimeout: 120 });
      await createService(own, ownStage, 'worker', definition);
      await logLine(own, 'up');
      pid = (await processesOf(own))[0]?.pid ?? 0;
      expect(isAlive(pid)).toBe(true);
    } finally {
      await end();
    }
    expect(isAlive(pid)).toBe(false);
  });

  it('leaves no process after a reset', async () => {
    await start({ command: ['node', 'stubborn.js'] });
    await logLine(emulator, 'up');
    const [running] = await processesOf(emulator);
    expect(isAlive(running?.pid ?? 0)).toBe(true);
    await emulator.reset();
    expect(isAlive(running?.pid ?? 0)).toBe(false);
    expect(await processesOf(emulator)).toEqual([]);
  });
});

describe('RunTask', () => {
  it('starts one task of no service, with another command and more variables', async () => {
    const override = { name: 'main', command: ['node', 'report.js'], environment: [{ name: 'GIVEN', value: 'now' }] };
    const input = {
      cluster,
      taskDefinition: await register(emulator, stage),
      launchType: 'FARGATE' as const,
      networkConfiguration: { awsvpcConfiguration: { subnets: stage.subnets, assignPublicIp: 'ENABLED' as const } },
      overrides: { containerOverrides: [override] },
    };
    const { tasks } = await emulator.clients.ecs.send(new RunTaskCommand(input));
    expect(tasks?.[0]).toMatchObject({ group: 'family:stage', lastStatus: 'PROVISIONING' });
    expect(await reported()).toMatchObject({ GIVEN: 'now', FROM_IMAGE: 'yes' });
  });
});

describe('a container health check', () => {
  const check = (script: string) => ({ healthCheck: { command: ['CMD-SHELL', script], interval: 5, retries: 2 } });

  it('makes a task HEALTHY, with the task’s own environment and folder', async () => {
    await start(check('test "$FROM_IMAGE" = yes && test -f idle.js'));
    const task = await taskWhere(emulator, 'worker', 'healthy', ({ healthStatus }) => healthStatus === 'HEALTHY');
    expect(task.containers?.[0]?.healthStatus).toBe('HEALTHY');
  });

  it('makes a task that fails it be stopped and replaced', async () => {
    await start(check('exit 1'));
    const task = await firstStopped();
    expect(task).toMatchObject({ healthStatus: 'UNHEALTHY', stoppedReason: 'Task failed container health checks' });
    const next = await firstRunning();
    expect(next.taskArn).not.toBe(task.taskArn);
  });
});
