import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ContainerDefinition, CreateServiceCommandInput, RuntimePlatform, Task } from '@aws-sdk/client-ecs';
import { afterAll, beforeAll, beforeEach } from 'vitest';
import type { Aws } from '../../src/aws/aws.ts';
import { explainFailure } from '../../src/aws/deployment-failure.ts';
import { AwsStack } from '../helpers/aws-stack.ts';
import { type TestEmulator, useEmulator } from '../helpers/emulator.ts';
import {
  breaker,
  cluster,
  createService,
  deploymentIs,
  logGroup,
  register,
  type Stage,
  setStage,
  taskWhere,
} from './ecs-stage.ts';

export const registry = '123456789012.dkr.ecr.us-east-1.amazonaws.com';

const options = { 'awslogs-group': logGroup, 'awslogs-region': 'us-east-1', 'awslogs-stream-prefix': 'worker' };
export const logsTo = (changes: Partial<typeof options>) => ({
  logConfiguration: { logDriver: 'awslogs' as const, options: { ...options, ...changes } },
});

/** A busy machine may need longer to let a container fail than a task without a check needs to count as good. */
const NOT_YET_HEALTHY = { command: ['CMD-SHELL', 'exit 1'], interval: 300, startPeriod: 300 };

export interface Failure {
  readonly task: Task;
  /** What the program makes of it. */
  readonly lines: readonly string[];
  readonly fix: string;
}

export interface FailureOptions {
  /** Of service and container. */
  readonly name?: string;
  readonly platform?: RuntimePlatform;
  readonly service?: Partial<CreateServiceCommandInput>;
}

export interface FailureStage {
  readonly emulator: TestEmulator;
  readonly stage: Stage;
  /** The program's own clients. */
  readonly aws: Aws;
  /** Starts one task of a new service, and answers how it stopped and what the program makes of that. */
  failure(container: Partial<ContainerDefinition>, more?: FailureOptions): Promise<Failure>;
}

/** Tasks as processes, on a stage that is new for each test of the file. */
export function useFailures(): FailureStage {
  const emulator = useEmulator({ strict: ['off'], tasks: 'process' });
  const folder = mkdtempSync(join(tmpdir(), 'temporal-fargate-failures-'));
  let stage: Stage;
  let product: AwsStack;
  beforeAll(() => {
    product = new AwsStack(emulator.address, folder);
  });
  afterAll(() => {
    product.close();
    rmSync(folder, { recursive: true });
  });
  beforeEach(async () => {
    await emulator.reset();
    stage = await setStage(emulator);
  });
  return {
    emulator,
    get stage() {
      return stage;
    },
    get aws() {
      return product.aws;
    },
    async failure(container, { name = 'worker', platform, service } = {}) {
      const named = { name, ...logsTo({}), healthCheck: NOT_YET_HEALTHY, ...container };
      const definition = await register(emulator, stage, named, platform);
      await createService(emulator, stage, name, definition, {
        deploymentConfiguration: breaker(1, true),
        ...service,
      });
      const task = await taskWhere(emulator, name, 'stopped', ({ lastStatus }) => lastStatus === 'STOPPED');
      await deploymentIs(emulator, name, 'STOPPED');
      const told = await explainFailure(product.aws, { cluster, service: name, logGroup });
      return { task, lines: told?.lines ?? [], fix: told?.fix ?? '' };
    },
  };
}
