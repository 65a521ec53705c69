import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { BIN, cliEnvironment } from '../helpers/cli.ts';
import { answerQuestions, ENTER, openTerminal, type Terminal } from '../helpers/terminal.ts';
import { useWarmPrograms } from '../helpers/warm-programs.ts';

const folder = mkdtempSync(join(tmpdir(), 'temporal-fargate-wizard-'));
const env = cliEnvironment(undefined, { TEMPORAL_FARGATE_HOME: join(folder, 'home') });
const program = useWarmPrograms(() => BIN);
const run = (command: string) => program(command.split(' '), env);

beforeAll(async () => {
  const { code, stderr } = await run('sandbox start --delay 0.2');
  if (code !== 0) throw new Error(stderr);
});
afterAll(async () => {
  await run('sandbox stop');
  rmSync(folder, { recursive: true, force: true });
});

/** Everything that is asked of somebody who has nothing but a sandbox. */
const QUESTIONS = [
  'Name of the stack (dev)',
  'Temporal server',
  'Address of the Temporal server (127.0.0.1:',
  'Temporal namespace (default)',
  'Network',
  'Task queue (test-queue)',
  'Size of a task',
  'Spot or on demand',
  'Number of tasks',
  'Change an answer?',
  'Go on? (Y/n)',
  'Write the answers to temporal-fargate.json',
];

describe('a person who presses Enter at every question of init', () => {
  it('is asked twelve, has a stack that works, and can do the same without questions', {
    timeout: 180_000,
  }, async () => {
    expect(QUESTIONS.length).toBeLessThanOrEqual(12);
    const terminal = openTerminal(['init', '--sandbox'], env, { columns: 80, rows: 24 }, { cwd: folder });
    await answerQuestions(
      terminal,
      QUESTIONS.map((question) => [question, ENTER]),
    );
    expect(await terminal.ended).toBe(0);
    expect(terminal.screen()).toMatch(
      /Stack dev is up \(\d+ s\)\. Temporal reports dev\/\S+ as a poller of test-queue\./,
    );

    const { code, stdout } = await run('trigger --sandbox --stack dev');
    expect([code, stdout]).toEqual([0, expect.stringContaining('s3://')]);

    const [command = ''] = /npx temporal-fargate@\S+ init --yes.*/.exec(terminal.screen()) ?? [];
    expect(command).toMatch(/^npx temporal-fargate@\d+\.\d+\.\d+ init --yes --sandbox$/);
    const written = JSON.parse(readFileSync(join(folder, 'temporal-fargate.json'), 'utf8'));
    expect(written).toMatchObject({ stack: 'dev', network: 'private', dataBucket: true });

    const asPrinted = command.replace(/^npx temporal-fargate@\S+/, '"$0" "$1"');
    const again = execFileSync('sh', ['-c', asPrinted, process.execPath, BIN], {
      env,
      encoding: 'utf8',
      stdio: 'pipe',
    });
    expect(again).toBe('Stack dev is as configured. Nothing was changed.\n');
    const byFile = await run(`init --sandbox --yes --config ${join(folder, 'temporal-fargate.json')}`);
    expect(byFile.stdout).toBe(again);
  });
});

const DOWN = '\x1b[B';

/** Finds an entry among all answers by typing a part of it. */
async function change(terminal: Terminal, typed: string, entry: string): Promise<void> {
  expect(await terminal.question()).toBe('Change an answer?');
  terminal.type(typed);
  await terminal.see(`❯ ${entry}`);
  await terminal.answer('Change an answer?', ENTER);
}

describe('another init of a stack that is there', () => {
  it('asks nothing that the stack answers, and plans what is changed', { timeout: 120_000 }, async () => {
    const terminal = openTerminal(['init', '--sandbox'], env, { columns: 80, rows: 24 }, { cwd: folder });
    await answerQuestions(terminal, [['Name of the stack', ENTER]]);
    await change(terminal, 'queue', 'Task queue: test-queue');
    await answerQuestions(terminal, [['Task queue (test-queue)', `orders${ENTER}`]]);
    await change(terminal, 'logs', 'Days to keep logs: 7');
    expect(await terminal.question()).toBe('Days to keep logs (7)');
    terminal.type(`8${ENTER}`);
    await terminal.see('CloudWatch Logs cannot keep logs for 8 days');
    await terminal.answer('Days to keep logs', `\x7f14${ENTER}`);
    await change(terminal, 'bucket', 'Data bucket: yes');
    await answerQuestions(terminal, [['Data bucket', `${DOWN}${ENTER}`]]);
    await answerQuestions(terminal, [['Change an answer?', ENTER]]);
    await terminal.see('Plan: ');
    expect(await terminal.question()).toBe('This deletes or replaces what is marked - or ±. Go on? (y/N)');
    await terminal.answer('This deletes or replaces', ENTER);
    expect(await terminal.ended).toBe(1);
    const shown = terminal.screen();
    for (const line of ['- data bucket', '- task role', '~ log group', '~ task definition (worker)'])
      expect(shown).toContain(line);
    expect(shown).toContain('Nothing was changed.');
  });
});
