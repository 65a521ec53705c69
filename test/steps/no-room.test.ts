import { beforeEach, describe, expect, it } from 'vitest';
import { currentProblem } from '../../src/aws/deployment-failure.ts';
import { reportService, runningTasks } from '../../src/aws/service-report.ts';
import { clusterName } from '../../src/steps/compute/cluster.ts';
import type { AwsStack } from '../helpers/aws-stack.ts';
import { useSteps } from './stage.ts';

const stage = useSteps();
let stack: AwsStack;

beforeEach(async () => {
  stack = await stage.fresh();
  stack.stuckMs = 500;
});

async function serviceNow({ aws }: AwsStack) {
  const report = await reportService(aws, clusterName('dev'), 'worker');
  if (!report) throw new Error('there is no service');
  return report;
}

const limit = (limits: { capacityProvider: string; capacity?: number; quota?: number }) =>
  stage.emulator.ask('POST', 'fargate', limits);

describe('A service whose tasks Fargate does not place', () => {
  it.each([
    [
      'Spot capacity',
      { capacityProvider: 'FARGATE_SPOT', capacity: 0 },
      /: 0 of 1 tasks of this deployment running; .*Capacity is unavailable.*\nCause: Fargate has no capacity for these tasks/,
      /--on-demand-base 1/,
    ],
    [
      'the vCPU quota',
      { capacityProvider: 'FARGATE_SPOT', quota: 0.5 },
      /: 0 of 1 tasks of this deployment running; .*limit on the number of vCPUs.*\nCause: the account may not run more/,
      /L-36FBB829/,
    ],
  ])(
    'for want of %s is given up with the reason and the fix, and goes on when there is room',
    async (_, short, says, fix) => {
      await limit(short);
      await expect(stack.up()).rejects.toMatchObject({
        code: 'STUCK',
        message: expect.stringMatching(
          new RegExp(`${says.source}.*(\\n.*)*\\nThere is no earlier deployment to roll back to: ECS`),
        ),
        fix: expect.stringMatching(fix),
      });
      await limit({ capacityProvider: 'FARGATE_SPOT' });
      await stack.up();
      expect(await stack.pending()).toEqual({});
    },
  );

  it('is given up for an update as well: its deployment is rolled back, and the old task goes on running', async () => {
    await stack.up();
    const runs = async () => (await runningTasks(stack.aws, clusterName('dev'), 'worker')).map(({ id }) => id);
    const before = await runs();
    const { taskDefinition } = await serviceNow(stack);
    await limit({ capacityProvider: 'FARGATE_SPOT', capacity: 1 });
    stack.config = {
      ...stack.config,
      workers: stack.config.workers.map((worker) => ({ ...worker, stopTimeoutSeconds: 60 })),
    };
    await expect(stack.up()).rejects.toMatchObject({
      code: 'STUCK',
      message: expect.stringMatching(
        /: 0 of 1 tasks of .*\nCause: Fargate has no capacity.*(\n.*)*\nThe deployment was stopped, and the one before is rolled back to: the deployment ended as ROLLBACK_SUCCESSFUL: .*stopped by the user/,
      ),
      fix: expect.stringContaining('--on-demand-base 1'),
    });
    expect(await serviceNow(stack)).toMatchObject({ taskDefinition, running: 1, deployment: 'ROLLBACK_SUCCESSFUL' });
    expect(await runs()).toEqual(before);
    // What `status` says of it, when the events of the rollback have come after those that tell why.
    expect(currentProblem(await serviceNow(stack))?.cause).toMatch(/^Fargate has no capacity/);
    await limit({ capacityProvider: 'FARGATE_SPOT' });
    await stack.up();
    expect(await stack.pending()).toEqual({});
  });

  it('is not given up for Spot when a base on demand is all that is asked for', async () => {
    await limit({ capacityProvider: 'FARGATE_SPOT', capacity: 0 });
    stack.config = { ...stack.config, workers: stack.config.workers.map((worker) => ({ ...worker, onDemandBase: 1 })) };
    await stack.up();
    expect(await stack.pending()).toEqual({});
  });
});
