import type { LogGroupStep } from '../compute/log-group.ts';
import { mayPullImages } from '../image/pull-images.ts';
import type { RepositoryStep } from '../image/repository.ts';
import { mayReadSecrets } from '../secrets/read-secret.ts';
import type { TemporalSecretStep } from '../secrets/temporal-secret.ts';
import { role } from './role.ts';

/** What ECS itself may do for a task before its code runs: pull its image, write this log, read these secrets. */
export const executionRole = (needs: {
  /** Absent when all images are the user's. */
  repository?: RepositoryStep;
  logGroup: LogGroupStep;
  secret?: TemporalSecretStep;
}) =>
  role('execution', needs, (config, from) => [
    ...mayPullImages(config, from.repository?.arn),
    {
      Sid: 'Logs',
      Effect: 'Allow',
      // Not CreateLogGroup: a task that stops late would bring a deleted group back.
      Action: ['logs:CreateLogStream', 'logs:PutLogEvents'],
      Resource: `${from.logGroup.arn}:*`,
    },
    ...mayReadSecrets(config, from.secret),
  ]);

export type ExecutionRoleStep = ReturnType<typeof executionRole>;
