import { formatPorts, parsePorts } from './egress-ports.ts';
import { type Answer, listOf, type Option } from './option.ts';
import { formatPairs, parsePairs } from './pairs.ts';
import { MOST_POLICY_ARNS, POLICY_ARN, parseTaskPolicy } from './task-policy.ts';
import { environmentProblem } from './worker-environment.ts';
import { parseSecretReferences } from './worker-secrets.ts';

/** As it is compared and kept: sorted, in one way of writing. What is wrong is left as it is. */
const inOrder = (answer: Answer): { answer: Answer } => {
  const { pairs, problem } = parsePairs(String(answer));
  return { answer: problem === undefined ? formatPairs(pairs) : answer };
};

const countOf = (list: unknown): string => (Array.isArray(list) && list.length !== 1 ? `${list.length}` : '1');

/** What the user's own code needs besides a queue: variables, secrets, permissions, ways out. */
export const ACTIVITY_OPTIONS: readonly Option[] = [
  {
    key: 'env',
    env: ['TEMPORAL_FARGATE_ENV'],
    pairsFile: { flag: '--env-file', env: 'TEMPORAL_FARGATE_ENV_FILE' },
    question: 'Environment variables of the worker',
    help: 'May be given many times; all of them together replace those that the stack has. Kept and shown: for secrets there is --secret.',
    type: 'pairs',
    form: 'NAME=VALUE',
    default: '',
    onRequest: true,
    mend: inOrder,
    validate: (answer) => environmentProblem(String(answer)),
    show: (answer) =>
      environmentProblem(String(answer)) === undefined
        ? Object.entries(parsePairs(String(answer)).pairs)
            .map(([name, value]) => `${name}=${value}`)
            .join(', ')
        : '********',
    perWorker: true,
    stage: 'what',
  },
  {
    key: 'secret',
    env: ['TEMPORAL_FARGATE_SECRET'],
    question: 'Secrets of the worker',
    help: 'Variables whose values stay in Secrets Manager; may be given many times, and all together replace those that the stack has.',
    type: 'pairs',
    form: 'NAME=ARN[:json-key]',
    default: '',
    onRequest: true,
    mend: inOrder,
    validate: (answer) => parseSecretReferences(String(answer)).problem,
    show: (answer) =>
      Object.entries(parseSecretReferences(String(answer)).references)
        .map(([name, { arn, jsonKey }]) => [`${name} from ${arn.split(':')[6]}`, jsonKey ?? []].flat().join(':'))
        .join(', '),
    perWorker: true,
    stage: 'what',
  },
  {
    key: 'taskPolicy',
    env: ['TEMPORAL_FARGATE_TASK_POLICY'],
    file: { flag: '--task-policy', env: 'TEMPORAL_FARGATE_TASK_POLICY_FILE' },
    question: 'What the worker may do in AWS (IAM policy file)',
    help: 'JSON of an IAM policy, without a Principal; it goes into the task role.',
    type: 'json',
    default: '',
    onRequest: true,
    mend: (answer) => {
      const { policy } = parseTaskPolicy(String(answer));
      return { answer: policy ? JSON.stringify(policy) : answer };
    },
    validate: (answer) => (answer === '' ? undefined : parseTaskPolicy(String(answer)).problem),
    show: (answer) => {
      const statements = countOf(parseTaskPolicy(String(answer || '{}')).policy?.Statement);
      return answer === '' ? '' : `a policy of ${statements} statement${statements === '1' ? '' : 's'}`;
    },
    perWorker: true,
    stage: 'what',
  },
  {
    key: 'taskPolicyArns',
    env: ['TEMPORAL_FARGATE_TASK_POLICY_ARNS'],
    question: 'Managed policies of the task role',
    help: `Comma-separated ARNs of IAM policies, at most ${MOST_POLICY_ARNS}; they are attached, and never changed or deleted.`,
    type: 'text',
    default: '',
    onRequest: true,
    validate: (answer) => {
      const arns = listOf(answer);
      const wrong = arns.find((arn) => !POLICY_ARN.test(arn));
      if (wrong !== undefined)
        return `"${wrong}" is no ARN of a policy, such as arn:aws:iam::123456789012:policy/orders`;
      if (new Set(arns).size < arns.length) return 'the same policy is named twice';
      return arns.length > MOST_POLICY_ARNS
        ? `${arns.length} policies are too many: IAM attaches at most ${MOST_POLICY_ARNS} to a role`
        : undefined;
    },
    perWorker: true,
    stage: 'what',
  },
  {
    key: 'egressPorts',
    env: ['TEMPORAL_FARGATE_EGRESS_PORTS'],
    question: 'TCP ports that tasks may reach',
    help: "Comma-separated ports and ranges, as in 5432,8000-8100; with them only those are open, 443, and Temporal's. Left out, everything out is open, and nothing in.",
    type: 'text',
    default: '',
    onRequest: true,
    mend: (answer) => {
      const { ranges, problem } = parsePorts(String(answer));
      return { answer: problem === undefined ? formatPorts(ranges) : answer };
    },
    validate: (answer) => parsePorts(String(answer)).problem,
    show: (answer) => (answer === '' ? '' : `443, Temporal's, ${answer}`),
    stage: 'what',
  },
];
