import { readFileSync } from 'node:fs';
import { STSClient } from '@aws-sdk/client-sts';
import { usableZones } from '../aws/zones.ts';
import { fromText, gather, type Sources, wrong } from '../config/answers.ts';
import { readConfigFile } from '../config/config-file.ts';
import type { Answer, Answers, Option } from '../config/options.ts';
import { type StackConfig, stackConfig } from '../config/schema.ts';
import { contradictions, toAnswers, toStackConfig } from '../config/stack-config.ts';
import { usageError } from '../errors.ts';
import { secretKeysOf } from '../steps/index.ts';
import { type Connection, knownOf } from './connect.ts';
import { type CommandInput, mustAsk } from './input.ts';

export interface Where {
  readonly stack: string;
  readonly region: string;
  readonly profile: string;
}

/**
 * Stack, region and profile: what has to be known before the state can be read.
 *
 * @param whatFollows `answerWhat` comes next: wrong answers to its questions are then reported together with these
 */
export async function answerWhere(input: CommandInput, whatFollows = false): Promise<Where> {
  const { flags, env, io } = input;
  const file = fileAnswers(input);
  const asked = flags.yes || !io.canAsk ? undefined : asker(input);
  const region = flags.sandbox ? 'us-east-1' : await sharedRegion(flags.answers.profile ?? env.AWS_PROFILE);
  const answers = await gather({
    stage: 'where',
    sources: { flags: flags.answers, env, file, state: {} },
    known: { zones: [] },
    given: {},
    stored: [],
    // Only the region has no default: nobody wants to be asked for the stack's name at every command.
    ask:
      asked && region === undefined
        ? (option, suggestion) =>
            option.key === 'region' ? asked(option, suggestion) : Promise.resolve(suggestion ?? '')
        : undefined,
    fallback: region === undefined ? {} : { region },
    alsoOtherStage: whatFollows,
    echo: () => undefined,
  });
  return { stack: String(answers.stack), region: String(answers.region), profile: String(answers.profile) };
}

export interface Configured {
  readonly config: StackConfig;
  /** The Temporal credentials as JSON text, when this run was given them. */
  readonly secretValue: string | undefined;
}

/** Everything else: what the stack is to be, starting from what it is. */
export async function answerWhat(
  input: CommandInput,
  connection: Connection,
  before: StackConfig | undefined,
): Promise<Configured> {
  const { flags, env, io } = input;
  if (!flags.yes) mustAsk(input, 'Add --yes to take the given answers and the defaults for the rest.');
  const sources: Sources = {
    flags: { ...flags.answers, ...secretFromFile(flags.temporalApiKeyFile) },
    env,
    file: fileAnswers(input),
    state: before ? toAnswers(before) : {},
  };
  const zonesGiven = sources.flags.zones ?? env.TEMPORAL_FARGATE_ZONES ?? sources.file.zones ?? sources.state.zones;
  const zones = zonesGiven === undefined ? await usableZones(connection.clients.ec2) : [];
  const { accountId, partition } = connection;
  const account = { accountId, partition };
  const answers = await gather({
    stage: 'what',
    sources,
    known: knownOf(connection, zones),
    given: { stack: connection.stack, region: connection.region },
    stored: before?.temporal.auth === 'api-key' ? ['temporalApiKey'] : [],
    ask: flags.yes ? undefined : asker(input),
    fallback: {},
    contradictions: (given, unclear) => contradictions(given, account, unclear),
    echo: (option, answer, source) => {
      if (option.type === 'secret') io.keepSecret(String(answer));
      if (source === 'you') return;
      io.note(`  ${option.question.replace('?', '')}: ${option.type === 'secret' ? '********' : answer} (${source})`);
    },
  });
  const config = toStackConfig(answers, account);
  return { config, secretValue: secretOf(config, answers) };
}

/** The config in a state document. It was ours when it was written, so anything else is damage. */
export function storedConfig(value: Record<string, unknown> | undefined): StackConfig | undefined {
  return value === undefined ? undefined : stackConfig.parse(value);
}

function secretOf(config: StackConfig, answers: Answers): string | undefined {
  const key = answers.temporalApiKey;
  const [name] = secretKeysOf(config);
  return key === undefined || name === undefined ? undefined : JSON.stringify({ [name]: key });
}

function asker({ io, signal }: CommandInput) {
  return async (option: Option, suggestion: Answer | undefined): Promise<Answer> => {
    const text = await io.ask(
      {
        message: option.question,
        help: option.help,
        secret: option.type === 'secret',
        suggestion: suggestion === undefined ? undefined : String(suggestion),
        ...(option.type === 'boolean'
          ? { choices: ['true', 'false'] }
          : option.choices
            ? { choices: option.choices }
            : {}),
        validate: (answer) => (answer === '' ? 'an answer is needed here' : wrong(option, fromText(option, answer))),
      },
      signal,
    );
    return fromText(option, text);
  };
}

function fileAnswers({ flags }: CommandInput): Answers {
  return flags.config === undefined ? {} : readConfigFile(flags.config);
}

function secretFromFile(path: string | undefined): Answers {
  if (path === undefined) return {};
  try {
    // "-" is standard input, as everywhere.
    const text = readFileSync(path === '-' ? 0 : path, 'utf8').trim();
    if (text !== '') return { temporalApiKey: text };
  } catch (cause) {
    throw usageError(`reading the API key from ${path}: ${(cause as Error).message}`, 'Check --temporal-api-key-file.');
  }
  throw usageError(`reading the API key from ${path}: it is empty`, 'Check --temporal-api-key-file.');
}

/** Region of the shared AWS files, as the SDK finds it. */
async function sharedRegion(profile: Answer | undefined): Promise<string | undefined> {
  try {
    const client = new STSClient(profile ? { profile: String(profile) } : {});
    return await client.config.region();
  } catch {
    return undefined;
  }
}
