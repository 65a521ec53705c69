// `npm run docs`: writes what is made from the table of answers: the JSON schema of the config file, README's table.
// With --check (part of `npm run check`) it writes nothing, and fails when one of them is stale. Runs through tsx.
import { spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { configFileSchema } from '../src/config/json-schema.ts';
import { flagOf, OPTION_GROUPS } from '../src/config/options.ts';
import { root, say } from './setup.mjs';

const SCHEMA = 'docs/config.schema.json';
const MARKERS = ['<!-- answers: made by npm run docs -->', '<!-- end of answers -->'];

/** As the formatter of this repository would have it. */
function formatted(path, text) {
  const args = ['node_modules/@biomejs/biome/bin/biome', 'format', `--stdin-file-path=${path}`];
  const { status, stdout, stderr } = spawnSync(process.execPath, args, { cwd: root, input: text, encoding: 'utf8' });
  if (status !== 0) throw new Error(`formatting ${path}: ${stderr}`);
  return stdout;
}

/** What a default may depend on, while nobody has looked. */
const NOTHING_KNOWN = { zones: [], takenCidrs: [] };

const code = (text) => `\`${text}\``;

function defaultOf({ default: usual, when }) {
  const known = typeof usual === 'function' ? usual({}, NOTHING_KNOWN) : usual;
  if (known === undefined) return when ? 'has to be given, where it is of use' : 'has to be given';
  if (typeof usual === 'function') return 'follows from the rest';
  return usual === '' ? 'none' : code(usual);
}

function row(option) {
  const { key, env, file, pairsFile, help, choices, secret } = option;
  const variables = [...env, (file ?? pairsFile)?.env ?? []].flat();
  // What a choice is, its flag alone does not say.
  const taken = choices ? ` One of ${choices.map(code).join(', ')}.` : '';
  const cells = [
    secret ? 'never in a file' : code(key),
    [flagOf(key), pairsFile?.flag ?? []].flat().map(code).join('<br>'),
    variables.map(code).join('<br>'),
    secret ? 'asked' : defaultOf(option),
    `${help.replaceAll('<', '&lt;')}${taken}`,
  ];
  return `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`;
}

function table() {
  const parts = OPTION_GROUPS.map(({ heading, options }) =>
    [
      `**${heading.replace(/:$/, '')}**`,
      '',
      '| Key in the file | Flag | Environment | Default | What it changes |',
      '|---|---|---|---|---|',
      ...options.map(row),
    ].join('\n'),
  );
  return parts.join('\n\n');
}

function withTable(readme) {
  const [first, last] = MARKERS.map((marker) => readme.indexOf(marker));
  if (first < 0 || last < first) throw new Error(`README.md lacks the markers ${MARKERS.join(' and ')}`);
  return `${readme.slice(0, first + MARKERS[0].length)}\n\n${table()}\n\n${readme.slice(last)}`;
}

const read = (path) => {
  try {
    return readFileSync(join(root, path), 'utf8');
  } catch {
    return '';
  }
};

const wanted = [
  [SCHEMA, formatted(SCHEMA, JSON.stringify(configFileSchema()))],
  ['README.md', withTable(read('README.md'))],
];
const stale = wanted.filter(([path, text]) => read(path) !== text);
if (process.argv.includes('--check')) {
  for (const [path] of stale) say(`${path} is stale: run npm run docs`);
  process.exitCode = stale.length === 0 ? 0 : 1;
} else {
  for (const [path, text] of stale) writeFileSync(join(root, path), text);
  say(stale.length === 0 ? 'Nothing was stale.' : `Written: ${stale.map(([path]) => path).join(', ')}.`);
}
