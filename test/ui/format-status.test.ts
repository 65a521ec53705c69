import { describe, expect, it } from 'vitest';
import type { ServiceReport } from '../../src/aws/service-report.ts';
import { formatStatus } from '../../src/ui/format-status.ts';
import type { StackStatus, WorkerStatus } from '../../src/ui/stack-status.ts';
import { ago, NOW, service, stack, task, worker } from './sample-status.ts';

const show = (status: StackStatus): string => `\n${formatStatus(status, NOW)}\n`;

describe('the status of a stack', () => {
  it('joins ECS, auto scaling and Temporal', () => {
    expect(show(stack())).toMatchInlineSnapshot(`
      "
      Stack       dev (us-east-1)
      Temporal    dev.a1b2c.tmprl.cloud:7233, namespace dev.a1b2c
      Seen as     203.0.113.7 (NAT gateway)
      Data        s3://tfg-dev-data-123456789012-us-east-1-an/
      Drift       none: everything is as configured

      Worker      worker, task queue test-queue, revision 3
      Deployment  SUCCESSFUL, 5 min ago
      Tasks       1 of 1 running, 1 on Spot
        task      zone        runs on  state    age    image         polls
        0f3a9c12  us-east-1a  Spot     HEALTHY  3 min  9a8b7c6d5e4f  yes
      Backlog     nothing waits
      Scaling     1 of 1 to 10 tasks, at minimum: the low-CPU alarm is normal there
      "
    `);
  });

  it('shows what is not as it should be, each with what is known of it', () => {
    const stopped = task('77aa', {
      stoppedAt: ago(240),
      stopCode: 'SpotInterruption',
      stoppedReason: 'Your Spot Task was interrupted.',
    });
    const starting = task('1234abcd', {
      status: 'PENDING',
      health: 'UNKNOWN',
      capacityProvider: 'FARGATE',
      zone: 'us-east-1b',
      startedAt: undefined,
      imageDigest: '',
    });
    const broken = service({
      desired: 3,
      pending: 1,
      deployment: 'ROLLBACK_SUCCESSFUL',
      deploymentReason: 'Service deployment rolled back because the circuit breaker threshold was exceeded.',
      tasks: [task('0f3a9c12'), starting],
      stopped: [stopped],
      events: ['(service worker) was unable to place a task. Reason: Capacity is unavailable at this time.'],
    });
    const pollers = [
      { identity: `dev/${stopped.id}/9a8b7c6d5e4f`, lastSeen: ago(70) },
      { identity: '4242@laptop', lastSeen: ago(5) },
    ];
    const status = stack({
      egress: { via: 'NAT gateway', addresses: ['203.0.113.7', '203.0.113.8'], problem: null },
      drift: { differences: 2, problem: null },
      lock: { user: 'ann', host: 'laptop', command: 'init' },
      workers: [
        worker({
          service: broken,
          pollers,
          problem: {
            cause: 'Fargate has no capacity for these tasks at present, so none was placed',
            fix: 'Weights do not fail over: run init again with more on demand (--on-demand-base 1), or wait.',
          },
          backlog: { workflowTasks: 3, activities: 9, oldestMs: 95_000 },
        }),
      ],
    });
    expect(show(status)).toMatchInlineSnapshot(`
      "
      Stack       dev (us-east-1)
      Temporal    dev.a1b2c.tmprl.cloud:7233, namespace dev.a1b2c
      Seen as     203.0.113.7, 203.0.113.8 (NAT gateway)
      Data        s3://tfg-dev-data-123456789012-us-east-1-an/
      Drift       2 things differ: run plan
      Locked      ann@laptop runs init

      Worker      worker, task queue test-queue, revision 3
      Deployment  ROLLBACK_SUCCESSFUL, 5 min ago, back to the revision before: Service
                  deployment rolled back because the circuit breaker threshold was
                  exceeded.
      Tasks       1 of 3 running, 1 on Spot, 1 pending
        task      zone        runs on  state    age    image         polls
        0f3a9c12  us-east-1a  Spot     HEALTHY  3 min  9a8b7c6d5e4f  no
        1234abcd  us-east-1b  Fargate  PENDING  -      -             no
      Problem     Fargate has no capacity for these tasks at present, so none was
                  placed
                  Weights do not fail over: run init again with more on demand
                  (--on-demand-base 1), or wait.
      Spot        1 task interrupted by Spot in the last hour: 77aa0000 4 min ago,
                  replaced by 0f3a9c12
      Last event  (service worker) was unable to place a task. Reason: Capacity is
                  unavailable at this time.
      Backlog     12 waiting for up to 1 min (3 workflow tasks, 9 activities)
      Also polls  4242@laptop, seen 5 s ago
      Scaling     3 of 1 to 10 tasks, low-CPU alarm on: one less next
      "
    `);
  });

  it('says of what could not be asked that it is not known', () => {
    const status = stack({
      egress: { via: null, addresses: [], problem: null },
      drift: { differences: null, problem: 'calling ECR DescribeImages: access denied' },
      temporalProblem: 'connecting to Temporal at dev.a1b2c.tmprl.cloud:7233: it does not answer',
      workers: [worker({ pollers: null, backlog: null, scaling: null }), worker({ worker: 'other', service: null })],
    });
    expect(show(status)).toMatchInlineSnapshot(`
      "
      Stack       dev (us-east-1)
      Temporal    dev.a1b2c.tmprl.cloud:7233, namespace dev.a1b2c
                  could not be asked: connecting to Temporal at
                  dev.a1b2c.tmprl.cloud:7233: it does not answer
      Seen as     not known: no NAT gateway is on the tasks' way out
      Data        s3://tfg-dev-data-123456789012-us-east-1-an/
      Drift       not looked at: calling ECR DescribeImages: access denied

      Worker      worker, task queue test-queue, revision 3
      Deployment  SUCCESSFUL, 5 min ago
      Tasks       1 of 1 running, 1 on Spot
        task      zone        runs on  state    age    image         polls
        0f3a9c12  us-east-1a  Spot     HEALTHY  3 min  9a8b7c6d5e4f  ?
      Scaling     off: no scalable target, so the number of tasks stays as it is

      Worker      other: there is no ECS service
      "
    `);
  });

  it('never takes more than 80 columns, and shows twenty of many tasks', () => {
    const many = Array.from({ length: 60 }, (_, at) =>
      task(`${at}`.padStart(8, 'f'), { zone: 'ap-southeast-2a', status: 'PROVISIONING', startedAt: ago(59 * 60) }),
    );
    const addresses = Array.from({ length: 60 }, (_, at) => `203.0.113.${100 + at}`);
    const wide = stack({
      egress: { via: 'public address', addresses, problem: null },
      workers: [worker({ service: service({ running: 60, desired: 60, tasks: many }), pollers: null })],
    });
    const lines = formatStatus(wide, NOW).split('\n');
    expect(lines).toContain('  and 40 more');
    expect(lines.filter((line) => line.length > 80)).toEqual([]);
  });
});

describe('a deployment', () => {
  it.each<[string, Partial<ServiceReport>, string]>([
    ['has worked', {}, 'SUCCESSFUL, 5 min ago'],
    ['is under way', { deployment: 'IN_PROGRESS', deploymentEndedAt: undefined }, 'IN_PROGRESS, began 6 min ago'],
    [
      'was rolled back',
      { deployment: 'ROLLBACK_SUCCESSFUL', deploymentReason: 'breaker' },
      'ROLLBACK_SUCCESSFUL, 5 min ago, back to the revision before: breaker',
    ],
  ])('that %s', (_what, more, words) => {
    const text = formatStatus(stack({ workers: [worker({ service: service(more) })] }), NOW);
    expect(text).toContain(`Deployment  ${words}\n`);
  });
});

describe('the backlog', () => {
  it.each<[string, WorkerStatus['backlog'], string]>([
    ['of an idle queue', { workflowTasks: 0, activities: 0, oldestMs: 0 }, 'nothing waits'],
    [
      'that grows',
      { workflowTasks: 3, activities: 9, oldestMs: 95_000 },
      '12 waiting for up to 1 min (3 workflow tasks, 9 activities)',
    ],
    ['that the server does not count', null, 'not told by this Temporal server'],
  ])('%s', (_what, backlog, words) => {
    expect(formatStatus(stack({ workers: [worker({ backlog })] }), NOW)).toContain(`Backlog     ${words}\n`);
  });
});
