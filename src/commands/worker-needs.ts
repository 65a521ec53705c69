import { lookAtPolicy } from '../aws/managed-policy.ts';
import type { StackConfig, WorkerConfig } from '../config/schema.ts';
import { ManyErrors, UserError } from '../errors.ts';
import type { Connection } from './connect.ts';
import type { CommandInput } from './input.ts';
import { lookAtSecrets } from './worker-secrets.ts';

/**
 * The config with what AWS knows of the secrets that its workers name. Throws everything that would keep a task from
 * starting with them, and policies that cannot be attached, before anything is created: `UserError` BAD_SECRET and
 * BAD_POLICY. Where no secret and no policy is named, nobody is asked.
 */
export async function withWorkerNeeds(
  { io }: Pick<CommandInput, 'io'>,
  { clients }: Pick<Connection, 'clients'>,
  config: StackConfig,
): Promise<StackConfig> {
  const [secrets, policyProblems] = await Promise.all([
    lookAtSecrets(io, clients, config),
    problemsOfPolicies(io, clients, config),
  ]);
  const problems = [...secrets.flatMap((secret) => secret.problems), ...policyProblems];
  const [first, ...more] = problems;
  if (first) throw more.length > 0 ? new ManyErrors(problems) : first;
  const known = new Map(secrets.map((secret) => [secret.arn, secret.known]));
  // In the order of the schema, as it is read from the state: configs are compared by their text.
  const completed = (references: NonNullable<WorkerConfig['secrets']>) =>
    Object.fromEntries(
      Object.entries(references).map(([name, { arn, jsonKey }]) => [
        name,
        { arn, ...known.get(arn), ...(jsonKey !== undefined && { jsonKey }) },
      ]),
    );
  const workers = config.workers.map((worker) =>
    worker.secrets ? { ...worker, secrets: completed(worker.secrets) } : worker,
  );
  return { ...config, workers };
}

async function problemsOfPolicies(
  io: Pick<CommandInput['io'], 'warn'>,
  { iam }: Pick<Connection['clients'], 'iam'>,
  { workers }: StackConfig,
): Promise<UserError[]> {
  const arns = [...new Set(workers.flatMap(({ taskPolicyArns }) => taskPolicyArns ?? []))];
  const looks = await Promise.all(arns.map(async (arn) => ({ arn, seen: await lookAtPolicy(iam, arn) })));
  const unseen = looks.flatMap(({ arn, seen }) => (seen === 'denied' ? arn : []));
  if (unseen.length > 0) io.warn(`These credentials may not look whether there is ${unseen.join(' and ')}.`);
  return looks.flatMap(({ arn, seen }) => (seen === 'missing' ? badPolicy(arn) : []));
}

const badPolicy = (arn: string): UserError =>
  new UserError({
    code: 'BAD_POLICY',
    message: `policy ${arn} does not exist, or cannot be attached to a role`,
    fix: 'Look for its ARN with aws iam list-policies, and give it to --task-policy-arns.',
  });
