import type { ServiceReport, TaskReport } from '../../src/aws/service-report.ts';
import type { StackStatus, WorkerStatus } from '../../src/ui/stack-status.ts';

export const NOW = new Date('2026-11-25T12:00:00Z');
export const ago = (seconds: number): Date => new Date(NOW.getTime() - seconds * 1000);

export const task = (start: string, more: Partial<TaskReport> = {}): TaskReport => ({
  id: start.padEnd(32, '0'),
  createdAt: ago(200),
  status: 'RUNNING',
  health: 'HEALTHY',
  capacityProvider: 'FARGATE_SPOT',
  zone: 'us-east-1a',
  interfaceId: 'eni-1',
  startedAt: ago(190),
  stoppedAt: undefined,
  imageDigest: `sha256:${'9a8b7c6d5e4f'.padEnd(64, '0')}`,
  stopCode: '',
  stoppedReason: '',
  containers: [],
  ...more,
});

export const service = (more: Partial<ServiceReport> = {}): ServiceReport => ({
  status: 'ACTIVE',
  running: 1,
  pending: 0,
  desired: 1,
  taskDefinition: 'arn:aws:ecs:us-east-1:123456789012:task-definition/temporal-fargate-dev_worker:3',
  subnetIds: ['subnet-1'],
  publicAddresses: false,
  deployment: 'SUCCESSFUL',
  deploymentReason: '',
  deployedAt: ago(400),
  deploymentEndedAt: ago(300),
  events: [],
  tasks: [task('0f3a9c12')],
  stopped: [],
  ...more,
});

export const worker = (more: Partial<WorkerStatus> = {}): WorkerStatus => ({
  worker: 'worker',
  taskQueue: 'test-queue',
  paused: false,
  service: service(),
  problem: null,
  scaling: {
    min: 1,
    max: 10,
    suspended: false,
    policies: [
      { name: 'cpu-scale-out', adds: 1, state: 'OK', cooldownSeconds: 60 },
      { name: 'cpu-scale-in', adds: -1, state: 'ALARM', cooldownSeconds: 300 },
    ],
    lastActivity: null,
  },
  scalingProblem: null,
  pollers: [{ identity: `dev/${'0f3a9c12'.padEnd(32, '0')}/9a8b7c6d5e4f`, lastSeen: ago(3) }],
  backlog: { workflowTasks: 0, activities: 0, oldestMs: 0 },
  ...more,
});

export const stack = (more: Partial<StackStatus> = {}): StackStatus => ({
  stack: 'dev',
  region: 'us-east-1',
  address: 'dev.a1b2c.tmprl.cloud:7233',
  namespace: 'dev.a1b2c',
  dataBucket: 'tfg-dev-data-123456789012-us-east-1-an',
  egress: { via: 'NAT gateway', addresses: ['203.0.113.7'], problem: null },
  drift: { differences: 0, problem: null },
  temporalProblem: null,
  lock: null,
  workers: [worker()],
  ...more,
});
