import { networkNeeds, networkNeedsAnswers, workerNeeds, workerNeedsAnswers } from './activity-needs.ts';
import { type Answers, listOf } from './option.ts';
import type { StackConfig, WorkerConfig } from './schema.ts';
import { parseTags } from './tags.ts';

/** A secret is only named by its answer; what AWS knows of it is looked up later. */
export const secretExtra = ({ secretArn }: Answers): Partial<StackConfig['temporal']> => ({
  ...(secretArn && { secret: { arn: String(secretArn) } }),
});

/** What the answers to the extras add to a config, still to be parsed. */
export function stackExtras(answers: Answers): Partial<StackConfig> {
  const { permissionsBoundary, tags: text } = answers;
  const { tags } = parseTags(String(text ?? ''));
  return {
    ...(Object.keys(tags).length > 0 && { tags }),
    ...(permissionsBoundary && { permissionsBoundary: String(permissionsBoundary) }),
    ...networkNeeds(answers),
  };
}

export function workerExtras(answers: Answers): Partial<WorkerConfig> {
  const securityGroupIds = listOf(answers.securityGroupIds);
  return { ...(securityGroupIds.length > 0 && { securityGroupIds }), ...workerNeeds(answers) };
}

/** The answers that lead to the extras of this config. */
export function extrasAnswers(config: StackConfig): Answers {
  const { temporal, tags, permissionsBoundary } = config;
  return {
    ...(temporal.secret && { secretArn: temporal.secret.arn }),
    ...(tags && {
      tags: Object.entries(tags)
        .map(([key, value]) => `${key}=${value}`)
        .join(','),
    }),
    ...(permissionsBoundary !== undefined && { permissionsBoundary }),
    ...networkNeedsAnswers(config),
  };
}

export const workerExtrasAnswers = (worker: WorkerConfig): Answers => ({
  ...(worker.securityGroupIds && { securityGroupIds: worker.securityGroupIds.join(',') }),
  ...workerNeedsAnswers(worker),
});
