import { DescribeServicesCommand } from '@aws-sdk/client-ecs';
import { beforeAll, describe, expect, it } from 'vitest';
import type { AwsStack } from '../helpers/aws-stack.ts';
import { useSteps } from './stage.ts';

// The minutes of CloudWatch pass when they are told to: nothing here is waited for but the stack itself.
const stage = useSteps();

describe('the alarms and policies of the reference stack', () => {
  let stack: AwsStack;
  beforeAll(async () => {
    stack = await stage.fresh();
    await stack.up();
    await stage.emulator.ask('POST', 'minutes', { pass: 0 });
    await stage.emulator.ask('POST', 'alarm-actions', { on: true });
  });

  /** How many tasks are asked for after each of these minutes, in which every task uses so much CPU. */
  async function counts(...cpu: readonly number[]): Promise<(number | undefined)[]> {
    const { ask, clients } = stage.emulator;
    await ask('POST', 'usage', { service: 'worker', cpu });
    const seen: (number | undefined)[] = [];
    for (const _minute of cpu) {
      await ask('POST', 'minutes', { pass: 1 });
      const { services } = await clients.ecs.send(
        new DescribeServicesCommand({ cluster: 'temporal-fargate-dev', services: ['worker'] }),
      );
      seen.push(services?.[0]?.desiredCount);
    }
    return seen;
  }
  const minutes = (count: number, cpu: number): number[] => Array.from({ length: count }, () => cpu);

  it('leave one minute of load alone', async () => {
    expect(await counts(25, 90, 25, 25)).toEqual([1, 1, 1, 1]);
  });

  it('add one task from 30 % CPU on, two from 40 %, every minute after the second one', async () => {
    expect(await counts(29.9, 29.9, 30, 30, 39.9, 40)).toEqual([1, 1, 1, 2, 3, 5]);
  });

  it('add one at 35 %, two at 60 %, and never more than the maximum', async () => {
    expect(await counts(35, 60, 60, 60)).toEqual([6, 8, 10, 10]);
  });

  it('stay between 20 % and 30 %', async () => {
    expect(await counts(...minutes(12, 25))).toEqual(minutes(12, 10));
  });

  it('take one away after ten quiet minutes, then one more every five, and never the last', async () => {
    const quiet = await counts(...minutes(60, 20));
    expect(quiet.slice(0, 10)).toEqual([...minutes(9, 10), 9]);
    const rest = Array.from({ length: 50 }, (_, minute) => Math.max(1, 9 - Math.floor((minute + 1) / 5)));
    expect(quiet.slice(10)).toEqual(rest);
    // Not drift: the desired count belongs to auto scaling.
    expect(await stack.pending()).toEqual({});
  });

  it('do not wait for the cooldown of a scale-in when load comes back', async () => {
    await counts(60, 60);
    const busy = await counts(...minutes(9, 10), 10, 60, 60);
    expect(busy.slice(-4)).toEqual([3, 2, 2, 4]);
  });
});
