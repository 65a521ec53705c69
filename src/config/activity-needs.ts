import { formatPorts, parsePorts } from './egress-ports.ts';
import { type Answers, listOf } from './option.ts';
import { formatPairs, parsePairs } from './pairs.ts';
import type { StackConfig, WorkerConfig } from './schema.ts';
import { parseTaskPolicy } from './task-policy.ts';
import { parseSecretReferences, referenceText } from './worker-secrets.ts';

type WorkerNeeds = Pick<WorkerConfig, 'environment' | 'secrets' | 'taskPolicy' | 'taskPolicyArns'>;

/** What one worker's answers add to its config. Secrets are only named; what AWS knows of them is looked up later. */
export function workerNeeds({ env, secret, taskPolicy, taskPolicyArns }: Answers): WorkerNeeds {
  const { pairs: environment } = parsePairs(String(env ?? ''));
  const { references: secrets } = parseSecretReferences(String(secret ?? ''));
  const { policy } = parseTaskPolicy(String(taskPolicy ?? ''));
  const arns = listOf(taskPolicyArns);
  return {
    ...(isFilled(environment) && { environment }),
    ...(isFilled(secrets) && { secrets }),
    ...(policy && { taskPolicy: policy }),
    ...(arns.length > 0 && { taskPolicyArns: arns.sort() }),
  };
}

/** What they add to the config of the stack, whose workers share a security group. */
export function networkNeeds({ egressPorts }: Answers): Pick<StackConfig, 'egressPorts'> {
  const { ranges } = parsePorts(String(egressPorts ?? ''));
  return ranges.length > 0 ? { egressPorts: [...ranges] } : {};
}

/** The answers that lead to these needs of a worker. */
export function workerNeedsAnswers({ environment, secrets, taskPolicy, taskPolicyArns }: WorkerNeeds): Answers {
  const references = Object.entries(secrets ?? {}).map(([name, reference]) => [name, referenceText(reference)]);
  return {
    ...(environment && { env: formatPairs(environment) }),
    ...(secrets && { secret: formatPairs(Object.fromEntries(references)) }),
    ...(taskPolicy && { taskPolicy: JSON.stringify(taskPolicy) }),
    ...(taskPolicyArns && { taskPolicyArns: taskPolicyArns.join(',') }),
  };
}

export const networkNeedsAnswers = ({ egressPorts }: Pick<StackConfig, 'egressPorts'>): Answers =>
  egressPorts ? { egressPorts: formatPorts(egressPorts) } : {};

const isFilled = (record: object): boolean => Object.keys(record).length > 0;
