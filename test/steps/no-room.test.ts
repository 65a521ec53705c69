import { beforeEach, describe, expect, it } from 'vitest';
import type { AwsStack } from '../helpers/aws-stack.ts';
import { useSteps } from './stage.ts';

const stage = useSteps();
let stack: AwsStack;

beforeEach(async () => {
  stack = await stage.fresh();
  stack.stuckMs = 500;
});

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
        message: expect.stringMatching(says),
        fix: expect.stringMatching(fix),
      });
      await limit({ capacityProvider: 'FARGATE_SPOT' });
      await stack.up();
      expect(await stack.pending()).toEqual({});
    },
  );

  it('is given up for an update as well, while the old task goes on running', async () => {
    await stack.up();
    await limit({ capacityProvider: 'FARGATE_SPOT', capacity: 1 });
    stack.config = {
      ...stack.config,
      workers: stack.config.workers.map((worker) => ({ ...worker, stopTimeoutSeconds: 60 })),
    };
    await expect(stack.up()).rejects.toMatchObject({
      code: 'STUCK',
      message: expect.stringMatching(/: 0 of 1 tasks of/),
    });
  });

  it('is not given up for Spot when a base on demand is all that is asked for', async () => {
    await limit({ capacityProvider: 'FARGATE_SPOT', capacity: 0 });
    stack.config = { ...stack.config, workers: stack.config.workers.map((worker) => ({ ...worker, onDemandBase: 1 })) };
    await stack.up();
    expect(await stack.pending()).toEqual({});
  });
});
