import { describe, expect, it } from 'vitest';
import { factsOf, newsOf } from '../../src/ui/status-news.ts';
import { ago, service, stack, task, worker } from './sample-status.ts';

const quiet = factsOf(stack());

describe('the news of a status', () => {
  it('are everything at the first look', () => {
    expect(newsOf(new Map(), quiet)).toEqual([
      'Temporal: answers',
      'seen as: 203.0.113.7 (NAT gateway)',
      'drift: none: everything is as configured',
      'worker deployment: SUCCESSFUL',
      'worker tasks: 1 of 1 running, 1 on Spot',
      'worker task 0f3a9c12: us-east-1a, Spot, HEALTHY, polls',
      'worker backlog: 0 workflow tasks, 0 activities',
      'worker scaling: 1 to 10 tasks',
      'worker alarm of cpu-scale-out: OK',
      'worker alarm of cpu-scale-in: ALARM',
    ]);
  });

  it('are what has changed, and what is no more', () => {
    const [old] = service().tasks;
    const other = task('1234abcd', { status: 'PENDING', health: 'UNKNOWN', capacityProvider: 'FARGATE' });
    const stopped = { ...(old ?? other), stopCode: 'SpotInterruption', stoppedReason: 'Interrupted.' };
    const changed = service({ running: 0, pending: 1, tasks: [other], stopped: [stopped] });
    expect(newsOf(quiet, factsOf(stack({ workers: [worker({ service: changed })] })))).toEqual([
      'worker tasks: 0 of 1 running, 1 pending',
      'worker task 1234abcd: us-east-1a, Fargate, PENDING, does not poll',
      'worker last stop: 0f3a9c12: SpotInterruption: Interrupted.',
      'worker task 0f3a9c12: no more',
    ]);
  });

  it('are none while only time passes', () => {
    const later = worker({
      service: service({ tasks: [task('0f3a9c12', { startedAt: ago(9000) })], deploymentEndedAt: ago(9000) }),
      pollers: worker().pollers?.map((poller) => ({ ...poller, lastSeen: ago(30) })) ?? null,
    });
    expect(newsOf(quiet, factsOf(stack({ workers: [later] })))).toEqual([]);
  });
});
