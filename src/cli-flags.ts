import { type Command, Option as Flag } from 'commander';
import type { Flags } from './commands/input.ts';
import type { Answer, Option, OptionKey } from './config/option.ts';
import { OPTION_GROUPS, OPTIONS } from './config/options.ts';
import { pairLine } from './config/pairs.ts';
import { fromText } from './config/sources.ts';
import { helpOfAnswer, helpOfPairsFile } from './help.ts';

/** Which of the option table's questions a command takes as flags. */
export type Takes = 'everything' | 'where' | readonly OptionKey[];

export const WHERE: readonly OptionKey[] = OPTIONS.filter((option) => option.stage === 'where').map(
  (option) => option.key,
);

export const verifyFlag = (): Flag =>
  new Flag('--verify <how>', 'what proves the deployment: a poller that Temporal reports, or the health check').choices(
    ['temporal', 'health'],
  );

export const workerFlag = (): Flag =>
  new Flag('--worker <name>', 'of several workers, the one that the flags under "Worker" are for (default: all)');

export const onlyWorkerFlag = (): Flag => new Flag('--worker <name>', 'of several workers, only this one');

export const sandboxAuthFlag = (): Flag =>
  new Flag('--temporal-auth <how>', 'what the Temporal server asks of its workers (default: none)').choices([
    'api-key',
    'mtls',
    'none',
  ]);

/** The flags of the answers that a command takes. */
export function addAnswers(command: Command, takes: Takes): void {
  const keys = takes === 'everything' ? OPTIONS.map((option) => option.key) : takes === 'where' ? WHERE : takes;
  if (takes === 'everything') command.option('--config <file>', 'JSON file with answers');
  for (const { heading, options } of OPTION_GROUPS) {
    for (const option of options.filter((candidate) => keys.includes(candidate.key))) {
      const flag = helpOfAnswer(option, heading);
      command.addOption(option.file ? flag : flag.argParser(parserOf(option)));
      if (option.pairsFile) command.addOption(helpOfPairsFile(option, option.pairsFile, heading));
    }
  }
}

/** Pairs come one by one, and become lines. */
const parserOf =
  (option: Option) =>
  (text: string, before: unknown): Answer =>
    option.type === 'pairs' ? [before ?? [], pairLine(text)].flat().join('\n') : fromText(option, text.trim());

/** What commander has made of a command line, told apart: answers, files that hold some, and the command's own flags. */
export function toFlags(options: Record<string, string | boolean>): Flags {
  const { yes, sandbox, json, quiet, debug, config, ...rest } = options;
  const keys = new Set<string>(OPTIONS.map((option) => option.key));
  const byPath = new Map(
    OPTIONS.flatMap(({ key, file, pairsFile }) =>
      [file ?? [], pairsFile ?? []].flat().map(({ flag }) => [attributeOf(flag), key] as const),
    ),
  );
  const entries = Object.entries(rest);
  const given = entries.filter(([key]) => !byPath.has(key));
  return {
    answers: Object.fromEntries(given.filter(([key]) => keys.has(key))),
    paths: Object.fromEntries(entries.flatMap(([key, path]) => (byPath.has(key) ? [[byPath.get(key), path]] : []))),
    own: Object.fromEntries(given.filter(([key]) => !keys.has(key))),
    yes: yes === true,
    sandbox: sandbox === true,
    json: json === true,
    quiet: quiet === true,
    debug: debug === true,
    ...(typeof config === 'string' ? { config } : {}),
  };
}

/** "--temporal-api-key-file" -> "temporalApiKeyFile", the name under which commander gives it. */
const attributeOf = (flag: string): string => new Flag(`${flag} <path>`).attributeName();
