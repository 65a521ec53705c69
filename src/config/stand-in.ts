import type { Answers } from './option.ts';

/** Answers that go together, for a config of which only some answers matter: an estimate, or a search by tags. */
export const STAND_IN: Answers = {
  stack: 'dev',
  region: 'us-east-1',
  temporalAddress: 'unknown:7233',
  temporalNamespace: 'unknown',
  temporalAuth: 'api-key',
  temporalTls: true,
  taskQueue: 'unknown',
  network: 'private',
  cidr: '10.0.0.0/16',
  zones: 'us-east-1a,us-east-1b',
  cpu: 1024,
  memory: 2048,
  architecture: 'arm64',
  spotWeight: 1,
  onDemandWeight: 1,
  onDemandBase: 0,
  minTasks: 0,
  maxTasks: 1,
  scaleOutAt: 30,
  scaleInAt: 20,
  stopTimeout: 120,
  logRetentionDays: 7,
};

/** The same of a stack that has all that one may have or not: every kind of step. */
export const STAND_IN_OF_ALL: Answers = { ...STAND_IN, dataBucket: true, dataExpireDays: 1 };
