import { execFile } from 'node:child_process';
import { DeleteObjectCommand, PutObjectCommand } from '@aws-sdk/client-s3';
import { afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { BIN, type CliResult } from '../helpers/cli.ts';
import { eventually } from '../helpers/emulator.ts';
import { CTRL_D, ENTER } from '../helpers/terminal.ts';
import { expectRefusal, INIT, useCliStage } from './stage.ts';

// Slow enough that a stack is still waited for when its terminal is closed.
const stage = useCliStage({ delaySeconds: 1, strict: ['on=0.1'] });
const { emulator } = stage;
const open = (args: readonly string[]) => stage.open(args, { CI: undefined });

let Bucket = '';
beforeAll(async () => {
  expect((await stage.run([...INIT])).code).toBe(0);
  Bucket = Object.keys((await emulator.inventory()).s3?.bucket ?? {}).find((name) => name.includes('state')) ?? '';
});
beforeEach(() => emulator.clearCalls());
const LOCK = { Key: 'dev/lock.json' };
afterEach(() => emulator.clients.s3.send(new DeleteObjectCommand({ Bucket, ...LOCK })));

/** Somebody else is at work on the stack. */
async function lock(): Promise<void> {
  const who = { nonce: 'n', user: 'ada', host: 'build-7', pid: 4711, boot: 'other', command: 'init' };
  const lease = { acquiredAt: '2026-11-25T08:00:00.000Z', leaseSeconds: 60, renewals: 0, cliVersion: '0.1.0' };
  await emulator.clients.s3.send(new PutObjectCommand({ Bucket, ...LOCK, Body: JSON.stringify({ ...who, ...lease }) }));
  await emulator.clearCalls();
}

/** With no standard input at all, as some schedulers start programs. */
function withoutInput(args: readonly string[]): Promise<CliResult> {
  const command = ['-c', 'exec "$@" <&-', 'sh', process.execPath, BIN, ...args];
  return new Promise((resolve) => {
    const child = execFile('sh', command, { env: stage.env() }, (_error, stdout, stderr) =>
      resolve({ code: child.exitCode ?? 'unknown', stdout, stderr }),
    );
  });
}

describe('A question that nobody can answer', () => {
  const nobody = 'there is no terminal to ask at, and no --yes';

  it.each([
    ['state discard', ['state', 'discard'], 'Add --yes --confirm dev.'],
    ['destroy --purge', ['destroy', '--purge'], 'Add --yes --confirm dev.'],
  ])('is refused by %s, and nothing is changed', async (_name, args, fix) => {
    expectRefusal(expect, await stage.run(args), { code: 64, says: nobody, fix });
    expect(await stage.changes()).toEqual([]);
  });

  it('is refused by unlock, and the lock stays', async () => {
    await lock();
    expectRefusal(expect, await stage.run(['unlock']), {
      code: 64,
      says: nobody,
      fix: 'Add --yes to break this lock.',
    });
    expect((await emulator.calls()).filter(({ mutating }) => mutating)).toEqual([]);
  });

  it('is refused where there is no standard input at all', async () => {
    const fix = 'Add --yes to destroy without being asked.';
    expectRefusal(expect, await withoutInput(['destroy']), { code: 64, says: nobody, fix });
    expect(await stage.changes()).toEqual([]);
  });
});

describe('A question whose input ends', () => {
  it.each([
    ['a yes or no', ['destroy'], ['Destroy stack dev?']],
    ['a text', ['state', 'discard'], ['Type the name of the stack to set its state aside (dev)']],
    [
      'a choice, after answers',
      ['init', '--verify', 'health', '--stack', 'other'],
      ['Temporal server', 'Temporal namespace', 'CA that signed', 'Network'],
    ],
  ])('stops the run, exit 130, and nothing is changed: %s', async (_what, args, questions) => {
    const terminal = open(args);
    for (const [index, question] of questions.entries()) {
      await terminal.see(question);
      terminal.type(index === questions.length - 1 ? CTRL_D : ENTER);
    }
    expect(await terminal.ended).toBe(130);
    expect(terminal.screen()).toMatch(
      /\nStopped\. What was done is recorded; run the same command again to go on\.\n$/,
    );
    expect(await stage.changes()).toEqual([]);
  });
});

describe('A question that is declined', () => {
  it.each([
    ['unlock', ['unlock'], 'Break the lock?', 'n'],
    ['state discard', ['state', 'discard'], 'Type the name of the stack to set its state aside (dev)', 'prod'],
  ])('ends %s with 1, and nothing is changed', async (name, args, question, answer) => {
    if (name === 'unlock') await lock();
    const terminal = open(args);
    await terminal.see(question);
    terminal.type(`${answer}${ENTER}`);
    expect(await terminal.ended).toBe(1);
    expect(terminal.screen()).toMatch(/✖ Nothing was changed\.\n {2}Run the command again when you are ready\.\n$/);
    expect((await emulator.calls()).filter(({ mutating }) => mutating)).toEqual([]);
  });
});

describe('A terminal that is closed', () => {
  it('while a stack is made ends the run in good order: no lock is left, and what was made is on record', async () => {
    await emulator.reset();
    const terminal = open([...INIT]);
    await terminal.see('NAT gateway (us-east-1a): pending');
    terminal.hangUp();
    await terminal.ended;
    await eventually('the lock is given back', async () =>
      (await emulator.calls()).some(({ operation, params }) => operation === 'DeleteObject' && params.Key === LOCK.Key),
    );
    const shown = await stage.run(['state', 'show']);
    expect(shown.stdout).toMatch(/network\/nat-gateway\/a +nat-[0-9a-f]+/);
  });
});
