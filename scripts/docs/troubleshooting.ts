import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { STATE_PROBLEMS } from '../../state/errors.ts';
import { errorCodesIn } from './error-codes.ts';
import { ERROR_GROUPS } from './error-meanings.ts';
import { code, type Page, table } from './markdown.ts';

const TOP = `# Troubleshooting, by error code

Every error has a code, which \`--json\` shows and which stays the same while texts may change: \`npx temporal-fargate plan --json\`.
People see the message, and under it what to do. Here is what each code means. Made by \`npm run docs\`, which fails when the sources
have a code that is not here.

Whatever failed: what was done is recorded, and the same command run again goes on from there. For situations instead of codes see
[recovery.md](recovery.md), for workers that do not start [failures.md](failures.md). A code in mixed letters, such as \`TypeError\`,
is a fault of this program: please report it with the output of \`--debug\`; \`Cancelled\` is your own Ctrl-C.`;

/**
 * docs/troubleshooting.md: what every error code means.
 *
 * @throws Error when codes of the sources have no meaning, or meanings no code
 */
export function troubleshootingPage(root: string): Page {
  const groups = ERROR_GROUPS.map(({ heading, rows }) => ({ heading, rows: rows.trim().split('\n').map(rowOf) }));
  compare(
    errorCodesIn(sources(root)),
    groups.flatMap(({ rows }) => rows.map(([name]) => name)),
  );
  const sections = groups.map(
    ({ heading, rows }) =>
      `## ${heading}\n\n${table(
        ['Code', 'What has happened', 'What to do'],
        rows.map(([name, what, fix]) => [code(name), what, fix]),
      )}`,
  );
  return { path: 'docs/troubleshooting.md', text: `${[TOP, ...sections].join('\n\n')}\n` };
}

function rowOf(line: string): [name: string, what: string, fix: string] {
  const [name = '', what = '', fix = fixOfState(name)] = line.split(' | ');
  if (what === '' || fix === '') throw new Error(`scripts/docs/error-meanings.ts: ${name} says too little`);
  // Names of other pages lead there.
  return [
    name,
    what,
    fix.replace(/\b[a-z.-]+\.(md|json)\b/g, (page) => (PAGES.test(page) ? `[${page}](${page})` : page)),
  ];
}

const PAGES = /\.md$|^config\.schema\.json$/;

const fixOfState = (name: string): string => (STATE_PROBLEMS as Record<string, { fix: string }>)[name]?.fix ?? '';

function compare(used: readonly string[], explained: readonly string[]): void {
  const problems = [
    ...used.filter((name) => !explained.includes(name)).map((name) => `${name} has no entry`),
    ...explained.filter((name) => !used.includes(name)).map((name) => `${name} is no code of the sources`),
    ...explained.filter((name, n) => explained.indexOf(name) !== n).map((name) => `${name} is there twice`),
  ];
  if (problems.length > 0) throw new Error(`scripts/docs/error-meanings.ts: ${problems.join('; ')}`);
}

const sources = (root: string): string[] =>
  ['src', 'state']
    .flatMap((folder) =>
      readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' }).map((file) => join(folder, file)),
    )
    .filter((file) => file.endsWith('.ts'))
    .map((file) => readFileSync(join(root, file), 'utf8'));
