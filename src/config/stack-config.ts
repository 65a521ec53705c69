import { usageError } from '../errors.ts';
import { extrasAnswers, secretExtra, stackExtras } from './extras.ts';
import { networkAnswers, networkFields } from './network-answers.ts';
import type { Place } from './network-config.ts';
import { type Answers, listOf, type OptionKey } from './option.ts';
import { flagOf, OPTIONS } from './options.ts';
import type { Problem } from './problem.ts';
import { type StackConfig, stackConfig } from './schema.ts';
import type { AnsweredWorker } from './several-workers.ts';
import { ONLY_WORKER, type WorkerAnswers, workerAnswers, workerFields } from './worker-config.ts';

export interface Account {
  readonly accountId: string;
  readonly partition: string;
}

/**
 * Complete answers -> config. Throws a usage error with every problem in one message.
 *
 * @param place where a network is that is not the stack's own: part of the config, but no answer
 * @param workers all of them with complete answers; left out, `answers` speak of the only one
 */
export function toStackConfig(
  answers: Answers,
  account: Account,
  place?: Place,
  workers?: readonly WorkerAnswers[],
): StackConfig {
  const made = parse(answers, account, place, workers);
  if ('config' in made) return made.config;
  const problems = made.problems.map(({ label, message }) => `${label}: ${message}`);
  throw usageError(problems.join('\n'), 'Change the answers named above.', 'BAD_CONFIG');
}

/**
 * What does not go together in answers of which some are `unclear`: missing, or wrong and reported already.
 *
 * @param workers where they are answered apart: then also what is wrong with them alone
 */
export function contradictions(
  answers: Answers,
  account: Account,
  unclear: ReadonlySet<OptionKey>,
  workers?: readonly AnsweredWorker[],
): Problem[] {
  // Nothing is said of a network without a preset; "public" finds only what is wrong with every one.
  const made = parse(unclear.has('network') ? { ...answers, network: 'public' } : answers, account, undefined, workers);
  const found = 'config' in made ? [] : made.problems;
  const unclearOf = (worker: string | undefined): ReadonlySet<OptionKey> =>
    workers?.find(({ name }) => name === worker)?.unclear ?? unclear;
  return [
    ...(workers ?? []).flatMap(({ problems }) => problems),
    ...found.filter(({ keys, worker }) => keys.length > 0 && !keys.some((key) => unclearOf(worker).has(key))),
  ];
}

function parse(
  answers: Answers,
  account: Account,
  place?: Place,
  workers: readonly WorkerAnswers[] = [{ name: ONLY_WORKER, answers }],
): { config: StackConfig } | { problems: readonly Problem[] } {
  const text = (key: OptionKey): string => String(answers[key] ?? '');
  const number = (key: OptionKey): number => Number(answers[key]);
  const { fields: network, tooSmall } = networkFields(answers, place);
  const parsed = stackConfig.safeParse({
    stack: text('stack'),
    region: text('region'),
    ...account,
    temporal: {
      address: text('temporalAddress'),
      namespace: text('temporalNamespace'),
      auth: text('temporalAuth'),
      tls: answers.temporalTls === true,
      serverCaCert: text('temporalTlsServerCaCert') || undefined,
      serverName: text('temporalTlsServerName') || undefined,
      ...secretExtra(answers),
    },
    network,
    logRetentionDays: number('logRetentionDays'),
    dataBucket: answers.dataBucket !== false,
    dataExpireDays: number('dataExpireDays') || undefined,
    ...stackExtras(answers),
    workers: workers.map(workerFields),
  });
  const issues = parsed.success ? [] : parsed.error.issues;
  // Without ranges there is nothing to say about them but that they are missing.
  const told = tooSmall ? issues.filter(({ path }) => !path.some((part) => String(part).endsWith('Cidrs'))) : issues;
  const problems = told.map(({ path, message }) => problem(path, message, workers));
  if (tooSmall) {
    const message = `${text('cidr')} is too small for the subnets of ${listOf(answers.zones).length} zones; take a larger range, such as 10.0.0.0/16, or fewer ${flagOf('zones')}`;
    problems.push(problem(['cidr'], message, workers));
  }
  return parsed.success && !tooSmall ? { config: parsed.data } : { problems };
}

function problem(path: readonly PropertyKey[], message: string, workers: readonly WorkerAnswers[]): Problem {
  const name = String(path.findLast((part) => typeof part === 'string'));
  const keys = KEYS_OF_FIELD[name] ?? OPTIONS.map(({ key }) => key).filter((key) => key === name);
  const worker = workers.length > 1 && path[0] === 'workers' ? workers[Number(path[1])]?.name : undefined;
  const label = keys.map(flagOf).join(' and ') || path.join('.');
  return { keys, label: worker === undefined ? label : `worker ${worker}: ${label}`, message, worker };
}

/** Which answers a person changes to mend a field of the config, where it is not that of the same name. */
const KEYS_OF_FIELD: Readonly<Record<string, readonly OptionKey[]>> = {
  preset: ['network'],
  publicCidrs: ['cidr'],
  privateCidrs: ['cidr'],
  memory: ['cpu', 'memory'],
  min: ['minTasks', 'maxTasks'],
  max: ['maxTasks'],
  scaleInAt: ['scaleInAt', 'scaleOutAt'],
  spotWeight: ['spotWeight', 'onDemandWeight'],
  address: ['temporalAddress'],
  namespace: ['temporalNamespace'],
  tls: ['temporalTls'],
  auth: ['temporalAuth'],
  stopTimeoutSeconds: ['stopTimeout'],
  arn: ['secretArn'],
  environment: ['env', 'secret'],
  secrets: ['secret'],
};

/** The answers that lead to this config: what a later run starts from. Of several workers, those about the first. */
export function toAnswers(config: StackConfig): Answers {
  const [worker] = config.workers;
  const { temporal } = config;
  return {
    temporalAddress: temporal.address,
    temporalNamespace: temporal.namespace,
    temporalAuth: temporal.auth,
    temporalTls: temporal.tls,
    ...(temporal.serverCaCert !== undefined && { temporalTlsServerCaCert: temporal.serverCaCert }),
    ...(temporal.serverName !== undefined && { temporalTlsServerName: temporal.serverName }),
    ...networkAnswers(config.network),
    logRetentionDays: config.logRetentionDays,
    dataBucket: config.dataBucket,
    ...(config.dataExpireDays !== undefined && { dataExpireDays: config.dataExpireDays }),
    ...extrasAnswers(config),
    ...(worker && workerAnswers(worker)),
  };
}
