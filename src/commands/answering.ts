import { STSClient } from '@aws-sdk/client-sts';
import { usableZones } from '../aws/zones.ts';
import { gather, mend, wrong } from '../config/answers.ts';
import { readConfigFile } from '../config/config-file.ts';
import type { Answer, Answers, Option, OptionKey } from '../config/option.ts';
import { flagOf, OPTIONS, shown } from '../config/options.ts';
import type { StackConfig } from '../config/schema.ts';
import { type Found, fromFile, fromText, type Sources } from '../config/sources.ts';
import { contradictions, toAnswers, toStackConfig } from '../config/stack-config.ts';
import { usageError } from '../errors.ts';
import { secretKeysOf } from '../steps/index.ts';
import { type Connection, knownOf } from './connect.ts';
import { withExistingSecret } from './existing-secret.ts';
import { placeOf } from './guest-network.ts';
import { type CommandInput, mustAsk } from './input.ts';
import { sandboxAnswers } from './sandbox-home.ts';

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
            option.key === 'region' ? asked(option, suggestion, {}) : Promise.resolve(suggestion ?? '')
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
  const sources = sourcesOf(input, before);
  const zonesGiven = sources.flags.zones ?? env.TEMPORAL_FARGATE_ZONES ?? sources.file.zones ?? sources.state.zones;
  const zones = zonesGiven === undefined ? await usableZones(connection.clients.ec2) : [];
  const { accountId, partition } = connection;
  const account = { accountId, partition };
  const answers = await gather({
    stage: 'what',
    sources,
    known: knownOf(connection, zones),
    given: { stack: connection.stack, region: connection.region },
    stored: before && !before.temporal.secret ? secretOptions(before).map(({ key }) => key) : [],
    ask: flags.yes ? undefined : asker(input),
    fallback: sandboxAnswers(connection.emulator?.temporalAccess),
    contradictions: (given, unclear) => contradictions(given, account, unclear),
    echo: (option, answer, source) => {
      if (option.secret) io.keepSecret(String(answer));
      const text = shown(option, answer);
      // What was left out and stands for nothing is not worth a line.
      if (source !== 'you' && text !== '') io.note(`  ${option.question.replace('?', '')}: ${text} (${source})`);
    },
  });
  const named = toStackConfig(answers, account, await placeOf(input, connection, answers));
  const config = await withExistingSecret(input, connection, named);
  return { config, secretValue: secretOf(config, answers) };
}

/** Everything that may answer a question without asking a person. */
export function sourcesOf(input: CommandInput, before: StackConfig | undefined): Sources {
  return {
    flags: input.flags.answers,
    paths: input.flags.paths,
    env: input.env,
    file: fileAnswers(input),
    state: before ? toAnswers(before) : {},
  };
}

/** Questions whose answers the stack's secret holds, under the names of their variables. */
const secretOptions = (config: StackConfig): { key: OptionKey; name: string }[] =>
  secretKeysOf(config).flatMap((name) =>
    OPTIONS.filter(({ env }) => env.includes(name)).map(({ key }) => ({ key, name })),
  );

/** All of the secret or nothing of it: what is stored cannot be changed by halves. */
function secretOf(config: StackConfig, answers: Answers): string | undefined {
  const parts = secretOptions(config);
  const missing = parts.filter(({ key }) => answers[key] === undefined);
  if (missing.length === parts.length) return undefined;
  if (missing.length > 0) {
    throw usageError(
      `missing: ${missing.map(({ key }) => flagOf(key)).join(', ')}`,
      'Give a new client certificate together with its private key.',
      'MISSING_ANSWERS',
    );
  }
  return JSON.stringify(Object.fromEntries(parts.map(({ key, name }) => [name, answers[key]])));
}

function asker({ io, signal }: CommandInput) {
  return async (option: Option, suggestion: Answer | undefined, answers: Answers): Promise<Answer> => {
    // Nobody types a certificate: its file is asked for.
    const read = (text: string): Found =>
      option.type === 'pem' ? fromFile(option, text) : { answer: fromText(option, text) };
    const hidden = option.type === 'pem' ? suggestion : undefined;
    const problemOf = (text: string): string | undefined => {
      if (text === '' && hidden !== undefined) return undefined;
      if (text === '' && option.default !== '') return 'an answer is needed here';
      const { answer = '', problem } = read(text);
      return problem ?? wrong(option, mend(option, answer).answer, answers);
    };
    const text = await io.ask(
      {
        message: option.question,
        help: option.help,
        secret: option.secret === true && option.type !== 'pem',
        suggestion: suggestion === undefined || hidden !== undefined ? undefined : String(suggestion),
        ...(option.type === 'boolean'
          ? { choices: ['true', 'false'] }
          : option.choices
            ? { choices: option.choices }
            : {}),
        validate: problemOf,
      },
      signal,
    );
    return text === '' && hidden !== undefined ? hidden : (read(text).answer ?? '');
  };
}

function fileAnswers({ flags }: CommandInput): Answers {
  return flags.config === undefined ? {} : readConfigFile(flags.config);
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
