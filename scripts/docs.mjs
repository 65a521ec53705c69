// `npm run docs`: writes what is made from the tables of answers, commands and errors and from the bench's results: the
// schema of config files, pages of docs/, a part of README. With --check (part of `npm run check`) it writes nothing, and
// fails when one of them is stale. Through tsx.
import { spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { configFileSchema } from '../src/config/json-schema.ts';
import { answersPage } from './docs/answers.ts';
import { readmePage } from './docs/bench-block.ts';
import { commandsPage } from './docs/commands.ts';
import { infrastructurePage } from './docs/infrastructure.ts';
import { troubleshootingPage } from './docs/troubleshooting.ts';
import { root, say } from './setup.mjs';

const SCHEMA = 'docs/config.schema.json';

/** As the formatter of this repository would have it. */
function formatted(path, text) {
  const args = ['node_modules/@biomejs/biome/bin/biome', 'format', `--stdin-file-path=${path}`];
  const { status, stdout, stderr } = spawnSync(process.execPath, args, { cwd: root, input: text, encoding: 'utf8' });
  if (status !== 0) throw new Error(`formatting ${path}: ${stderr}`);
  return stdout;
}

const read = (path) => {
  try {
    return readFileSync(join(root, path), 'utf8');
  } catch {
    return '';
  }
};

const wanted = [
  { path: SCHEMA, text: formatted(SCHEMA, JSON.stringify(configFileSchema())) },
  answersPage(),
  commandsPage(),
  infrastructurePage(),
  troubleshootingPage(root),
  readmePage(root),
];
const stale = wanted.filter(({ path, text }) => read(path) !== text);
if (process.argv.includes('--check')) {
  for (const { path } of stale) say(`${path} is stale: run npm run docs`);
  process.exitCode = stale.length === 0 ? 0 : 1;
} else {
  for (const { path, text } of stale) writeFileSync(join(root, path), text);
  say(stale.length === 0 ? 'Nothing was stale.' : `Written: ${stale.map(({ path }) => path).join(', ')}.`);
}
