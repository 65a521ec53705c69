import { readFileSync } from 'node:fs';
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
  /** Told of every answer as if it had been typed; secrets without their value. */
  readonly echo: (option: Option, answer: Answer, source: string) => void;
}

/** Gathers the answers of one stage. Throws a usage error that names everything that is missing or wrong. */
export async function gather(gathering: Gathering): Promise<Answers> {
  const { stage, sources, known, given, stored, fallback, ask, echo } = gathering;
  const answers: Partial<Record<OptionKey, Answer>> = { ...given };
  const problems: string[] = [];
  const missing: string[] = [];
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
    answer ??= suggestion;
    if (answer === undefined) {
      missing.push(howToGive(option));
      continue;
    }
    const problem = wrong(option, answer);
    if (problem !== undefined) problems.push(`${flagOf(option.key)}: ${problem}`);
    answers[option.key] = option.type === 'number' ? Number(answer) : answer;
    echo(option, answer, source);
  }
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

function fromSources(option: Option, sources: Sources): { answer: Answer; source: string } | undefined {
  const flag = sources.flags[option.key];
  if (flag !== undefined) return { answer: flag, source: flagOf(option.key) };
  for (const name of option.env) {
    const text = sources.env[name];
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
  return option.type === 'number' && text.trim() !== '' && !Number.isNaN(Number(text)) ? Number(text) : text;
}

/** Why an answer cannot be taken, in one sentence. */
export function wrong(option: Option, answer: Answer): string | undefined {
  if (option.type === 'boolean' && typeof answer !== 'boolean') return `"${answer}" is neither true nor false`;
  if (option.type === 'number' && typeof answer !== 'number') return `"${answer}" is not a number`;
  // From a config file anything may come.
  if (typeof answer === 'object')
    return `${JSON.stringify(answer)} is a list or an object, where one value is asked for`;
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

/** Reads a config file: JSON with the option keys. Secrets have no place in it. */
export function readConfigFile(path: string): Answers {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (cause) {
    throw usageError(
      `reading ${path}: ${(cause as Error).message}`,
      'Name a file that exists, or leave --config out.',
      'BAD_CONFIG_FILE',
    );
  }
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    // The parser's message quotes the file, which may hold what nobody should see.
    const [at = ''] = /at position \d+( \(line \d+ column \d+\))?/.exec((cause as Error).message) ?? [];
    throw usageError(
      `reading ${path}: it is not JSON${at && ` (${at})`}`,
      'Write { "stack": "dev", ... }, or leave --config out.',
      'BAD_CONFIG_FILE',
    );
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw usageError(`reading ${path}: it is not a JSON object`, 'Write { "stack": "dev", ... }.', 'BAD_CONFIG_FILE');
  }
  const known = new Map(OPTIONS.map((option) => [option.key as string, option]));
  const problems = Object.keys(value).flatMap((key) => {
    const option = known.get(key);
    if (!option) return [`unknown key "${key}"`];
    return option.type === 'secret' ? [`"${key}" is a secret and may not be in a file that is kept`] : [];
  });
  if (problems.length > 0) {
    throw usageError(
      `reading ${path}: ${problems.join('; ')}`,
      `The keys are: ${[...known.keys()].join(', ')}.`,
      'BAD_CONFIG_FILE',
    );
  }
  return value as Answers;
}
