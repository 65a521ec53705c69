import { describe, expect, it } from 'vitest';
import { buildProgram, type Call } from '../../src/cli.ts';
import { EXAMPLES } from '../../src/help.ts';
import { PAGES, partsOf, textOf } from './pages.ts';

const NAMES = String.raw`(?:npx )?temporal-fargate(?:@[\d.]+)?|node dist/bin\.js`;
const AS_CODE = new RegExp(String.raw`^\s*(?:\$ )?(?:${NAMES}) +(\S.*)$`);
const IN_PROSE = new RegExp(`\`(?:${NAMES}) ([^\`]+)\``, 'g');

/** Command lines of a page without the name of the program, in code blocks and in the text. */
function commandLines(path: string): string[] {
  const { prose, blocks } = partsOf(textOf(path));
  const typed = blocks.flatMap((block) => {
    const lines = block.replace(/\\\n\s*/g, '').split('\n');
    // Where there is a prompt, the rest is what the program says.
    const prompted = lines.filter((line) => line.startsWith('$ '));
    return prompted.length > 0 ? prompted : lines;
  });
  return [
    ...typed.flatMap((line) => AS_CODE.exec(line)?.[1] ?? []),
    ...[...prose.matchAll(IN_PROSE)].map(([, line = '']) => line.replaceAll('\n', ' ')),
  ];
}

/** As a shell would, up to a pipe, another command or a comment. */
function wordsOf(line: string): string[] {
  const words = line.match(/'[^']*'|\S+/g) ?? [];
  const end = words.findIndex((word) => ['|', '&&', '#'].includes(word));
  return (end < 0 ? words : words.slice(0, end)).map((word) => word.replace(/^'|'$/g, ''));
}

/** What is wrong with a line, by the program's own parser; nothing is run. */
async function problemOf(line: string): Promise<string | undefined> {
  const calls: Call[] = [];
  const parser = buildProgram('0', async (call) => {
    calls.push(call);
  });
  for (const command of [parser, ...parser.commands, ...parser.commands.flatMap(({ commands }) => commands)])
    command.configureOutput({ writeOut: () => undefined, writeErr: () => undefined });
  try {
    await parser.parseAsync(wordsOf(line), { from: 'user' });
  } catch (error) {
    return (error as { code?: string }).code === 'commander.helpDisplayed' ? undefined : (error as Error).message;
  }
  return calls.length === 1 ? undefined : 'it calls nothing';
}

// Of commands.md the examples of the help are the command lines, and test/cli/help.test.ts types those.
const lines = PAGES.filter((path) => path !== 'docs/commands.md').flatMap((path) =>
  commandLines(path).map((line) => [path, line] as const),
);

describe('the command lines of the pages', () => {
  it('can be typed: every command is there, and takes these flags and values', async () => {
    const problems = await Promise.all(
      lines.map(async ([path, line]) => ({ path, line, problem: await problemOf(line) })),
    );
    expect(problems.filter(({ problem }) => problem !== undefined)).toEqual([]);
    expect(new Set(lines.map(([path]) => path)).size).toBeGreaterThan(10);
  });

  it('are told apart from others: an unknown command, an unknown flag, one too few', async () => {
    expect(await problemOf('inti --yes')).toContain("unknown command 'inti'");
    expect(await problemOf('init --yess')).toContain("unknown option '--yess'");
    expect(await problemOf('sandbox load')).toContain('missing required argument');
    expect(await problemOf('init --cpu 512 | jq # more')).toBeUndefined();
  });
});

/** What writes lines of its own, or nothing: told of beside the table. */
const WITHOUT_A_ROW = ['logs', 'worker dev', 'sandbox install'];

it('docs/json.md has the result of every command', () => {
  const told = [...textOf('docs/json.md').matchAll(/^\| ((?:`[a-z ]+`(?:, )?)+) \|/gm)].flatMap(([, names = '']) =>
    names.replaceAll('`', '').split(', '),
  );
  expect(Object.keys(EXAMPLES).filter((name) => !told.includes(name))).toEqual(WITHOUT_A_ROW);
});
