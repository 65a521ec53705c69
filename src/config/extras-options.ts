import { listOf, type Option } from './option.ts';
import { parseTags } from './tags.ts';
import { POLICY_ARN } from './task-policy.ts';

/** ECS takes five security groups for a service, and the stack has one of its own. Source: AwsVpcConfiguration, ECS API. */
export const MOST_EXTRA_GROUPS = 4;

/** Among the questions about Temporal, before those that it answers. */
export const SECRET_OPTION: Option = {
  key: 'secretArn',
  env: ['TEMPORAL_FARGATE_SECRET_ARN'],
  question: 'Secret that holds the credentials already',
  help: 'ARN of a secret in Secrets Manager, a JSON object with the names of the variables as keys; it is used, and never changed or deleted.',
  type: 'text',
  default: '',
  onRequest: true,
  when: ({ temporalAuth }) => temporalAuth !== 'none',
  validate: (answer) =>
    answer === '' || /^arn:aws[a-z-]*:secretsmanager:[a-z0-9-]+:\d{12}:secret:[\w/+=.@-]+$/.test(String(answer))
      ? undefined
      : `"${answer}" is no ARN of a secret, such as arn:aws:secretsmanager:us-east-1:123456789012:secret:temporal-AbCdEf`,
  stage: 'what',
};

/** What the rules of an organization ask for; most people need none of it. */
export const EXTRAS_OPTIONS: readonly Option[] = [
  {
    key: 'permissionsBoundary',
    env: ['TEMPORAL_FARGATE_PERMISSIONS_BOUNDARY'],
    question: 'Permissions boundary of the roles',
    help: 'ARN of an IAM policy; the roles of the tasks can do nothing that it does not allow.',
    type: 'text',
    default: '',
    onRequest: true,
    validate: (answer) =>
      answer === '' || POLICY_ARN.test(String(answer))
        ? undefined
        : `"${answer}" is no ARN of a policy, such as arn:aws:iam::123456789012:policy/boundary`,
    stage: 'what',
  },
  {
    key: 'tags',
    env: ['TEMPORAL_FARGATE_TAGS'],
    question: 'Further tags on everything',
    help: 'Comma-separated, as in team=core,cost-center=42; who is billed for what, for example.',
    type: 'text',
    default: '',
    onRequest: true,
    validate: (answer) => parseTags(String(answer)).problem,
    stage: 'what',
  },
  {
    key: 'securityGroupIds',
    env: ['TEMPORAL_FARGATE_SECURITY_GROUP_IDS'],
    question: 'Further security groups of the tasks',
    help: `Comma-separated ids, at most ${MOST_EXTRA_GROUPS}, in the VPC of the tasks; they are used, and never changed or deleted.`,
    type: 'text',
    default: '',
    onRequest: true,
    validate: (answer) => {
      const ids = listOf(answer);
      const wrong = ids.find((id) => !/^sg-[0-9a-f]{8,}$/.test(id));
      if (wrong !== undefined) return `"${wrong}" is no id of a security group, such as sg-0123456789abcdef0`;
      if (new Set(ids).size < ids.length) return 'the same group is named twice';
      return ids.length > MOST_EXTRA_GROUPS
        ? `${ids.length} groups are too many: a service has at most ${MOST_EXTRA_GROUPS} besides its own`
        : undefined;
    },
    perWorker: true,
    stage: 'what',
  },
];
