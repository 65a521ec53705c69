import { usageError } from '../errors.ts';
import type { Answer, Answers, Known, Option, OptionKey } from './option.ts';
import { flagOf, OPTIONS } from './options.ts';
import { type Found, lookUp, type Sources } from './sources.ts';

export interface Gathering {
  readonly stage: Option['stage'];
  readonly sources: Sources;
  readonly known: Known;
  /** Answers of the stage before. */
  readonly given: Answers;
  /** Secrets that are stored already and need not be given again. */
  readonly stored: readonly OptionKey[];
  /** Weaker than all sources, stronger than defaults: what the machine knows. */
  readonly fallback: Answers;
  /** Asks a person; absent where nobody can be asked: then every missing answer is reported in one error. */
  readonly ask?: ((option: Option, suggestion: Answer | undefined, answers: Answers) => Promise<Answer>) | undefined;
  /**
   * What does not go together, each contradiction in a sentence; `unclear` are the questions whose answers are missing
   * or wrong by themselves.
   */
  readonly contradictions?: (answers: Answers, unclear: ReadonlySet<OptionKey>) => readonly string[];
  /** When this stage is refused: also name the wrong answers that are given to the other stage's questions. */
  readonly alsoOtherStage?: boolean;
  /** Told of every answer and where it comes from. */
  readonly echo: (option: Option, answer: Answer, source: string) => void;
}

const NO_USE = 'it has no use with the other answers, such as --temporal-auth or --network';

/** Gathers the answers of one stage. Throws a usage error that names everything that is missing or wrong. */
export async function gather(gathering: Gathering): Promise<Answers> {
  const { stage, sources, given, stored, echo } = gathering;
  const answers: Partial<Record<OptionKey, Answer>> = { ...given };
  const problems: string[] = [];
  const missing: string[] = [];
  const unclear = new Set<OptionKey>();
  const options = OPTIONS.filter((option) => option.stage === stage);
  const found = new Map(options.map((option) => [option.key, lookUp(option, sources)]));
  // Credentials decide defaults of options that come before them.
  for (const { key, file } of options) {
    const { answer, problem } = found.get(key) ?? {};
    const written = answer ?? problem;
    if (file && written !== undefined) answers[key] = written;
  }
  for (const option of options) {
    const { problem, answer: written, source } = found.get(option.key) ?? {};
    if (option.when && !option.when(answers)) {
      if (source === flagOf(option.key)) problems.push(`${source}: ${NO_USE}`);
      delete answers[option.key];
      continue;
    }
    if (problem !== undefined) {
      problems.push(`${flagOf(option.key)}: ${problem}`);
      unclear.add(option.key);
      continue;
    }
    if (written === undefined && stored.includes(option.key)) continue;
    const { answer, from } = await settle(option, { answer: written, source }, gathering, answers);
    if (answer === undefined) {
      missing.push(howToGive(option));
      unclear.add(option.key);
      continue;
    }
    const reason = wrong(option, answer, answers);
    if (reason !== undefined) {
      problems.push(`${flagOf(option.key)}: ${reason}${origin(option, from)}`);
      unclear.add(option.key);
    }
    answers[option.key] = option.type === 'number' ? Number(answer) : answer;
    echo(option, answer, from);
  }
  problems.push(...(gathering.contradictions?.(answers, unclear) ?? []));
  if (problems.length > 0 && gathering.alsoOtherStage) problems.push(...wrongElsewhere(stage, sources));
  if (missing.length > 0) problems.push(`missing: ${missing.join('; ')}`);
  if (problems.length > 0) {
    throw usageError(
      problems.join('\n'),
      missing.length > 0
        ? 'Give the missing answers, or run without --yes to be asked.'
        : 'Change the answers named above.',
      missing.length > 0 ? 'MISSING_ANSWERS' : 'BAD_ANSWER',
    );
  }
  return answers;
}

/** The answer to one question, mended, with where it comes from: a source, a person, or a default. */
async function settle(
  option: Option,
  { answer: written, source }: Found,
  { known, fallback, ask }: Gathering,
  answers: Answers,
): Promise<{ answer: Answer | undefined; from: string }> {
  const suggestion =
    fallback[option.key] ?? (typeof option.default === 'function' ? option.default(answers, known) : option.default);
  const asked =
    written === undefined && ask && option.onRequest !== true ? await ask(option, suggestion, answers) : undefined;
  // A null of a config file is an answer, and a wrong one.
  const answer = written !== undefined ? written : (asked ?? suggestion);
  const from = written !== undefined ? (source ?? '') : asked !== undefined ? 'you' : 'default';
  if (answer === undefined) return { answer, from };
  const { answer: kept, note } = mend(option, answer);
  return { answer: kept, from: note === undefined ? from : `${from}, ${note}` };
}

/** The answer as it is kept; see `Option.mend`. From a config file anything may come. */
export const mend = (option: Option, answer: Answer): { answer: Answer; note?: string } =>
  typeof answer === 'object' ? { answer } : (option.mend?.(answer) ?? { answer });

/** Answers of the other stages that are wrong by themselves. */
function wrongElsewhere(stage: Option['stage'], sources: Sources): string[] {
  const options = OPTIONS.filter((option) => option.stage !== stage);
  const found = new Map(options.map((option) => [option.key, lookUp(option, sources)]));
  const answers: Answers = Object.fromEntries(
    [...found].flatMap(([key, { answer }]) => (answer === undefined ? [] : [[key, answer]])),
  );
  return options.flatMap((option) => {
    const { answer, problem, source = '' } = found.get(option.key) ?? {};
    if (option.when && !option.when(answers)) return [];
    const reason = problem ?? (answer === undefined ? undefined : wrong(option, mend(option, answer).answer, answers));
    return reason === undefined ? [] : [`${flagOf(option.key)}: ${reason}${origin(option, source)}`];
  });
}

/** Where a wrong answer comes from, when its flag does not say so already. */
const origin = (option: Option, source: string): string =>
  source === flagOf(option.key) || source === 'default' || source === 'you' ? '' : ` (from ${source})`;

/** Why an answer cannot be taken, in one sentence. */
export function wrong(option: Option, answer: Answer, answers: Answers): string | undefined {
  // From a config file anything may come.
  if (answer === null) return 'null is no answer; leave it out to have the default';
  if (typeof answer === 'object')
    return `${JSON.stringify(answer)} is a list or an object, where one value is asked for`;
  if (option.type === 'boolean' && typeof answer !== 'boolean') return `"${answer}" is neither true nor false`;
  if (option.type === 'number' && typeof answer !== 'number') return `"${answer}" is not a number`;
  if ((option.type === 'text' || option.type === 'pem') && typeof answer !== 'string')
    return `${answer} is not text; write "${answer}"`;
  if (option.choices && !option.choices.includes(String(answer))) {
    return `"${answer}" is not one of ${option.choices.join(', ')}`;
  }
  return outOfRange(option, Number(answer)) ?? option.validate?.(answer, answers);
}

function outOfRange({ range }: Option, answer: number): string | undefined {
  if (!range) return undefined;
  const [least, most] = range;
  if (Number.isInteger(answer) && answer >= least && answer <= most) return undefined;
  return `"${answer}" is not a whole number from ${least} to ${most}`;
}

function howToGive({ key, question, env, file }: Option): string {
  const variables = [...env.slice(0, 1), file?.env ?? []].flat();
  const ways = file ? [...variables, flagOf(key)] : [flagOf(key), ...variables];
  return `${question} (${ways.join(' or ')})`;
}
