import {
  DescribeServiceRevisionsCommand,
  DescribeServicesCommand,
  ListServiceDeploymentsCommand,
  StopServiceDeploymentCommand,
  UpdateServiceCommand,
} from '@aws-sdk/client-ecs';
import { DeleteRoleCommand, DeleteRolePolicyCommand } from '@aws-sdk/client-iam';
import { beforeEach, describe, expect, it } from 'vitest';
import { eventually, refusal, useEmulator } from '../helpers/emulator.ts';
import {
  breaker,
  cluster,
  createService,
  deploymentIs,
  newestDeployment,
  register,
  type Stage,
  setStage,
  tasksOf,
} from './ecs-stage.ts';

const emulator = useEmulator({ strict: ['off'], tasks: 'process' });
let stage: Stage;
let good: string;
let bad: string;

beforeEach(async () => {
  await emulator.reset();
  stage = await setStage(emulator);
  good = await register(emulator, stage);
  bad = await register(emulator, stage, { command: ['sh', 'crash.sh'] });
});

const create = (taskDefinition: string, more = {}) => createService(emulator, stage, 'worker', taskDefinition, more);
const update = (taskDefinition: string) =>
  emulator.clients.ecs.send(new UpdateServiceCommand({ cluster, service: 'worker', taskDefinition }));
const look = async () =>
  (await emulator.clients.ecs.send(new DescribeServicesCommand({ cluster, services: ['worker'] }))).services?.[0];
const stopIt = async (stopType: 'ROLLBACK' | 'ABORT') => {
  const { serviceDeploymentArn } = await newestDeployment(emulator, 'worker');
  return emulator.clients.ecs.send(new StopServiceDeploymentCommand({ serviceDeploymentArn, stopType }));
};
const failures = (count: number) =>
  eventually(`${count} failed tasks`, async () => ((await look())?.deployments?.[0]?.failedTasks ?? 0) >= count);

describe('a rolling update', () => {
  it('starts the new task before it stops the old one', async () => {
    await create(good);
    await deploymentIs(emulator, 'worker', 'SUCCESSFUL');
    const next = await register(emulator, stage, { environment: [{ name: 'RELEASE', value: '2' }] });
    await update(next);
    const deployment = await deploymentIs(emulator, 'worker', 'SUCCESSFUL');
    const tasks = await tasksOf(emulator, 'worker');
    const old = tasks.find((task) => task.taskDefinitionArn === good);
    const fresh = tasks.find((task) => task.taskDefinitionArn === next);
    expect(old?.lastStatus).toBe('STOPPED');
    expect(fresh?.startedAt?.getTime()).toBeLessThan(old?.stoppingAt?.getTime() ?? 0);
    expect(deployment).toMatchObject({
      targetServiceRevision: { requestedTaskCount: 1, runningTaskCount: 1, pendingTaskCount: 0 },
      sourceServiceRevisions: [{ requestedTaskCount: 0, runningTaskCount: 0 }],
      deploymentCircuitBreaker: { status: 'DISABLED', failureCount: 0 },
    });
  });

  it('stops the old task first where maximumPercent leaves no room', async () => {
    const deploymentConfiguration = { maximumPercent: 100, minimumHealthyPercent: 0 };
    await create(good, { deploymentConfiguration, availabilityZoneRebalancing: 'DISABLED' });
    await deploymentIs(emulator, 'worker', 'SUCCESSFUL');
    const next = await register(emulator, stage);
    await update(next);
    await deploymentIs(emulator, 'worker', 'SUCCESSFUL');
    const tasks = await tasksOf(emulator, 'worker');
    const old = tasks.find((task) => task.taskDefinitionArn === good);
    const fresh = tasks.find((task) => task.taskDefinitionArn === next);
    expect(old?.executionStoppedAt?.getTime()).toBeLessThanOrEqual(fresh?.createdAt?.getTime() ?? 0);
  });

  it('waits for a container health check', async () => {
    const command = ['CMD-SHELL', 'test -f healthy || { sleep 0.5; touch healthy; exit 1; }'];
    await create(await register(emulator, stage, { healthCheck: { command, interval: 5, startPeriod: 60 } }));
    await deploymentIs(emulator, 'worker', 'SUCCESSFUL');
    expect((await tasksOf(emulator, 'worker')).map(({ healthStatus }) => healthStatus)).toEqual(['HEALTHY']);
  });
});

describe('the circuit breaker', () => {
  it('stops a first deployment that fails: there is nothing to roll back to', async () => {
    await create(bad, { deploymentConfiguration: breaker(2, true) });
    const deployment = await deploymentIs(emulator, 'worker', 'STOPPED');
    expect(deployment.deploymentCircuitBreaker).toEqual({ status: 'TRIGGERED', failureCount: 2, threshold: 2 });
    expect(deployment.statusReason).toContain('circuit breaker');
    const service = await look();
    expect(service).toMatchObject({ status: 'ACTIVE', desiredCount: 1 });
    expect(service?.deployments?.[0]).toMatchObject({ status: 'PRIMARY', rolloutState: 'FAILED', failedTasks: 2 });
    expect(await tasksOf(emulator, 'worker')).toHaveLength(2);
  });

  it('needs three failures without a threshold of its own', async () => {
    const deploymentCircuitBreaker = { enable: true, rollback: true };
    await create(bad, { deploymentConfiguration: { deploymentCircuitBreaker } });
    const deployment = await deploymentIs(emulator, 'worker', 'STOPPED');
    expect(deployment.deploymentCircuitBreaker).toMatchObject({ failureCount: 3, threshold: 3 });
  });

  it('rolls back to the last good revision, whose task runs all the time', async () => {
    await create(good, { deploymentConfiguration: breaker(2, true) });
    await deploymentIs(emulator, 'worker', 'SUCCESSFUL');
    const first = (await look())?.deployments?.[0]?.id;
    await update(bad);
    const deployment = await deploymentIs(emulator, 'worker', 'ROLLBACK_SUCCESSFUL');
    expect(deployment.rollback?.serviceRevisionArn).toBe(deployment.sourceServiceRevisions?.[0]?.arn);
    const service = await look();
    expect(service).toMatchObject({ taskDefinition: good, runningCount: 1 });
    expect(service?.deployments).toHaveLength(1);
    expect(service?.deployments?.[0]).toMatchObject({ id: first, status: 'PRIMARY', rolloutState: 'COMPLETED' });
    const messages = service?.events?.map(({ message }) => message).join('\n');
    expect(messages).toMatch(/deployment failed: tasks failed to start\./);
    expect(messages).toContain(`rolling back to deployment ${first}.`);
    const runners = (await tasksOf(emulator, 'worker')).filter((task) => task.taskDefinitionArn === good);
    expect(runners.map(({ lastStatus }) => lastStatus)).toEqual(['RUNNING']);
  });

  it('without rollback fails the deployment and keeps the old task', async () => {
    await create(good, { deploymentConfiguration: breaker(1, false) });
    await deploymentIs(emulator, 'worker', 'SUCCESSFUL');
    await update(bad);
    await deploymentIs(emulator, 'worker', 'STOPPED');
    const service = await look();
    expect(service?.deployments?.map(({ rolloutState }) => rolloutState)).toEqual(['FAILED', 'COMPLETED']);
    expect(service).toMatchObject({ taskDefinition: bad, runningCount: 1 });
  });

  it('when it is off, tasks are tried again and again', async () => {
    await create(bad);
    await failures(4);
    expect((await newestDeployment(emulator, 'worker')).status).toBe('IN_PROGRESS');
  });

  it('counts tasks whose role ECS cannot assume', async () => {
    const { iam } = emulator.clients;
    await iam.send(new DeleteRolePolicyCommand({ RoleName: 'task', PolicyName: 'task' }));
    await iam.send(new DeleteRoleCommand({ RoleName: 'task' }));
    await create(good, { deploymentConfiguration: breaker(1, true) });
    await deploymentIs(emulator, 'worker', 'STOPPED');
    const messages = (await look())?.events?.map(({ message }) => message).join('\n');
    expect(messages).toContain('ECS was unable to assume the role');
  });
});

describe('StopServiceDeployment', () => {
  it('rolls back on request', async () => {
    await create(good);
    await deploymentIs(emulator, 'worker', 'SUCCESSFUL');
    await update(bad);
    await failures(1);
    await stopIt('ROLLBACK');
    const deployment = await deploymentIs(emulator, 'worker', 'ROLLBACK_SUCCESSFUL');
    expect(deployment.statusReason).toBe('The service deployment was stopped by the user.');
    expect((await look())?.taskDefinition).toBe(good);
  });

  it('aborts on request: no more tasks are started', async () => {
    await create(bad);
    await failures(1);
    await stopIt('ABORT');
    await deploymentIs(emulator, 'worker', 'STOPPED');
    expect((await look())?.deployments?.[0]?.rolloutState).toBe('FAILED');
  });

  it('refuses a deployment that is over (ConflictException)', async () => {
    await create(good);
    await deploymentIs(emulator, 'worker', 'SUCCESSFUL');
    expect((await refusal(stopIt('ROLLBACK'))).name).toBe('ConflictException');
  });
});

describe('what is known of deployments', () => {
  it('lists them newest first, by status, and names a replaced one STOPPED', async () => {
    await create(bad);
    await update(good);
    await deploymentIs(emulator, 'worker', 'SUCCESSFUL');
    const { ecs } = emulator.clients;
    const { serviceDeployments } = await ecs.send(new ListServiceDeploymentsCommand({ cluster, service: 'worker' }));
    expect(serviceDeployments?.map(({ status }) => status)).toEqual(['SUCCESSFUL', 'STOPPED']);
    const stopped = new ListServiceDeploymentsCommand({ cluster, service: 'worker', status: ['STOPPED'] });
    expect((await ecs.send(stopped)).serviceDeployments).toHaveLength(1);
  });

  it('describes a revision with the digest that runs', async () => {
    await create(good);
    const deployment = await deploymentIs(emulator, 'worker', 'SUCCESSFUL');
    const serviceRevisionArns = [deployment.targetServiceRevision?.arn ?? ''];
    const { serviceRevisions } = await emulator.clients.ecs.send(
      new DescribeServiceRevisionsCommand({ serviceRevisionArns }),
    );
    expect(serviceRevisions?.[0]).toMatchObject({
      taskDefinition: good,
      containerImages: [{ containerName: 'main', image: stage.image, imageDigest: stage.image.split('@')[1] }],
    });
  });
});
