import { chmodSync, existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { shellWord } from '../../src/config/repeat.ts';
import { BIN } from '../helpers/paths.ts';
import { ENTER, openInTerminal, type Terminal } from '../helpers/terminal.ts';
import { ROOT } from './pages.ts';

/** A block of commands is given up after so long. */
const PATIENCE_MS = 300_000;
const SIZE = { columns: 160, rows: 80 };
const INTERRUPT = '\x03';

/** What goes on until Ctrl-C, and what a reader sees before that is typed. */
const ENDLESS: readonly (readonly [command: RegExp, seen: RegExp])[] = [
  [/ status .*--watch/, /Ctrl-C ends\./],
  [/ logs .*--follow/, /Z [0-9a-f]{8} \S/],
  [/ worker dev\b/, /"message":"polling"/],
];

/** Matches nothing. */
const NEVER = /(?!)/;

/** A line, and the exit code that the page tells of. */
export interface Typed {
  readonly line: string;
  readonly code: number;
}

/** Exit code of the shell when a line did not fail that should have. */
const DID_NOT_FAIL = 99;

/**
 * Types the lines into one shell at a terminal, as somebody who follows the page: Enter at a question, yes where the
 * suggestion is no, and the name where one has to be typed. The first line that ends otherwise than the page says ends it.
 * @returns what was on the screen then; nothing when all went well
 */
export async function follow(
  typed: readonly Typed[],
  { folder, env }: { readonly folder: string; readonly env: NodeJS.ProcessEnv },
): Promise<string[]> {
  const script = ['set -euo pipefail', ...typed.map(inScript)].join('\n');
  const terminal = openInTerminal(['bash', '-c', script], env, SIZE, folder);
  const patience = setTimeout(() => terminal.hangUp(), PATIENCE_MS);
  // It ends when the shell does.
  await answerAll(terminal).catch(() => undefined);
  const code = await terminal.ended;
  clearTimeout(patience);
  return code === 0 ? [] : [`ended with ${code}:\n${await leftOn(terminal)}`];
}

/** What a person is left with. */
const leftOn = async (terminal: Terminal): Promise<string> =>
  (await terminal.pictures()).at(-1)?.join('\n').trim() ?? '';

/** With a prompt before it, so that the screen tells which line it was. */
function inScript({ line, code }: Typed): string {
  const prompt = `printf '\\n$ %s\\n' ${shellWord(line)}`;
  return code === 0 ? `${prompt}\n${line}` : `${prompt}\n(\n${line}\n) && exit ${DID_NOT_FAIL} || [ $? = ${code} ]`;
}

async function answerAll(terminal: Terminal): Promise<void> {
  let sign = NEVER;
  for (;;) {
    const [, line, question] = await terminal.find(
      new RegExp(String.raw`\n\$ ([^\n]+)|(?:^|\n)\? ([^\n]+)|${sign.source}`),
    );
    if (line !== undefined) sign = ENDLESS.find(([command]) => command.test(line))?.[1] ?? NEVER;
    else if (question !== undefined) await terminal.answer(question, answerTo(question));
    else {
      terminal.type(INTERRUPT);
      sign = NEVER;
    }
  }
}

function answerTo(question: string): string {
  const [, name] = /^Type the name of .*\(([\w-]+)\)/.exec(question) ?? [];
  if (name !== undefined) return `${name}${ENTER}`;
  return /\(y\/N\)/.test(question) ? `y${ENTER}` : ENTER;
}

/**
 * Makes a folder for the front of the PATH in which the program is this build, whatever way it is called, and `npm ci`
 * gives a worker the packages of this repository, which are those of its lock file.
 * @returns the PATH
 */
export function pathWithShims(folder: string): string {
  const places = (process.env.PATH ?? '').split(delimiter);
  const npm = places.map((place) => join(place, 'npm')).find((path) => existsSync(path));
  const shims = {
    'temporal-fargate': `exec "${process.execPath}" "${BIN}" "$@"`,
    npx: `case "$1" in temporal-fargate|temporal-fargate@*) shift; exec temporal-fargate "$@";; esac
echo "npx $1 is not for this test" >&2; exit 127`,
    npm: `if [ "$*" = ci ]; then exec ln -s "${join(ROOT, 'worker/node_modules')}" node_modules; fi
exec "${npm}" "$@"`,
  };
  mkdirSync(folder, { recursive: true });
  for (const [name, script] of Object.entries(shims)) {
    writeFileSync(join(folder, name), `#!/bin/sh\n${script}\n`);
    chmodSync(join(folder, name), 0o755);
  }
  return [folder, process.env.PATH].join(delimiter);
}
