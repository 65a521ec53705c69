import { ListServiceDeploymentsCommand } from '@aws-sdk/client-ecs';
import { describe, expect, it } from 'vitest';
import { apply } from '../../src/engine/apply.ts';
import type { AwsStack } from '../helpers/aws-stack.ts';
import { useSteps } from './stage.ts';

// Tasks are refused until the emulator is told to settle.
const stage = useSteps({ strict: ['off', 'role-at-start=3600'] });
const SERVICE = 'compute/service/worker';

/** How each deployment of the service has ended, the oldest first. */
async function deployments(): Promise<(string | undefined)[]> {
  const { ecs } = stage.emulator.clients;
  const where = { cluster: 'temporal-fargate-dev', service: 'worker' };
  const { serviceDeployments = [] } = await ecs.send(new ListServiceDeploymentsCommand(where));
  return serviceDeployments.map(({ status }) => status).reverse();
}

/** Makes the stack; the roles are known everywhere when the service is deployed for the second time. */
async function upWithRolesKnownLate(stack: AwsStack): Promise<void> {
  const context = stack.context();
  const settled: Promise<unknown>[] = [];
  const emit: typeof context.emit = (event) => {
    if (event.type === 'started' && event.id === SERVICE && event.action === 'update') {
      settled.push(stage.emulator.settle());
    }
    context.emit(event);
  };
  await apply({ ...context, emit }, await stack.plan());
  expect(await Promise.all(settled)).toHaveLength(1);
}

describe('A fresh role that tasks are refused for longer than a deployment lasts', () => {
  it('costs a second deployment in the same run', async () => {
    const stack = await stage.fresh();
    await upWithRolesKnownLate(stack);
    expect(await deployments()).toEqual(['STOPPED', 'SUCCESSFUL']);
    expect(await stack.pending()).toEqual({});
  });

  it('is given up after three deployments with the cause, and the next run goes on from there', async () => {
    const stack = await stage.fresh();
    await expect(stack.up()).rejects.toMatchObject({
      code: 'NEVER_READY',
      message: expect.stringContaining('Cause: ECS cannot assume a role of the task definition.'),
    });
    expect(await deployments()).toEqual(['STOPPED', 'STOPPED', 'STOPPED']);
    await stage.emulator.settle();
    await stack.up();
    expect(await stack.pending()).toEqual({});
  });
});
