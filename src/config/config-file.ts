import { readFileSync, statSync } from 'node:fs';
import { type UserError, usageError } from '../errors.ts';
import { closest } from './closest.ts';
import { readWorkers, WORKERS_KEY } from './config-file-workers.ts';
import { SCHEMA_KEY } from './json-schema.ts';
import type { Answer, Answers, Option } from './option.ts';
import { OPTIONS } from './options.ts';
import { parsePairs } from './pairs.ts';
import type { WorkerAnswers } from './worker-config.ts';

/** Bytes; a file with every key has two thousand. */
const LARGEST = 1024 * 1024;

export interface ConfigFile {
  readonly answers: Answers;
  /** Absent: the answers speak of the stack's only worker. */
  readonly workers?: readonly WorkerAnswers[];
}

/** Reads a config file: JSON with the option keys, and a list of workers with theirs. Secrets have no place in it. */
export function readConfigFile(path: string): ConfigFile {
  const text = readText(path);
  const { [SCHEMA_KEY]: _schema, [WORKERS_KEY]: list, ...value } = parse(path, text);
  const listed = list === undefined ? undefined : readWorkers(list);
  const options = new Map(OPTIONS.map((option) => [option.key as string, option]));
  const keys = [...options.keys(), WORKERS_KEY];
  const problems = Object.keys(value).flatMap((key) => {
    const option = options.get(key);
    if (option?.secret) return [`"${key}" is a secret and may not be in a file that is kept`];
    if (option) return [];
    const meant = closest(key, keys);
    return [`unknown key "${key}"${meant === undefined ? '' : ` (did you mean "${meant}"?)`}`];
  });
  problems.push(...(listed?.problems ?? []), ...repeatedKeys(text).map((key) => `"${key}" is there twice`));
  if (problems.length > 0) throw badFile(path, problems.join('; '), `The keys are: ${keys.join(', ')}.`);
  return { answers: value as Answers, ...(listed && { workers: listed.workers }) };
}

/** A config file of these answers, in the order of the questions; what is secret or left out is not in it. */
export function configFileText({ answers, workers }: ConfigFile): string {
  const list = workers?.map(({ name, answers: own }) => ({ name, ...kept(own) }));
  return `${JSON.stringify({ ...kept(answers), ...(list && { [WORKERS_KEY]: list }) }, undefined, 2)}\n`;
}

/** Pairs and JSON are text only while answers are gathered. */
function valueInFile(type: Option['type'], answer: Answer | undefined): unknown {
  if (type === 'pairs') return parsePairs(String(answer)).pairs;
  return type === 'json' ? JSON.parse(String(answer)) : answer;
}

const kept = (answers: Answers): Readonly<Record<string, unknown>> =>
  Object.fromEntries(
    OPTIONS.filter(({ key, secret }) => !secret && answers[key] !== undefined && answers[key] !== '').map(
      ({ key, type }) => [key, valueInFile(type, answers[key])] as const,
    ),
  );

function readText(path: string): string {
  try {
    const { size } = statSync(path);
    if (size > LARGEST) throw badFile(path, 'it is larger than 1 MiB', 'Name a file with answers.');
    // Editors on Windows begin a file with a mark that is no JSON.
    return readFileSync(path, 'utf8').replace(/^\uFEFF/, '');
  } catch (cause) {
    const { code, message } = cause as NodeJS.ErrnoException;
    if (code === 'BAD_CONFIG_FILE') throw cause;
    throw badFile(
      path,
      code === 'EISDIR' ? 'it is a folder' : message,
      'Name a file that exists and may be read, or leave --config out.',
    );
  }
}

function parse(path: string, text: string): Record<string, unknown> {
  const example = 'Write { "stack": "dev", ... }, or leave --config out.';
  if (text.trim() === '') throw badFile(path, 'it is empty', example);
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    // The parser's message quotes the file, which may hold what nobody should see.
    const [at = ''] = /at position \d+( \(line \d+ column \d+\))?/.exec((cause as Error).message) ?? [];
    throw badFile(path, `it is not JSON${at && ` (${at})`}`, example);
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw badFile(path, 'it is not a JSON object', example);
  }
  return value as Record<string, unknown>;
}

/** Keys that are in one object more than once: JSON would silently take the last. */
function repeatedKeys(json: string): string[] {
  const repeated = new Set<string>();
  const objects: Set<string>[] = [];
  for (const [token, colon] of json.matchAll(/"(?:[^"\\]|\\.)*"(\s*:)?|[{}]/g)) {
    if (token === '{') objects.push(new Set());
    else if (token === '}') objects.pop();
    else if (colon !== undefined) {
      const key = JSON.parse(token.slice(0, -colon.length)) as string;
      const seen = objects.at(-1);
      if (seen?.has(key)) repeated.add(key);
      seen?.add(key);
    }
  }
  return [...repeated];
}

const badFile = (path: string, problem: string, fix: string): UserError =>
  usageError(`reading ${path}: ${problem}`, fix, 'BAD_CONFIG_FILE');
