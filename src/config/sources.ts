import { readFileSync } from 'node:fs';
import type { Answer, Answers, Option, OptionKey } from './option.ts';
import { flagOf } from './options.ts';
import { formatPairs, overlaid, PAIR_NAME } from './pairs.ts';

/** Where answers come from, strongest first. */
export interface Sources {
  readonly flags: Answers;
  /** Paths on the command line, of files that hold answers. */
  readonly paths?: Paths | undefined;
  /** What the config file says of one worker alone. */
  readonly entry?: Answers | undefined;
  readonly env: NodeJS.ProcessEnv;
  readonly file: Answers;
  /** What the stack's state says. */
  readonly state: Answers;
}

/** How the source `state` is called. */
export const STATE = 'this stack';

export type Paths = Readonly<Partial<Record<OptionKey, string>>>;

/** An answer with where it was found, or what is wrong there; neither when no source has it. */
export interface Found {
  readonly answer?: Answer | undefined;
  readonly source?: string | undefined;
  readonly problem?: string | undefined;
}

/** The answer of the strongest source that has one. Reads files, so that standard input can be asked for once only. */
export function lookUp(option: Option, { flags, paths, entry, env, file, state }: Sources): Found {
  const flag = flags[option.key];
  const path = paths?.[option.key];
  if (path !== undefined) return { ...below(flag, fromFile(option, path)), source: flagOf(option.key) };
  if (flag !== undefined) return { answer: flag, source: flagOf(option.key) };
  const own = entry?.[option.key];
  if (own !== undefined) return { ...fromConfigFile(option, own), source: 'config file' };
  const fromEnv = fromVariables(option, env);
  if (fromEnv) return fromEnv;
  const kept = file[option.key];
  if (kept !== undefined) return { ...fromConfigFile(option, kept), source: 'config file' };
  const known = state[option.key];
  return known === undefined ? {} : { answer: known, source: STATE };
}

/** What a file has, and over it what stands on the command line itself, which only pairs can have both of. */
function below(flag: Answer | undefined, found: Found): Found {
  if (flag === undefined || found.answer === undefined) return found;
  return { answer: overlaid(String(found.answer), String(flag)) };
}

/** Empty counts as not set, as everywhere in the Temporal and AWS tools. */
function fromVariables(option: Option, env: NodeJS.ProcessEnv): Found | undefined {
  const name = option.env.find((candidate) => env[candidate]?.trim());
  const text = name && (option.mend ? env[name] : env[name]?.trim());
  const pathName = (option.file ?? option.pairsFile)?.env;
  const path = pathName && env[pathName];
  if (text && path) return { problem: `${name} and ${pathName} are both set; which one counts?` };
  if (text) return { answer: fromText(option, text), source: name };
  return path ? { ...fromFile(option, path), source: pathName } : undefined;
}

/** Certificates and JSON are named by their paths there, or stand there themselves; pairs are an object. */
export function fromConfigFile(option: Option, value: unknown): Found {
  if (option.type === 'pairs') return fromObject(value);
  if (option.type === 'json' && isObject(value)) return { answer: JSON.stringify(value) };
  const isPath = option.type === 'pem' || option.type === 'json';
  if (!isPath || typeof value !== 'string' || /^\s*(-----BEGIN|\{|$)/.test(value)) return { answer: value as Answer };
  return fromFile(option, value);
}

function fromObject(value: unknown): Found {
  if (!isObject(value)) return { problem: 'it is no object of names and texts, such as {"LOG_LEVEL": "info"}' };
  const name = Object.keys(value).find((candidate) => !PAIR_NAME.test(candidate));
  if (name !== undefined) return { problem: `"${name}" is no name of a variable` };
  const [unfit] = Object.entries(value).find(([, inner]) => typeof inner !== 'string') ?? [];
  return unfit === undefined
    ? { answer: formatPairs(value as Record<string, string>) }
    : { problem: `the value of "${unfit}" is not text; put it in quotes` };
}

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** What a file holds, or why it cannot be read. "-" is standard input, as everywhere; no path is no answer. */
export function fromFile(option: Option, path: string): Found {
  if (path === '') return option.default === '' ? { answer: '' } : { problem: 'the path is empty' };
  try {
    const text = readFileSync(path === '-' ? 0 : path, 'utf8');
    return text.trim() === '' ? { problem: `${path === '-' ? 'standard input' : path} is empty` } : { answer: text };
  } catch (cause) {
    // Who takes a flag of a path for one of the key itself would see the key in the message.
    const { code, message } = cause as NodeJS.ErrnoException;
    return {
      problem: option.secret ? `the file cannot be read (${code}); give the path of one that holds it` : message,
    };
  }
}

/** Text from the environment or the command line, in the option's type; wrong text stays text and is reported. */
export function fromText(option: Option, text: string): Answer {
  if (option.type === 'boolean')
    return /^(1|true|yes)$/i.test(text) ? true : /^(0|false|no)$/i.test(text) ? false : text;
  // Digits only: 0x10 and 1e3 are numbers to JavaScript, and slips to everybody else.
  return option.type === 'number' && /^-?\d+(\.\d+)?$/.test(text) ? Number(text) : text;
}
