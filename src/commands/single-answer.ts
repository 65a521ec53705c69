import type { OptionKey } from '../config/option.ts';
import { flagOf, OPTIONS } from '../config/options.ts';
import { lookUp } from '../config/sources.ts';
import { wrong } from '../config/wrong.ts';
import { usageError } from '../errors.ts';
import type { CommandInput } from './input.ts';

/** The answer to one question from the flag, the environment or the default, for commands that ask nothing. */
export function answerTo(key: OptionKey, input: CommandInput): string {
  const option = OPTIONS.find((candidate) => candidate.key === key);
  return givenTo(key, input) ?? String(option?.default ?? '');
}

/** The same without the default; `undefined` when nobody gave an answer. Throws a usage error for a wrong one. */
export function givenTo(key: OptionKey, { flags, env }: CommandInput): string | undefined {
  const option = OPTIONS.find((candidate) => candidate.key === key);
  if (option === undefined) return undefined;
  const { answer } = lookUp(option, { flags: flags.answers, env, file: {}, state: {} });
  if (answer === undefined) return undefined;
  const problem = wrong(option, answer, {});
  if (problem !== undefined) throw usageError(`${flagOf(key)}: ${problem}`, 'Change the answer.');
  return String(answer);
}
