import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { splitTasks } from '../../src/steps/compute/task-cost.ts';

const split = (strategy: string, tasks: number): string => {
  const [onDemandBase = 0, spotWeight = 0, onDemandWeight = 0] = strategy.split('/').map(Number);
  const { spot, onDemand } = splitTasks({ onDemandBase, spotWeight, onDemandWeight }, tasks);
  return `${spot} Spot, ${onDemand} on demand`;
};

describe('tasks are split between Spot and on demand', () => {
  // Base, weight of Spot, weight of on demand. The first two are the examples of the API reference.
  it.each<[string, number, string]>([
    ['0/1/1', 10, '5 Spot, 5 on demand'],
    ['0/4/1', 5, '4 Spot, 1 on demand'],
    ['0/4/1', 10, '8 Spot, 2 on demand'],
    ['2/1/1', 10, '4 Spot, 6 on demand'],
    ['0/4/1', 1, '1 Spot, 0 on demand'],
    ['1/4/1', 1, '0 Spot, 1 on demand'],
    ['1/4/1', 6, '4 Spot, 2 on demand'],
    ['3/1/0', 2, '0 Spot, 2 on demand'],
    ['3/1/0', 10, '7 Spot, 3 on demand'],
    ['0/0/1', 4, '0 Spot, 4 on demand'],
    ['0/4/1', 0, '0 Spot, 0 on demand'],
  ])('by base and weights %s, %i tasks: %s', (strategy, tasks, expected) => {
    expect(split(strategy, tasks)).toBe(expected);
  });

  it('so that none is lost, the base is kept, and the rest is within one task of the weights', () => {
    const upTo = (max: number) => fc.integer({ min: 0, max });
    fc.assert(
      fc.property(upTo(20), upTo(50), upTo(50), upTo(200), (onDemandBase, spotWeight, onDemandWeight, tasks) => {
        fc.pre(spotWeight + onDemandWeight > 0);
        const { spot, onDemand } = splitTasks({ onDemandBase, spotWeight, onDemandWeight }, tasks);
        expect(spot + onDemand).toBe(tasks);
        expect(onDemand).toBeGreaterThanOrEqual(Math.min(onDemandBase, tasks));
        const rest = Math.max(0, tasks - onDemandBase);
        expect(Math.abs(spot - (rest * spotWeight) / (spotWeight + onDemandWeight))).toBeLessThanOrEqual(1);
      }),
    );
  });
});
