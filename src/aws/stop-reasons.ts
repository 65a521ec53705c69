import { END_RULES } from './end-words.ts';
import { LOG_RULES } from './log-words.ts';
import type { Rule } from './stop-rule.ts';

/**
 * Why a task did not come up or did not stay, and what to do about it, by the words of AWS and of the worker. Sources:
 * ECS developer guide, "Stopped task error messages", "Service event messages" and "CannotPullContainer task errors";
 * AWS does not promise these words, so as little of them as possible is matched.
 */
export interface Diagnosis {
  /** One clause, without a full stop. */
  readonly cause: string;
  readonly fix: string;
}

const AGAIN = 'run init again';

/** Words of AWS. */
const TASK_RULES: readonly Rule[] = [
  {
    words: /descriptor (matching|for) platform|no match for platform|exec format error/i,
    cause: 'the image is for another processor architecture than the task definition asks for',
    fix: 'Build the image for that architecture, or choose the other one with --architecture (arm64 or x86_64).',
  },
  {
    words: /CannotPullContainerError.*(403 Forbidden|not authorized|denied|no basic auth)/i,
    cause: 'the execution role may not pull the image',
    fix: `Take back what denies it ecr:BatchGetImage and ecr:GetDownloadUrlForLayer, then ${AGAIN}: it puts the role's own policy back.`,
  },
  {
    words: /CannotPullContainerError.*(not found|manifest unknown|does not exist)/i,
    cause: 'the image is not in its repository',
    fix: `Check the image's name, tag or digest and ${AGAIN}: it pushes the worker's image when it is missing.`,
  },
  {
    words: /ecr registry auth.*(not authorized|AccessDenied)/i,
    cause: 'the execution role may not log in to ECR',
    fix: `Take back what denies it ecr:GetAuthorizationToken, then ${AGAIN}: it puts the role's own policy back.`,
  },
  {
    words:
      /(?:ResourceInitializationError|CannotPullContainerError).*(?:timeout|timed out|deadline exceeded|dial tcp)/i,
    cause: ([words]) => `the task does not reach ${silentService(words)}`,
    fix: 'Check the default route of its subnets and the NAT gateway there, or the VPC endpoints, and that security group and network ACLs let port 443 out.',
  },
  {
    words: /did not contain json key/i,
    cause: "the stack's secret lacks a key that the worker needs",
    fix: `Set TEMPORAL_API_KEY (or the certificate's variables) and ${AGAIN}: it writes the secret. One of your own (--secret-arn) is yours to complete.`,
  },
  {
    words: /Access to KMS is not allowed/i,
    cause: 'the execution role may not decrypt the secret',
    fix: `Let it kms:Decrypt in the key policy of the secret's own KMS key, and in the permissions boundary if there is one; then ${AGAIN}.`,
  },
  {
    words: /secret from (asm|ssm).*(not authorized|AccessDenied)/i,
    cause: 'the execution role may not read the secret',
    fix: `Take back what denies it secretsmanager:GetSecretValue, then ${AGAIN}: it puts the role's own policy back.`,
  },
  {
    words: /secret from (asm|ssm).*(ResourceNotFound|can't find|marked for deletion|InvalidRequest)/i,
    cause: 'the secret is gone or about to be deleted',
    fix: `Set TEMPORAL_API_KEY (or the certificate's variables) and ${AGAIN}: it makes or restores the secret.`,
  },
  {
    words: /logger args.*log group does not exist/i,
    cause: 'the log group is gone',
    fix: `Just ${AGAIN}: it makes the log group.`,
  },
  {
    words: /logger args.*(not authorized|AccessDenied)/i,
    cause: 'the execution role may not write logs',
    fix: `Take back what denies it logs:CreateLogStream, then ${AGAIN}: it puts the role's own policy back.`,
  },
  {
    words: /unable to assume the role/i,
    cause: 'ECS cannot assume a role of the task definition',
    fix: `Give the role back its trust in ecs-tasks.amazonaws.com: ${AGAIN}, and it does so.`,
  },
  {
    words: /limit on the number of (vCPUs|tasks)/i,
    cause: 'the account may not run more Fargate vCPUs at once, so no task was placed',
    fix: 'Ask for more in Service Quotas (Fargate: L-3032A538 on demand, L-36FBB829 Spot), or take fewer or smaller tasks (--min-tasks, --cpu), and run init again.',
  },
  {
    words: /capacity is unavailable/i,
    cause: 'Fargate has no capacity for these tasks at present, so none was placed',
    fix: 'Weights do not fail over: run init again with more on demand (--on-demand-base 1, or --spot-weight 0), or later.',
  },
  {
    words: /InsufficientFreeAddresses|not enough free addresses/i,
    cause: 'the subnet has no free addresses left',
    fix: 'Delete what else lives in these subnets, or choose a larger --cidr.',
  },
  {
    words: /OutOfMemory/,
    cause: 'the worker needs more memory than its task has',
    fix: 'Give it more with --memory.',
  },
  {
    words: /CannotStartContainerError.*(executable file not found|no such file)/i,
    cause: "the image has no such program as the container's command names",
    fix: "Check ENTRYPOINT and CMD of the image: their program has to be in it, and on its PATH when it isn't given in full.",
  },
];

/** Of which service a task has waited for the answer. */
function silentService(words: string): string {
  if (/from asm|secrets manager/i.test(words)) return 'Secrets Manager';
  if (/logger args/.test(words)) return 'CloudWatch Logs';
  if (/\.s3\./.test(words)) return 'S3, where ECR keeps the layers of images';
  return /ecr/i.test(words) ? 'ECR' : 'the registry of its image';
}

/** From the particular to the general: the first one that fits is told. */
const RULES = [...TASK_RULES, ...LOG_RULES, ...END_RULES];

/** What stands behind these words, or `undefined` when nobody has described it yet. */
export function diagnose(words: readonly string[]): Diagnosis | undefined {
  const text = words.join('\n');
  for (const { words: pattern, cause, fix } of RULES) {
    const found = pattern.exec(text);
    if (found) return { cause: sentence(cause, found), fix: sentence(fix, found) };
  }
  return undefined;
}

const sentence = (told: Rule['cause'], found: RegExpExecArray): string =>
  typeof told === 'string' ? told : told(found);
