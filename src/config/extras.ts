import { type Answers, listOf } from './option.ts';
import type { StackConfig, WorkerConfig } from './schema.ts';

/** What the answers to the extras add to a config, still to be parsed. */
export const stackExtras = ({ permissionsBoundary }: Answers): Partial<StackConfig> => ({
  ...(permissionsBoundary && { permissionsBoundary: String(permissionsBoundary) }),
});

export function workerExtras(answers: Answers): Partial<WorkerConfig> {
  const securityGroupIds = listOf(answers.securityGroupIds);
  return securityGroupIds.length > 0 ? { securityGroupIds } : {};
}

/** The answers that lead to the extras of this config. */
export function extrasAnswers({ permissionsBoundary, workers: [worker] }: StackConfig): Answers {
  return {
    ...(permissionsBoundary !== undefined && { permissionsBoundary }),
    ...(worker?.securityGroupIds && { securityGroupIds: worker.securityGroupIds.join(',') }),
  };
}
