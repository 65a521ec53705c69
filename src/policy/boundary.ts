import { LOG_GROUP } from '../steps/compute/log-group.ts';
import { DATA, DATA_BUCKET } from '../steps/data/data-bucket.ts';
import { REPOSITORY } from '../steps/image/repository.ts';
import { ANYTHING, may, type Permission, type PolicyPlace, type Scope } from '../steps/permission.ts';
import { SECRET } from '../steps/secrets/temporal-secret.ts';
import { USED_KEYS, USED_REPOSITORIES, USED_SECRETS } from '../steps/used.ts';
import { type PrintedStatement, statementsOf } from './document.ts';

/**
 * What a role of `init` can be allowed at all: to pull, to log, to read the secrets that the stack has or uses, and its
 * data. A boundary allows nothing by itself, and what a worker needs besides has to be in it as well as in its policy.
 */
export const boundaryStatements = (place: PolicyPlace): PrintedStatement[] => statementsOf(MOST, place);

const PULL = ['ecr:BatchCheckLayerAvailability', 'ecr:BatchGetImage', 'ecr:GetDownloadUrlForLayer'] as const;

const named = (scope: Scope, sid: string): Scope => ({ ...scope, sid });

const MOST: readonly Permission[] = [
  may(named(ANYTHING, 'Token'), 'ecr:GetAuthorizationToken'),
  may(REPOSITORY, ...PULL),
  may(USED_REPOSITORIES, ...PULL),
  may(LOG_GROUP, 'logs:CreateLogStream', 'logs:PutLogEvents'),
  may(SECRET, 'secretsmanager:GetSecretValue'),
  may(USED_SECRETS, 'secretsmanager:GetSecretValue'),
  may(USED_KEYS, 'kms:Decrypt'),
  may(DATA_BUCKET, 's3:ListBucket'),
  may(DATA, 's3:AbortMultipartUpload', 's3:DeleteObject', 's3:GetObject', 's3:PutObject'),
];
