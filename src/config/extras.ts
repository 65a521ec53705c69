import { type Answers, listOf } from './option.ts';
import type { StackConfig, WorkerConfig } from './schema.ts';

/** A secret is only named by its answer; what AWS knows of it is looked up later. */
export const secretExtra = ({ secretArn }: Answers): Partial<StackConfig['temporal']> => ({
  ...(secretArn && { secret: { arn: String(secretArn) } }),
});

/** What the answers to the extras add to a config, still to be parsed. */
export const stackExtras = ({ permissionsBoundary }: Answers): Partial<StackConfig> => ({
  ...(permissionsBoundary && { permissionsBoundary: String(permissionsBoundary) }),
});

export function workerExtras(answers: Answers): Partial<WorkerConfig> {
  const securityGroupIds = listOf(answers.securityGroupIds);
  return securityGroupIds.length > 0 ? { securityGroupIds } : {};
}

/** The answers that lead to the extras of this config. */
export function extrasAnswers({ temporal, permissionsBoundary, workers: [worker] }: StackConfig): Answers {
  return {
    ...(temporal.secret && { secretArn: temporal.secret.arn }),
    ...(permissionsBoundary !== undefined && { permissionsBoundary }),
    ...(worker?.securityGroupIds && { securityGroupIds: worker.securityGroupIds.join(',') }),
  };
}
