import type { Answers, Option } from './option.ts';
import { flagOf, OPTIONS } from './options.ts';
import { parsePairs } from './pairs.ts';
import type { Paths } from './sources.ts';

export interface Repeatable {
  readonly version: string;
  /** Of both stages. */
  readonly answers: Answers;
  /** What the answers would be if nobody gave any. */
  readonly defaults: Answers;
  /** Files that hold answers. */
  readonly paths: Paths;
  /** Flags that are no answers. */
  readonly flags: readonly string[];
}

export interface Repeat {
  /** For a shell; holds no secret. */
  readonly command: string;
  /** Environment variables that it reads instead. */
  readonly variables: readonly string[];
}

/** The command that does the same without a question, by the same version. */
export function repeatOf({ version, answers, defaults, paths, flags }: Repeatable): Repeat {
  const given = OPTIONS.filter(({ key }) => answers[key] !== undefined && answers[key] !== defaults[key]);
  const isByVariable = ({ key, file }: Option): boolean => file !== undefined && !isPath(paths[key]);
  const words = given
    .filter((option) => !isByVariable(option))
    .flatMap((option) => valuesOf(option, answers, paths).map((value) => `${flagOf(option.key)} ${shellWord(value)}`));
  return {
    command: joined([`npx temporal-fargate@${version} init --yes`, ...flags, ...words]),
    variables: given.filter(isByVariable).flatMap(({ env }) => env.slice(0, 1)),
  };
}

/** Of pairs each one; none of them is a value, too. */
function valuesOf({ key, type, file }: Option, answers: Answers, paths: Paths): string[] {
  const value = String((file && paths[key]) ?? answers[key]);
  if (type !== 'pairs' || value === '') return [value];
  return Object.entries(parsePairs(value).pairs).map(([name, text]) => `${name}=${text}`);
}

/** Standard input is not there a second time. */
const isPath = (path: string | undefined): boolean => path !== undefined && path !== '-';

/** A word for a POSIX shell. */
export const shellWord = (text: string): string =>
  /^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", String.raw`'\''`)}'`;

/** Characters of a terminal's row. */
const ROW = 80;

/** In one row if it fits, else one flag a row. */
function joined(words: readonly string[]): string {
  const row = words.join(' ');
  return row.length <= ROW ? row : words.join(' \\\n  ');
}
