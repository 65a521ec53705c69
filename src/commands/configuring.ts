import { cidrsOf } from '../aws/places.ts';
import { fromUpperTags } from '../aws/tags.ts';
import { defaultOf, gather } from '../config/answers.ts';
import { carryOver } from '../config/carry-over.ts';
import type { Answer, Answers, Known, Option, OptionKey } from '../config/option.ts';
import { flagOf, OPTIONS, shown } from '../config/options.ts';
import type { StackConfig } from '../config/schema.ts';
import { answeredWorkers, isPerWorker, type Naming, onlyNameOf } from '../config/several-workers.ts';
import { lookUp, type Paths, type Sources } from '../config/sources.ts';
import { contradictions, toAnswers, toStackConfig } from '../config/stack-config.ts';
import { type WorkerAnswers, workerAnswers } from '../config/worker-config.ts';
import { TAG } from '../engine/ownership.ts';
import { usageError } from '../errors.ts';
import { secretKeysOf } from '../steps/index.ts';
import { configFileOf } from './answering.ts';
import { TerminalAsker } from './asking.ts';
import { type Connection, knownOf } from './connect.ts';
import { withExistingThings } from './existing-things.ts';
import { placeOf } from './guest-network.ts';
import { type CommandInput, mustAsk } from './input.ts';
import { networkOffers } from './network-offers.ts';
import { listed, offerZones } from './offers.ts';
import { sandboxAnswers } from './sandbox-home.ts';
import { networkPriceTexts } from './stack-bill.ts';

export interface Configured {
  readonly config: StackConfig;
  /** Without the secrets: those that were given are empty here. */
  readonly answers: Answers;
  /** Every worker, with all that was answered about it: also what no config holds, such as its folder. */
  readonly workers: readonly WorkerAnswers[];
  /** Whether `workers` says more than `answers`: they were answered apart. */
  readonly listsWorkers: boolean;
  /** What these would be if nobody had given any. */
  readonly defaults: Answers;
  /** Files that were named at a prompt instead of what they hold. */
  readonly paths: Paths;
  /** The Temporal credentials as JSON text, when this run was given them. */
  readonly secretValue: string | undefined;
}

/** Everything else: what the stack is to be, starting from what it is. */
export async function answerWhat(
  input: CommandInput,
  connection: Connection,
  before: StackConfig | undefined,
): Promise<Configured> {
  const { flags, io } = input;
  if (!flags.yes) mustAsk(input, 'Add --yes to take the given answers and the defaults for the rest.');
  const sources = sourcesOf(input, before);
  const known = knownOf(connection, await toldByAws(input, connection, sources));
  const { accountId, partition } = connection;
  const account = { accountId, partition };
  const fallback = sandboxAnswers(connection.emulator?.temporalAccess);
  const given = { stack: connection.stack, region: connection.region };
  const naming = workersNamed(input, before);
  const apart = await answeredWorkers(naming, sources, { known, fallback, given });
  const asker = new TerminalAsker(input, {
    offers: { zones: async () => offerZones(known.zones), ...networkOffers(input, connection) },
    beside: (key, answers) =>
      key === 'network' ? networkPriceTexts(answers, apart)[String(answers.network)] : undefined,
    revises: true,
  });
  const echo = (option: Option, answer: Answer, source: string, of = ''): void => {
    if (option.secret) io.keepSecret(String(answer));
    const text = shown(option, answer);
    // What was left out and stands for nothing is not worth a line.
    if (source !== 'you' && text !== '') io.note(`  ${of}${option.question.replace('?', '')}: ${text} (${source})`);
  };
  const answers = await gather({
    stage: 'what',
    ...(apart && { about: (option) => !isPerWorker(option) }),
    sources,
    known,
    given,
    stored: before && !before.temporal.secret ? secretOptions(before).map(({ key }) => key) : [],
    ask: flags.yes ? undefined : asker,
    fallback,
    contradictions: (all, unclear) => contradictions(all, account, unclear, apart),
    echo,
  });
  for (const { name, echoes } of apart ?? []) {
    for (const { option, answer, source } of echoes) echo(option, answer, source, `${name}, `);
  }
  const told = withoutSecrets(answers);
  const workers = apart ?? [{ name: onlyNameOf(naming), answers: told }];
  const named = toStackConfig(answers, account, await placeOf(input, connection, answers), workers);
  const config = carryOver(await withExistingThings(input, connection, named), before);
  tellPaused(input, config);
  const paths = { ...flags.paths, ...Object.fromEntries(asker.paths) };
  const defaults = Object.fromEntries(
    OPTIONS.map(({ key }) => [key, defaultOf(key, answers, { fallback, known })] as const),
  );
  return {
    config,
    answers: told,
    workers,
    listsWorkers: apart !== undefined,
    defaults,
    paths,
    secretValue: secretOf(config, answers),
  };
}

function tellPaused({ io }: CommandInput, { stack, workers }: StackConfig): void {
  const names = workers.flatMap(({ name, paused }) => (paused ? name : []));
  if (names.length > 0)
    io.note(`Paused, and stays so: ${names.join(', ')}. To start again: temporal-fargate resume --stack ${stack}`);
}

/** What defaults need to know of AWS; asked only where nothing else says it. */
async function toldByAws(
  { io, env, flags }: CommandInput,
  connection: Connection,
  sources: Sources,
): Promise<Omit<Known, 'sandbox'>> {
  const isGiven = (key: OptionKey): boolean =>
    OPTIONS.some((option) => option.key === key && lookUp(option, { ...sources, env }).answer !== undefined);
  const [zones, vpcs] = await Promise.all([
    isGiven('zones')
      ? []
      : flags.yes
        ? connection.zones()
        : listed(io, 'The availability zones', () => connection.zones()),
    isGiven('cidr') ? [] : listed(io, 'The VPCs', () => connection.vpcs()),
  ]);
  // Of a stack whose state was lost: its VPC keeps its range, which would otherwise count as taken.
  const own = vpcs?.find(({ Tags }) => fromUpperTags(Tags)[TAG.stack] === connection.stack);
  return { zones: zones ?? [], takenCidrs: vpcs && cidrsOf(vpcs), ownCidr: own?.CidrBlock };
}

/** Where this run finds out which workers there are. */
export function workersNamed(input: CommandInput, before: StackConfig | undefined): Naming {
  const { worker } = input.flags.own;
  return {
    file: configFileOf(input).workers,
    state: (before?.workers ?? []).map((one) => ({ name: one.name, answers: workerAnswers(one) })),
    ...(worker === undefined ? {} : { chosen: String(worker) }),
  };
}

/** Everything that may answer a question without asking a person. */
export function sourcesOf(input: CommandInput, before: StackConfig | undefined): Sources {
  return {
    flags: input.flags.answers,
    paths: input.flags.paths,
    env: input.env,
    file: configFileOf(input).answers,
    state: before ? toAnswers(before) : {},
  };
}

/** Questions whose answers the stack's secret holds, under the names of their variables. */
const secretOptions = (config: StackConfig): { key: OptionKey; name: string }[] =>
  secretKeysOf(config).flatMap((name) =>
    OPTIONS.filter(({ env }) => env.includes(name)).map(({ key }) => ({ key, name })),
  );

/** Nobody but the stack's secret needs them from here on. */
const withoutSecrets = (answers: Answers): Answers =>
  Object.fromEntries(
    OPTIONS.flatMap(({ key, secret }) => (answers[key] === undefined ? [] : [[key, secret ? '' : answers[key]]])),
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
