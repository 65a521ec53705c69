import type { Command, Option as Flag } from 'commander';
import { buildProgram } from '../../src/cli.ts';
import { OPTION_GROUPS } from '../../src/config/options.ts';
import { COMMON_FLAGS, EXAMPLES } from '../../src/help.ts';
import { code, type Page, table } from './markdown.ts';

const TOP = `# Commands

What \`--help\` says of each, made by \`npm run docs\` from the table of commands. In examples \`temporal-fargate\` stands for
\`npx temporal-fargate\`. Flags that answer a question of \`init\` are only named here: [answers.md](answers.md) has what they change.

Exit codes: 0 done, 1 failed, 2 \`plan --detailed-exitcode\` found something to do, 64 wrong usage, 75 locked or busy (try again),
130 interrupted. Error codes: [troubleshooting.md](troubleshooting.md). Output for programs: [json.md](json.md).`;

const FLAG_HEADS = ['Flag', 'What it does'];

/** docs/commands.md: every command that people see, in the order of the help. */
export function commandsPage(): Page {
  const all = commandsIn(buildProgram('0', async () => undefined));
  const index = table(
    ['Command', 'What it does'],
    all.map((command) => [`[${code(fullName(command))}](#${anchor(command)})`, about(command)]),
  );
  const common = table(
    FLAG_HEADS,
    COMMON_FLAGS.map(([flag, what]) => [code(flag), what]),
  );
  const parts = [TOP, index, `## With every command\n\n${common}`, ...all.map(section)];
  return { path: 'docs/commands.md', text: `${parts.join('\n\n')}\n` };
}

/** Those that can be called, also inside of others such as `state`. */
function commandsIn(parent: Command): Command[] {
  const shown = parent.createHelp().visibleCommands(parent);
  return shown
    .filter((command) => command.name() !== 'help')
    .flatMap((command) => (command.commands.length > 0 ? commandsIn(command) : [command]));
}

/** "state list" */
const fullName = (command: Command): string =>
  command.parent?.parent ? `${fullName(command.parent)} ${command.name()}` : command.name();

/** As GitHub makes it of a heading. */
const anchor = (command: Command): string => fullName(command).replaceAll(' ', '-');

/** "temporal-fargate sandbox load <series>" */
const usage = (command: Command): string =>
  [
    `temporal-fargate ${fullName(command)}`,
    ...command.registeredArguments.map((word) => (word.required ? `<${word.name()}>` : `[${word.name()}]`)),
  ].join(' ');

/** What it does; "start them" alone would not say what. */
const about = (command: Command): string =>
  command.parent?.parent ? `${command.parent.description()}: ${command.description()}` : command.description();

function section(command: Command): string {
  const own = ownFlags(command);
  const examples = (EXAMPLES[fullName(command)] ?? []).flatMap(([text, purpose]) => [
    `# ${purpose}`,
    `temporal-fargate ${text}`,
  ]);
  const words = command.registeredArguments.map((word) => [code(word.name()), word.description]);
  const flags = own.map(({ flags, description }) => [code(flags), description]);
  return [
    `## ${fullName(command)}`,
    `${code(usage(command))}: ${about(command)}.`,
    ...(words.length + flags.length > 0 ? [table(FLAG_HEADS, [...words, ...flags])] : []),
    ...answersOf(command),
    ['```', ...examples, '```'].join('\n'),
  ].join('\n\n');
}

const HEADINGS: readonly unknown[] = OPTION_GROUPS.map(({ heading }) => heading);

const ownFlags = (command: Command): Flag[] =>
  command.options.filter(({ helpGroupHeading }) => helpGroupHeading === undefined);

/** Which of the questions it takes. */
function answersOf(command: Command): string[] {
  const flags = command.options.filter(({ helpGroupHeading }) => HEADINGS.includes(helpGroupHeading));
  if (flags.length === 0) return [];
  const groups = new Set(flags.map(({ helpGroupHeading }) => helpGroupHeading));
  if (groups.size === HEADINGS.length) return ['It takes all answers as flags.'];
  return [`Answers: ${flags.map(({ long }) => code(long ?? '')).join(', ')}.`];
}
