import { DescribeScalableTargetsCommand } from '@aws-sdk/client-application-auto-scaling';
import { DescribeServicesCommand, UpdateServiceCommand } from '@aws-sdk/client-ecs';
import { expect, it } from 'vitest';
import { billFor } from '../../src/commands/stack-bill.ts';
import { keepPaused, withPaused } from '../../src/config/paused.ts';
import { referenceConfig } from '../helpers/aws-stack.ts';
import { eventually } from '../helpers/emulator.ts';
import { only, useSteps } from './stage.ts';

const stage = useSteps();
const SERVICE = { cluster: 'temporal-fargate-dev', service: 'worker' };

async function counts() {
  const { ecs, autoscaling } = stage.emulator.clients;
  const { services } = await ecs.send(
    new DescribeServicesCommand({ cluster: SERVICE.cluster, services: [SERVICE.service] }),
  );
  const { ScalableTargets } = await autoscaling.send(new DescribeScalableTargetsCommand({ ServiceNamespace: 'ecs' }));
  const { MinCapacity, MaxCapacity, SuspendedState } = only(ScalableTargets);
  const { desiredCount, runningCount } = only(services);
  return { MinCapacity, MaxCapacity, suspended: Object.values(SuspendedState ?? {}), desiredCount, runningCount };
}

it('a paused worker has no task, nothing scales it, and it comes back with its smallest number', async () => {
  const stack = await stage.fresh();
  stack.config = referenceConfig({ minTasks: 2 });
  await stack.up();
  const running = { MinCapacity: 2, MaxCapacity: 10, suspended: [false, false, false], desiredCount: 2 };
  expect(await counts()).toMatchObject(running);

  const config = stack.config;
  stack.config = withPaused(config, () => true);
  expect(await stack.pending()).toEqual({ 'scaling/target/worker': ['update', 'min', 'suspended'] });
  await stack.up();
  const paused = { MinCapacity: 0, MaxCapacity: 10, suspended: [true, true, true], desiredCount: 0, runningCount: 0 };
  await eventually('the tasks are gone', async () => (await counts()).runningCount === 0);
  expect(await counts()).toEqual(paused);
  expect(await stack.pending()).toEqual({});

  await stage.emulator.clients.ecs.send(new UpdateServiceCommand({ ...SERVICE, desiredCount: 3 }));
  expect(await stack.pending()).toEqual({ 'scaling/target/worker': ['update', 'desired'] });
  await stack.up();
  expect(await counts()).toMatchObject({ desiredCount: 0 });

  stack.config = config;
  await stack.up();
  expect(await counts()).toMatchObject(running);
  expect(await stack.pending()).toEqual({});
});

it('a stack that is made anew while it is paused starts no task', async () => {
  const stack = await stage.fresh();
  stack.config = withPaused(referenceConfig(), () => true);
  await stack.up();
  expect(await counts()).toMatchObject({ suspended: [true, true, true], desiredCount: 0 });
  expect(await stack.pending()).toEqual({});
});

it('answers do not wake a paused worker, and its bill has no task in it', () => {
  const config = referenceConfig();
  const paused = withPaused(config, () => true);
  expect(keepPaused(config, paused)).toEqual(paused);
  expect(keepPaused(paused, config)).toEqual(config);
  const lines = billFor(paused).lines.map(({ what }) => what);
  expect(lines).toEqual(expect.arrayContaining(['NAT gateway', 'secret', 'alarm', 'ECR images', 'S3 data']));
  expect(lines.filter((what) => /Fargate|logs/.test(what))).toEqual([]);
});
