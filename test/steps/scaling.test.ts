import { DescribeScalingActivitiesCommand } from '@aws-sdk/client-application-auto-scaling';
import { expect, it } from 'vitest';
import { eventually } from '../helpers/emulator.ts';
import { useSteps } from './stage.ts';

// A minute of CloudWatch takes 0.4 seconds.
const stage = useSteps({ delaySeconds: 0.2 });

it('The alarms and policies of the stack add a task from 30 % CPU, two from 40 %, and take one away below 20 %', async () => {
  const { emulator } = stage;
  const stack = await stage.fresh();
  await stack.up();
  await emulator.ask('POST', 'alarm-actions', { on: true });
  const use = (cpu: number) => emulator.ask('POST', 'usage', { service: 'worker', cpu, memory: 10 });
  /** What the desired count was set to, from the first change on. */
  const counts = async () => {
    const { ScalingActivities = [] } = await emulator.clients.autoscaling.send(
      new DescribeScalingActivitiesCommand({ ServiceNamespace: 'ecs' }),
    );
    return ScalingActivities.map(({ Description }) => Number(/\d+/.exec(Description ?? '')?.[0])).reverse();
  };
  const reach = (what: string, fits: (counts: number[]) => boolean) =>
    eventually(what, async () => {
      const seen = await counts();
      return fits(seen) && seen;
    });
  const jumps = (seen: number[]) => seen.map((count, index) => count - (seen[index - 1] ?? 1));
  await use(35);
  expect(jumps(await reach('more tasks', ({ length }) => length >= 2)).slice(0, 2)).toEqual([1, 1]);
  await use(60);
  await reach('many more tasks', (seen) => jumps(seen).includes(2));
  await use(5);
  const seen = await reach('fewer tasks', (all) => jumps(all).some((jump) => jump < 0));
  expect(jumps(seen).find((jump) => jump < 0)).toBe(-1);
  // Not drift: the desired count belongs to auto scaling.
  expect(await stack.pending()).toEqual({});
});
