// `npm run screens`: runs the product on a sandbox, at a terminal, and puts what a person sees into docs/screens.md and,
// where README has a place for it, there too.
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { cliEnvironment } from '../test/helpers/cli.ts';
import { ENTER, openTerminal } from '../test/helpers/terminal.ts';
import { root, say, setUp } from './setup.mjs';

interface Screen {
  readonly name: string;
  readonly about: string;
  readonly args: readonly string[];
  /** What is typed at a question that begins like this; Enter at all others. */
  readonly typed?: readonly [question: string, text: string];
}

const SCREENS: readonly Screen[] = [
  { name: 'init', about: 'The whole stack, with Enter at every question.', args: ['init'] },
  { name: 'status', about: 'What runs, and what Temporal sees of it.', args: ['status'] },
  { name: 'trigger', about: 'A workflow on the deployed worker.', args: ['trigger', '--input', '{"message":"hi"}'] },
  { name: 'again', about: 'A second run has nothing to do.', args: ['init', '--yes'] },
  { name: 'doctor', about: 'What can be known before money is spent.', args: ['doctor'] },
  { name: 'cost', about: 'The bill by line.', args: ['cost'] },
  { name: 'list', about: 'The stacks of the account, in one of its regions.', args: ['list', '--region', 'us-east-1'] },
  {
    name: 'destroy',
    about: 'Everything down, with the proof that nothing is left.',
    args: ['destroy', '--purge', '--delete-data'],
    typed: ['Type the name', 'dev'],
  },
];

/** Wide enough that no line breaks, long enough that nothing scrolls away. */
const SIZE = { columns: 180, rows: 400 };

setUp();
const home = mkdtempSync(join(tmpdir(), 'temporal-fargate-screens-'));
const env = cliEnvironment(undefined, {
  TEMPORAL_FARGATE_HOME: home,
  // Tests hurry more than a sandbox as people start it.
  TEMPORAL_FARGATE_TIME_SCALE: undefined,
  NO_COLOR: '1',
});
const open = (args: readonly string[]) => openTerminal(args, env, SIZE, { cwd: home });

/** What a person is left with once all questions are answered. */
async function record({ args, typed }: Screen): Promise<string> {
  const terminal = open([...args, '--sandbox']);
  const answerAll = async (): Promise<void> => {
    for (;;) {
      const question = await terminal.question();
      await terminal.answer(question, typed && question.startsWith(typed[0]) ? `${typed[1]}${ENTER}` : ENTER);
    }
  };
  // It ends when the program does, with no question that is open.
  await answerAll().catch(() => undefined);
  const code = await terminal.ended;
  if (code !== 0) throw new Error(`${args.join(' ')} ended with ${code}:\n${terminal.screen()}`);
  return (await terminal.pictures()).at(-1)?.join('\n').trim() ?? '';
}

const quoted = (arg: string): string => (/^[\w./-]+$/.test(arg) ? arg : `'${arg}'`);

/** Of the run on a sandbox, without what says so. */
const block = ({ args }: Screen, text: string): string =>
  `\`\`\`\n$ npx temporal-fargate ${args.map(quoted).join(' ')}\n${text.replaceAll(' --sandbox', '').replace(/^! Node .*(\n.*Node 22\.)?\n/m, '')}\n\`\`\`\n`;

try {
  if ((await open(['sandbox', 'start']).ended) !== 0) throw new Error('the sandbox does not start');
  const page = ['# What a person sees', '', 'Made by `npm run screens`, from a run on the sandbox.', ''];
  let readme = readFileSync(join(root, 'README.md'), 'utf8');
  for (const screen of SCREENS) {
    say(`recording ${screen.name} ...`);
    const text = block(screen, await record(screen));
    page.push(`## ${screen.name}`, '', screen.about, '', text);
    const place = new RegExp(`(<!-- screen: ${screen.name} -->\n)[^]*?(<!-- /screen -->)`);
    readme = readme.replace(place, (_all, before: string, after: string) => `${before}${text}${after}`);
  }
  writeFileSync(join(root, 'docs/screens.md'), `${page.join('\n').trimEnd()}\n`);
  writeFileSync(join(root, 'README.md'), readme);
} finally {
  await open(['sandbox', 'stop']).ended;
  rmSync(home, { recursive: true, force: true });
}
