import type { Service } from '@aws-sdk/client-ecs';
import { describe, expect, it } from 'vitest';
import { rolloutOf, toLiveService } from '../../src/steps/compute/live-service.ts';

const primary = {
  id: 'ecs-svc/2',
  status: 'PRIMARY',
  taskDefinition: 'family:2',
  rolloutState: 'IN_PROGRESS',
} as const;
const earlier = { id: 'ecs-svc/1', status: 'ACTIVE', taskDefinition: 'family:1', rolloutState: 'COMPLETED' } as const;
const hung = { ...primary, desiredCount: 1, pendingCount: 1, runningCount: 0, failedTasks: 0 };

const live = (changes: Partial<Service> = {}) =>
  toLiveService({ serviceName: 'worker', status: 'ACTIVE', deployments: [hung, earlier], ...changes });

describe('the progress of a deployment', () => {
  it('is the same at every look while a task stays where it is', () => {
    const readiness = rolloutOf(live(), 'family:2');
    expect(readiness).toMatchObject({ state: 'waiting', progress: expect.any(String), stuck: undefined });
    expect(rolloutOf(live(), 'family:2').progress).toBe(readiness.progress);
  });

  it.each<[what: string, changes: Partial<Service>]>([
    ['a task that runs', { deployments: [{ ...hung, pendingCount: 0, runningCount: 1 }, earlier] }],
    ['a task that failed', { deployments: [{ ...hung, failedTasks: 1 }, earlier] }],
    ['a task of the earlier deployment that is gone', { deployments: [hung, { ...earlier, runningCount: 0 }] }],
    ['an event', { events: [{ message: '(service worker) has started 1 tasks: (task 1).' }] }],
  ])('changes with %s', (_what, changes) => {
    expect(live(changes).progress).not.toBe(live().progress);
  });
});

describe('a deployment that comes to nothing', () => {
  it('can go back only where an earlier one has worked and is still there', () => {
    expect(live().hasFallback).toBe(true);
    expect(live({ deployments: [hung] }).hasFallback).toBe(false);
    expect(live({ deployments: [hung, { ...earlier, rolloutState: 'FAILED' }] }).hasFallback).toBe(false);
    expect(live({ deployments: [{ ...primary, rolloutState: 'COMPLETED' }] }).hasFallback).toBe(false);
  });
});
