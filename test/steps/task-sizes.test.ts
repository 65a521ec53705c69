import { describe, expect, it } from 'vitest';
import { FARGATE_SIZES } from '../../src/config/fargate.ts';
import { sizeEnvironment, taskSizes } from '../../src/steps/compute/task-sizes.ts';
import { readSizes } from '../../worker/sizes.ts';

const ALL = Object.entries(FARGATE_SIZES).flatMap(([cpu, sizes]) => sizes.map((memory) => [Number(cpu), memory]));

describe('what a worker may use and take on', () => {
  it.each([
    [256, 512, { heap: 320, cachedWorkflows: 99, workflowTaskSlots: 10, activitySlots: 25 }],
    [512, 1024, { heap: 781, cachedWorkflows: 369, workflowTaskSlots: 20, activitySlots: 50 }],
    [1024, 2048, { heap: 1638, cachedWorkflows: 871, workflowTaskSlots: 40, activitySlots: 100 }],
    [4096, 8192, { heap: 6553, cachedWorkflows: 2312, workflowTaskSlots: 40, activitySlots: 100 }],
    [16384, 122880, { heap: 98304, cachedWorkflows: 2312, workflowTaskSlots: 40, activitySlots: 100 }],
  ])('follows from CPU %i and %i MiB', (cpu, memory, sizes) => {
    expect(taskSizes(cpu, memory)).toEqual(sizes);
  });

  it('leaves room outside of the heap in every task that Fargate has', () => {
    // 153 MB of a polling worker are no heap that grows; V8 adds up to 48 MB of young objects to the old space.
    const tight = ALL.filter(([cpu = 0, memory = 0]) => memory - taskSizes(cpu, memory).heap < 153 + 20);
    expect(tight).toEqual([]);
  });

  it('never has more workflow tasks under way than workflows in memory', () => {
    const odd = ALL.map(([cpu = 0, memory = 0]) => taskSizes(cpu, memory)).filter(
      ({ cachedWorkflows, workflowTaskSlots }) => workflowTaskSlots > cachedWorkflows || workflowTaskSlots < 2,
    );
    expect(odd).toEqual([]);
  });

  it('reaches the worker, whatever the size', () => {
    for (const [cpu = 0, memory = 0] of ALL) {
      const problems: string[] = [];
      const { cachedWorkflows, workflowTaskSlots, activitySlots } = taskSizes(cpu, memory);
      expect(readSizes(sizeEnvironment({ cpu, memory }), problems)).toEqual({
        maxCachedWorkflows: cachedWorkflows,
        maxConcurrentWorkflowTaskExecutions: workflowTaskSlots,
        maxConcurrentActivityTaskExecutions: activitySlots,
        maxConcurrentLocalActivityExecutions: activitySlots,
      });
      expect(problems).toEqual([]);
    }
  });
});
