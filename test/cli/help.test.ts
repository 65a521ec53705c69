import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Command } from 'commander';
import { describe, expect, it } from 'vitest';
import { buildProgram, type Call } from '../../src/cli.ts';
import { OPTIONS } from '../../src/config/options.ts';
import { mend, wrong } from '../../src/config/wrong.ts';
import { EXAMPLES } from '../../src/help.ts';
import { BIN, cliEnvironment, runCli } from '../helpers/cli.ts';
import { API_KEY } from './stage.ts';

const run = (args: readonly string[], extra: NodeJS.ProcessEnv = {}) => runCli(args, cliEnvironment(undefined, extra));
const program = buildProgram('0', async () => undefined);
const visible = (command: Command): Command[] =>
  command
    .createHelp()
    .visibleCommands(command)
    .filter((inner) => inner.name() !== 'help');

describe('the examples of the help', () => {
  const names = visible(program).flatMap((command) =>
    command.commands.length === 0
      ? [command.name()]
      : visible(command).map((inner) => `${command.name()} ${inner.name()}`),
  );
  /** As a shell would. */
  const wordsOf = (text: string): string[] =>
    (text.match(/'[^']*'|\S+/g) ?? []).map((word) => word.replace(/^'|'$/g, ''));

  it('are there for every command, and for no other', () => {
    expect(Object.keys(EXAMPLES).sort()).toEqual(names.sort());
  });

  it.each(Object.entries(EXAMPLES).flatMap(([name, examples]) => examples.map(([text]) => [text, name] as const)))(
    '%s: can be typed',
    async (text, name) => {
      const calls: Call[] = [];
      const parser = buildProgram('0', async (call) => {
        calls.push(call);
      });
      await parser.parseAsync(wordsOf(text), { from: 'user' });
      expect(calls).toEqual([expect.objectContaining({ name })]);
      const answers = calls[0]?.flags.answers ?? {};
      const problems = OPTIONS.flatMap((option) => {
        const answer = answers[option.key];
        return answer === undefined ? [] : (wrong(option, mend(option, answer).answer, answers) ?? []);
      });
      expect(problems).toEqual([]);
    },
  );
});

describe('the help of init', () => {
  it('groups its flags by what they are about, its own first and those of every command last', async () => {
    const { stdout } = await run(['init', '--help']);
    expect(stdout.match(/^\S.*:$/gm)).toEqual([
      'Options:',
      ...[
        'Which stack:',
        'Temporal:',
        'Network:',
        'Worker:',
        'What your activities need:',
        'What your organization asks for:',
      ],
      'With every command:',
      'Examples:',
    ]);
    expect(stdout).toContain('(default: 1024, env: TEMPORAL_FARGATE_CPU)');
  });
});

describe('help and version', () => {
  const chunks = join(dirname(BIN), 'chunks');
  const clientChunks = readdirSync(chunks).filter((name) =>
    /node_modules\/(@aws-sdk\/client-|@temporalio\/)/.test(readFileSync(join(chunks, name), 'utf8')),
  );

  /** Files of the bundle that Node has loaded, by its own coverage record. */
  async function loadedBy(
    args: readonly string[],
  ): Promise<{ stdout: string; code: number | string; files: string[] }> {
    const folder = mkdtempSync(join(tmpdir(), 'temporal-fargate-coverage-'));
    try {
      const { stdout, code } = await run(args, { NODE_V8_COVERAGE: folder });
      const files = readdirSync(folder).flatMap((name) => {
        const { result } = JSON.parse(readFileSync(join(folder, name), 'utf8')) as { result: { url: string }[] };
        return result.flatMap(({ url }) => (url.startsWith('file:') ? [fileURLToPath(url)] : []));
      });
      return { stdout, code, files };
    } finally {
      rmSync(folder, { recursive: true });
    }
  }
  const clients = (files: readonly string[]): string[] =>
    clientChunks.filter((name) => files.some((file) => file.endsWith(name)));

  // All commands are loaded alike: when they are called.
  it.each([
    ['the program', []] as const,
    ['a command', ['init']] as const,
    ['one of several', ['state', 'list']] as const,
  ])('help of %s exits with 0, on standard output, and loads no AWS or Temporal client', async (_name, command) => {
    const { stdout, code, files } = await loadedBy([...command, '--help']);
    expect(code).toBe(0);
    expect(stdout).toMatch(/^Usage: temporal-fargate/);
    expect(files).toContain(BIN);
    expect(clients(files)).toEqual([]);
  });

  it('a command that needs them does load clients, so that the record can be believed', async () => {
    expect(clients((await loadedBy(['status'])).files)).not.toEqual([]);
  });

  it('prints the version of package.json', async () => {
    const { version } = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8'));
    expect(await run(['--version'])).toEqual({ code: 0, stdout: `${version}\n`, stderr: '' });
  });

  it('shows every command its own usage and examples', async () => {
    for (const name of Object.keys(EXAMPLES)) {
      let shown = '';
      const parser = buildProgram('0', async () => undefined);
      for (const command of [parser, ...parser.commands, ...parser.commands.flatMap((inner) => inner.commands)])
        command.configureOutput({ writeOut: (text) => (shown += text) });
      const parsing = parser.parseAsync([...name.split(' '), '--help'], { from: 'user' });
      await expect(parsing).rejects.toMatchObject({ code: 'commander.helpDisplayed' });
      expect(shown).toContain(`Usage: temporal-fargate ${name} [options]`);
      for (const [text, purpose] of EXAMPLES[name] ?? []) {
        expect(shown).toContain(`  # ${purpose}\n  temporal-fargate ${text}\n`);
      }
    }
  });

  it('never shows the API key', async () => {
    expect((await run(['init', '--help'], { TEMPORAL_API_KEY: API_KEY })).stdout).not.toContain(API_KEY);
  });
});
