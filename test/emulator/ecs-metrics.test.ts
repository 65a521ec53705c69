import { GetMetricDataCommand, GetMetricStatisticsCommand } from '@aws-sdk/client-cloudwatch';
import { beforeEach, describe, expect, it } from 'vitest';
import { eventually, useEmulator } from '../helpers/emulator.ts';
import { cluster, createService, register, type Stage, setStage } from './ecs-stage.ts';

const emulator = useEmulator({ tasks: 'process', strict: ['off'] });
let stage: Stage;

beforeEach(async () => {
  await emulator.reset();
  stage = await setStage(emulator);
});

const dimensions = (service: string) => [
  { Name: 'ClusterName', Value: cluster },
  { Name: 'ServiceName', Value: service },
];
const hour = () => ({ StartTime: new Date(Date.now() - 1800_000), EndTime: new Date(Date.now() + 1800_000) });

/** The highest datum of a service's metric, as soon as there is one that fits. */
const datum = (service: string, MetricName: string, fits: (value: number) => boolean) =>
  eventually(`${service} ${MetricName}`, async () => {
    const { Datapoints = [] } = await emulator.clients.cloudwatch.send(
      new GetMetricStatisticsCommand({
        Namespace: 'AWS/ECS',
        MetricName,
        Dimensions: dimensions(service),
        ...hour(),
        Period: 3600,
        Statistics: ['Maximum', 'SampleCount'],
      }),
    );
    const [point] = Datapoints;
    return point && fits(point.Maximum ?? 0) && point;
  });

describe('AWS/ECS metrics of a service', () => {
  it('are what its processes use, in percent of the task’s CPU and memory', async () => {
    // A quarter vCPU and 512 MiB: a busy loop is more than all of the one, and 200 MiB are some 40 % of the other.
    const command = ['node', '-e', 'const kept = Buffer.alloc(200 << 20, 1); for (;;) kept[0] += 1;'];
    await createService(emulator, stage, 'busy', await register(emulator, stage, { command }));
    await createService(emulator, stage, 'idle', await register(emulator, stage));
    expect((await datum('busy', 'CPUUtilization', (value) => value > 90)).Maximum).toBeLessThanOrEqual(100);
    expect((await datum('busy', 'MemoryUtilization', (value) => value > 40)).Maximum).toBeLessThan(80);
    await datum('idle', 'CPUUtilization', (value) => value < 100);
    expect((await datum('idle', 'MemoryUtilization', (value) => value > 0)).Maximum).toBeLessThan(30);
    const { MetricDataResults } = await emulator.clients.cloudwatch.send(
      new GetMetricDataCommand({
        ...hour(),
        MetricDataQueries: [
          {
            Id: 'memory',
            MetricStat: {
              Metric: { Namespace: 'AWS/ECS', MetricName: 'MemoryUtilization', Dimensions: dimensions('idle') },
              Period: 60,
              Stat: 'Average',
            },
          },
        ],
      }),
    );
    expect(MetricDataResults?.[0]?.Values?.every((value) => value > 0 && value < 30)).toBe(true);
  });
});
