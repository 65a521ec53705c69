import { RETENTION_DAYS } from './fargate.ts';
import { parseCidr } from './network.ts';
import { STACK_NAME } from './schema.ts';
import { TEMPORAL_OPTIONS } from './temporal-options.ts';

/** An answer as it is kept while answers are gathered: lists are comma-separated text until the schema parses them. */
export type Answer = string | number | boolean;
export type Answers = Readonly<Partial<Record<OptionKey, Answer>>>;

/** What defaults may depend on besides earlier answers. */
export interface Known {
  /** Zones that Fargate can use, in AWS's order. */
  readonly zones: readonly string[];
  /** Set in the sandbox: its Temporal server and this machine's architecture. */
  readonly sandbox?:
    | { readonly temporalAddress: string | undefined; readonly architecture: 'x86_64' | 'arm64' }
    | undefined;
}

export interface Option {
  readonly key: OptionKey;
  readonly env: readonly string[];
  /**
   * The answer is what a file holds: the flag takes its path ("-" is standard input), and so may a variable. Without
   * it the flag is derived from the key ("--temporal-address") and takes the answer itself.
   */
  readonly file?: { readonly flag: string; readonly env?: string };
  readonly question: string;
  /** One line: what the answer changes. */
  readonly help: string;
  readonly type: 'text' | 'number' | 'boolean' | 'choice' | 'pem';
  /** Never shown, and never on a command line, which everybody on the machine can read. */
  readonly secret?: boolean;
  readonly choices?: readonly string[];
  /** `undefined` from the function: there is none, the answer has to be given. '': the answer may be left out. */
  readonly default?: Answer | ((answers: Answers, known: Known) => Answer | undefined);
  /** Asked only when true. */
  readonly when?: (answers: Answers) => boolean;
  /** The answer as it is kept, and a note for the person when it is not what was written. */
  readonly mend?: (answer: Answer) => { readonly answer: Answer; readonly note?: string };
  /** One sentence when the answer is wrong; `answers` are those to the questions before. */
  readonly validate?: (answer: Answer, answers: Answers) => string | undefined;
  /** What is shown of a long or secret answer. */
  readonly show?: (answer: Answer) => string;
  /** `where` is needed to find the stack's state, `what` may come from it. */
  readonly stage: 'where' | 'what';
}

export type OptionKey =
  | 'stack'
  | 'region'
  | 'profile'
  | 'temporalAddress'
  | 'temporalNamespace'
  | 'temporalAuth'
  | 'temporalTls'
  | 'temporalApiKey'
  | 'temporalTlsClientCert'
  | 'temporalTlsClientKey'
  | 'temporalTlsServerCaCert'
  | 'temporalTlsServerName'
  | 'taskQueue'
  | 'cidr'
  | 'zones'
  | 'nat'
  | 'cpu'
  | 'memory'
  | 'architecture'
  | 'spotWeight'
  | 'onDemandWeight'
  | 'onDemandBase'
  | 'minTasks'
  | 'maxTasks'
  | 'scaleOutAt'
  | 'scaleInAt'
  | 'stopTimeout'
  | 'logRetentionDays';

const wholeNumber =
  (least: number, most: number) =>
  (answer: Answer): string | undefined =>
    Number.isInteger(Number(answer)) && Number(answer) >= least && Number(answer) <= most
      ? undefined
      : `"${answer}" is not a whole number from ${least} to ${most}`;

/** Every question, once: flags, environment, prompts, `--yes`, the config file and the help come from this table. */
export const OPTIONS: readonly Option[] = [
  {
    key: 'stack',
    env: ['TEMPORAL_FARGATE_STACK'],
    question: 'Name of the stack',
    help: 'Names everything that is created; one per environment.',
    type: 'text',
    default: 'dev',
    validate: (answer) =>
      STACK_NAME.test(String(answer))
        ? undefined
        : `"${answer}" is no stack name: 2 to 20 lower-case letters, digits and single hyphens, first a letter`,
    stage: 'where',
  },
  {
    key: 'profile',
    env: ['AWS_PROFILE'],
    question: 'AWS profile',
    help: 'Profile of the shared AWS files; left out, the usual chain of credentials is used.',
    type: 'text',
    default: '',
    stage: 'where',
  },
  {
    key: 'region',
    env: ['AWS_REGION', 'AWS_DEFAULT_REGION'],
    question: 'AWS region',
    help: 'Where everything is created.',
    type: 'text',
    validate: (answer) =>
      /^[a-z]{2}(-[a-z]+)+-\d$/.test(String(answer)) ? undefined : `"${answer}" is no AWS region, such as us-east-1`,
    stage: 'where',
  },
  ...TEMPORAL_OPTIONS,
  {
    key: 'taskQueue',
    env: ['TEMPORAL_TASK_QUEUE'],
    question: 'Task queue',
    help: 'The queue that the worker polls.',
    type: 'text',
    default: 'test-queue',
    stage: 'what',
  },
  {
    key: 'cidr',
    env: ['TEMPORAL_FARGATE_CIDR'],
    question: 'Address range of the VPC',
    help: 'IPv4 CIDR from /16 to /24; subnets are cut from it.',
    type: 'text',
    default: '10.0.0.0/16',
    validate: (answer) =>
      parseCidr(String(answer))
        ? undefined
        : `"${answer}" is no IPv4 range; write one like 10.0.0.0/16, with zeros after its prefix`,
    stage: 'what',
  },
  {
    key: 'zones',
    env: ['TEMPORAL_FARGATE_ZONES'],
    question: 'Availability zones',
    help: 'Comma-separated names; two survive the loss of one.',
    type: 'text',
    default: (_answers, { zones }) => zones.slice(0, 2).join(','),
    stage: 'what',
  },
  {
    key: 'nat',
    env: ['TEMPORAL_FARGATE_NAT'],
    question: 'NAT gateways',
    help: 'single: one for all zones. per-zone: one in each. none: tasks get a public address and no ingress.',
    type: 'choice',
    choices: ['single', 'per-zone', 'none'],
    default: 'single',
    stage: 'what',
  },
  {
    key: 'cpu',
    env: ['TEMPORAL_FARGATE_CPU'],
    question: 'CPU of a task',
    help: 'In units: 1024 is one vCPU.',
    type: 'number',
    default: 1024,
    stage: 'what',
  },
  {
    key: 'memory',
    env: ['TEMPORAL_FARGATE_MEMORY'],
    question: 'Memory of a task',
    help: 'In MiB; which sizes exist depends on the CPU.',
    type: 'number',
    default: 2048,
    stage: 'what',
  },
  {
    key: 'architecture',
    env: ['TEMPORAL_FARGATE_ARCHITECTURE'],
    question: 'Processor architecture',
    help: 'arm64 costs a fifth less; x86_64 for native code that has no arm64 build.',
    type: 'choice',
    choices: ['arm64', 'x86_64'],
    default: (_answers, { sandbox }) => sandbox?.architecture ?? 'arm64',
    stage: 'what',
  },
  {
    key: 'spotWeight',
    env: ['TEMPORAL_FARGATE_SPOT_WEIGHT'],
    question: 'Weight of Spot tasks',
    help: 'Tasks are split by the weights; 4 to 1 puts four of five on Spot.',
    type: 'number',
    default: 4,
    validate: wholeNumber(0, 1000),
    stage: 'what',
  },
  {
    key: 'onDemandWeight',
    env: ['TEMPORAL_FARGATE_ON_DEMAND_WEIGHT'],
    question: 'Weight of on-demand tasks',
    help: 'Weights split, they do not fail over: on-demand does not step in when Spot is short.',
    type: 'number',
    default: 1,
    validate: wholeNumber(0, 1000),
    stage: 'what',
  },
  {
    key: 'onDemandBase',
    env: ['TEMPORAL_FARGATE_ON_DEMAND_BASE'],
    question: 'Tasks that always run on demand',
    help: 'With 1, one worker stays when all Spot capacity is taken away.',
    type: 'number',
    default: 0,
    validate: wholeNumber(0, 1000),
    stage: 'what',
  },
  {
    key: 'minTasks',
    env: ['TEMPORAL_FARGATE_MIN_TASKS'],
    question: 'Smallest number of tasks',
    help: 'Auto scaling never goes below it.',
    type: 'number',
    default: 1,
    validate: wholeNumber(0, 1000),
    stage: 'what',
  },
  {
    key: 'maxTasks',
    env: ['TEMPORAL_FARGATE_MAX_TASKS'],
    question: 'Largest number of tasks',
    help: 'Auto scaling never goes above it.',
    type: 'number',
    default: 10,
    validate: wholeNumber(1, 1000),
    stage: 'what',
  },
  {
    key: 'scaleOutAt',
    env: ['TEMPORAL_FARGATE_SCALE_OUT_AT'],
    question: 'Add tasks at this CPU',
    help: 'Percent, for two minutes.',
    type: 'number',
    default: 30,
    validate: wholeNumber(1, 100),
    stage: 'what',
  },
  {
    key: 'scaleInAt',
    env: ['TEMPORAL_FARGATE_SCALE_IN_AT'],
    question: 'Remove tasks at this CPU',
    help: 'Percent, for ten minutes.',
    type: 'number',
    default: 20,
    validate: wholeNumber(0, 100),
    stage: 'what',
  },
  {
    key: 'stopTimeout',
    env: ['TEMPORAL_FARGATE_STOP_TIMEOUT'],
    question: 'Seconds a stopping task may take',
    help: 'Between SIGTERM and SIGKILL; running activities get three quarters of it to finish.',
    type: 'number',
    default: 120,
    validate: wholeNumber(2, 120),
    stage: 'what',
  },
  {
    key: 'logRetentionDays',
    env: ['TEMPORAL_FARGATE_LOG_RETENTION_DAYS'],
    question: 'Days to keep logs',
    help: 'CloudWatch Logs deletes older ones.',
    type: 'number',
    default: 7,
    validate: (answer) =>
      RETENTION_DAYS.some((days) => days === Number(answer))
        ? undefined
        : `CloudWatch Logs cannot keep logs for ${answer} days; choose one of ${RETENTION_DAYS.join(', ')}`,
    stage: 'what',
  },
];

/** "temporalAddress" -> "--temporal-address" */
export const flagOf = (key: OptionKey): string =>
  OPTIONS.find((option) => option.key === key)?.file?.flag ?? plainFlagOf(key);

/** The flag that would take the answer itself, although secrets have none such. */
export const plainFlagOf = (key: OptionKey): string =>
  `--${key.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;

/** What a person may see of an answer. */
export const shown = (option: Option, answer: Answer): string =>
  option.show?.(answer) ?? (option.secret ? '********' : String(answer));
