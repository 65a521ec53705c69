import { usageError } from '../errors.ts';
import { type Answer, type Answers, flagOf, type Known, OPTIONS, type Option, type OptionKey } from './options.ts';

/** Where answers come from, strongest first. */
export interface Sources {
  readonly flags: Answers;
  readonly env: NodeJS.ProcessEnv;
  readonly file: Answers;
  /** What the stack's state says. */
  readonly state: Answers;
}

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
  readonly ask?: ((option: Option, suggestion: Answer | undefined) => Promise<Answer>) | undefined;
  /**
   * What does not go together, each contradiction in a sentence; `unclear` are the questions whose answers are missing
   * or wrong by themselves.
   */
  readonly contradictions?: (answers: Answers, unclear: ReadonlySet<OptionKey>) => readonly string[];
  /** When this stage is refused: also name the wrong answers that are given to the other stage's questions. */
  readonly alsoOtherStage?: boolean;
  /** Told of every answer as if it had been typed; secrets without their value. */
  readonly echo: (option: Option, answer: Answer, source: string) => void;
}

/** Gathers the answers of one stage. Throws a usage error that names everything that is missing or wrong. */
export async function gather(gathering: Gathering): Promise<Answers> {
  const { stage, sources, known, given, stored, fallback, ask, echo } = gathering;
  const answers: Partial<Record<OptionKey, Answer>> = { ...given };
  const problems: string[] = [];
  const missing: string[] = [];
  const unclear = new Set<OptionKey>();
  // A secret decides defaults of options that come before it.
  const peek = OPTIONS.filter((option) => option.type === 'secret' && option.stage === stage);
  for (const option of peek) {
    const found = fromSources(option, sources);
    if (found) answers[option.key] = found.answer;
  }
  for (const option of OPTIONS.filter((candidate) => candidate.stage === stage)) {
    if (option.when && !option.when(answers)) {
      delete answers[option.key];
      continue;
    }
    const found = fromSources(option, sources);
    const suggestion =
      fallback[option.key] ?? (typeof option.default === 'function' ? option.default(answers, known) : option.default);
    let answer = found?.answer;
    let source = found?.source ?? 'default';
    if (answer === undefined && stored.includes(option.key)) continue;
    if (answer === undefined && ask) {
      answer = await ask(option, suggestion);
      source = 'you';
    }
    if (answer === undefined) answer = suggestion;
    if (answer === undefined) {
      missing.push(howToGive(option));
      unclear.add(option.key);
      continue;
    }
    const problem = wrong(option, answer);
    if (problem !== undefined) {
      problems.push(`${flagOf(option.key)}: ${problem}${origin(option, source)}`);
      unclear.add(option.key);
    }
    answers[option.key] = option.type === 'number' ? Number(answer) : answer;
    echo(option, answer, source);
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

/** Answers of the other stages that are wrong by themselves. */
function wrongElsewhere(stage: Option['stage'], sources: Sources): string[] {
  return OPTIONS.filter((option) => option.stage !== stage).flatMap((option) => {
    const found = fromSources(option, sources);
    const problem = found && wrong(option, found.answer);
    return problem === undefined ? [] : [`${flagOf(option.key)}: ${problem}${origin(option, found?.source ?? '')}`];
  });
}

/** Where a wrong answer comes from, when its flag does not say so already. */
const origin = (option: Option, source: string): string =>
  source === flagOf(option.key) || source === 'default' || source === 'you' ? '' : ` (from ${source})`;

function fromSources(option: Option, sources: Sources): { answer: Answer; source: string } | undefined {
  const flag = sources.flags[option.key];
  if (flag !== undefined) return { answer: flag, source: flagOf(option.key) };
  for (const name of option.env) {
    const text = sources.env[name]?.trim();
    // Empty counts as not set, as everywhere in the Temporal and AWS tools.
    if (text) return { answer: fromText(option, text), source: name };
  }
  const file = sources.file[option.key];
  if (file !== undefined) return { answer: file, source: 'config file' };
  const state = sources.state[option.key];
  return state === undefined ? undefined : { answer: state, source: 'this stack' };
}

/** Text from the environment or the command line, in the option's type; wrong text stays text and is reported. */
export function fromText(option: Option, text: string): Answer {
  if (option.type === 'boolean')
    return /^(1|true|yes)$/i.test(text) ? true : /^(0|false|no)$/i.test(text) ? false : text;
  // Digits only: 0x10 and 1e3 are numbers to JavaScript, and slips to everybody else.
  return option.type === 'number' && /^-?\d+(\.\d+)?$/.test(text) ? Number(text) : text;
}

/** Why an answer cannot be taken, in one sentence. */
export function wrong(option: Option, answer: Answer): string | undefined {
  // From a config file anything may come.
  if (answer === null) return 'null is no answer; leave it out to have the default';
  if (typeof answer === 'object')
    return `${JSON.stringify(answer)} is a list or an object, where one value is asked for`;
  if (option.type === 'boolean' && typeof answer !== 'boolean') return `"${answer}" is neither true nor false`;
  if (option.type === 'number' && typeof answer !== 'number') return `"${answer}" is not a number`;
  if (option.type === 'text' && typeof answer !== 'string') return `${answer} is not text; write "${answer}"`;
  if (option.choices && !option.choices.includes(String(answer))) {
    return `"${answer}" is not one of ${option.choices.join(', ')}`;
  }
  return option.validate?.(answer);
}

function howToGive(option: Option): string {
  const [env] = option.env;
  return option.type === 'secret'
    ? `${option.question} (${env}, or ${flagOf(option.key)}-file)`
    : `${option.question} (${flagOf(option.key)}${env ? ` or ${env}` : ''})`;
}
