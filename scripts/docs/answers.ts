import type { Option } from '../../src/config/option.ts';
import { flagOf, OPTION_GROUPS } from '../../src/config/options.ts';
import { code, type Page, table } from './markdown.ts';

const TOP = `# Answers

Every question of \`init\`, which may be answered by a flag, a variable or a key of the config file, in this order; then comes what
the stack is already, then the default. The README has [the rules](../README.md#answers). Made by \`npm run docs\` from \`src/config\`.

The schema of config files for editors is [config.schema.json](config.schema.json); a file may name it as its \`"$schema"\`.`;

const HEADS = ['Key in the file', 'Flag', 'Environment', 'Default', 'What it changes'];

/** docs/answers.md: the table of options, for people. */
export function answersPage(): Page {
  const groups = OPTION_GROUPS.map(
    ({ heading, options }) => `## ${heading.replace(/:$/, '')}\n\n${table(HEADS, options.map(row))}`,
  );
  return { path: 'docs/answers.md', text: `${[TOP, ...groups].join('\n\n')}\n` };
}

/** What a default may depend on, while nobody has looked. */
const NOTHING_KNOWN = { zones: [], takenCidrs: [] };

function defaultOf({ default: usual, when }: Option): string {
  const known = typeof usual === 'function' ? usual({}, NOTHING_KNOWN) : usual;
  if (known === undefined) return when ? 'has to be given, where it is of use' : 'has to be given';
  if (typeof usual === 'function') return 'follows from the rest';
  return usual === '' ? 'none' : code(String(usual));
}

function row(option: Option): string[] {
  const { key, env, file, pairsFile, help, choices, secret } = option;
  const variables = [...env, (file ?? pairsFile)?.env ?? []].flat();
  // What a choice is, its flag alone does not say.
  const taken = choices ? ` One of ${choices.map(code).join(', ')}.` : '';
  return [
    secret ? 'never in a file' : code(key),
    [flagOf(key), pairsFile?.flag ?? []].flat().map(code).join('<br>'),
    variables.map(code).join('<br>'),
    secret ? 'asked' : defaultOf(option),
    `${help}${taken}`,
  ];
}
