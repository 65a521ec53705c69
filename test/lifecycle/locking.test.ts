import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { stripVTControlCharacters } from 'node:util';
import { afterAll, describe, expect, it } from 'vitest';
import { ensurePythonEnvironment } from '../../src/sandbox/environment.ts';
import { type CliResult, leanBin, type Running } from '../helpers/cli.ts';
import { eventually, testCacheDir } from '../helpers/emulator.ts';
import { countable } from '../helpers/inventory.ts';
import { afterwards, putText, storeFor, textOf } from '../state/stage.ts';
import { environmentOf, INIT, Operator, OTHERS_DONE, useOperators } from './operators.ts';

const { emulator, first, second, empty, seenLock, expired, expectOneWholeStack } = useOperators();

const runsInit = ({ pid }: Running): string => `(process ${pid}) runs "init"`;
const DESTROY = ['destroy', '--yes', '--purge', '--delete-data', '--delete-state-bucket', '--confirm', 'dev'];

describe('two init at once in a new account', () => {
  it('one makes the stack; the other exits 75, says who is at it, and changes nothing, and so does a destroy', async () => {
    // Whoever gets the lock waits here until the others have ended.
    await emulator.fault({ kind: 'hang', match: { operation: 'CreateVpc' } });
    const both = await Promise.all([first, second].map(async (who) => ({ who, run: await who.start(INIT) })));
    const loser = await Promise.race(both.map(async ({ who, run }) => ({ who, result: await run.result })));
    const winner = both.find(({ who }) => who !== loser.who) as (typeof both)[number];
    expect(loser.result.code).toBe(75);
    expect(loser.result.stderr).toContain(runsInit(winner.run));
    expect(loser.result.stderr).toContain('temporal-fargate unlock --stack dev');
    expect(loser.result.stdout).toBe('');
    expect(await loser.who.changes()).toEqual([]);
    const written = (await loser.who.calls()).filter(({ params }) => params.Key === 'dev/state.json');
    expect(written.filter(({ mutating }) => mutating)).toEqual([]);
    const early = await loser.who.run(['destroy', '--yes']);
    expect(early).toMatchObject({ code: 75, stderr: expect.stringContaining(runsInit(winner.run)) });
    expect(await loser.who.changes()).toEqual([]);

    await emulator.clearFaults();
    expect(await winner.run.result).toMatchObject({ code: 0 });
    expect(await seenLock()).toBeUndefined();
    await expectOneWholeStack();
    expect(await second.run(DESTROY)).toMatchObject({ code: 0, stdout: expect.stringMatching(/^0 left$/m) });
    expect(countable(await emulator.inventory())).toEqual(countable(empty()));
  });

  it('a destroy finds the lock also before the init has written anything', async () => {
    await emulator.fault({ kind: 'hang', match: { operation: 'PutObject' }, after: 2 });
    const init = await first.start(INIT);
    await first.reached('PutObject');
    await eventually('the lock', async () => (await seenLock()) !== undefined);
    const early = await second.run(['destroy', '--yes']);
    expect(early).toMatchObject({ code: 75, stderr: expect.stringContaining(runsInit(init)) });
    expect(await second.changes()).toEqual([]);
  });
});

describe('twenty init at once', () => {
  const crowd: Operator[] = [];
  afterAll(() => Promise.all(crowd.map((who) => who.leave())));

  it('are let in one at a time: nineteen exit 75 at once, name the one, and change nothing; that one works', async () => {
    expect(await second.run(INIT)).toMatchObject({ code: 0 });
    await emulator.clearCalls();
    // The first thing that is done under the lock of a stack that exists.
    await emulator.fault({ kind: 'hang', match: { operation: 'DescribeVpcs' } });
    // Processes of five each: loading the program twenty times would take longer than all that they do.
    crowd.push(...[1, 2, 3, 4].map((n) => new Operator(emulator, `crowd-${n}`)));
    const all = await Promise.all(
      crowd.flatMap((who) => Array.from({ length: 5 }, () => who.start([...INIT, '--skip-checks']))),
    );
    const ended = new Map<Running, CliResult>();
    for (const run of all) void run.result.then((result) => ended.set(run, result));
    await eventually('nineteen to end', async () => ended.size === 19, 60);
    const winner = all.find((run) => !ended.has(run)) as Running;
    for (const result of ended.values()) {
      expect(result).toMatchObject({ code: 75, stdout: '' });
      expect(result.stderr).toContain(runsInit(winner));
    }
    await emulator.clearFaults();
    expect(await winner.result).toMatchObject({ code: 0 });
    expect(await seenLock()).toBeUndefined();
    const changes = (await emulator.calls()).filter(({ mutating, status }) => mutating && status === 200);
    expect(changes.map(({ operation, params }) => [operation, params.Key])).toEqual([['PutObject', 'dev/lock.json']]);
  });
});

describe('an init that never hears what became of its writes', () => {
  it('reads back each time, takes none of them for a rival, and makes one stack', async () => {
    // Every write is carried out and its answer lost; when the SDK sends it again it is refused.
    for (let after = 1; after < 200; after += 1) {
      await emulator.fault({ kind: 'close-after', match: { operation: 'PutObject' }, after });
    }
    expect(await second.run(INIT)).toMatchObject({ code: 0 });
    await emulator.clearFaults();
    const puts = (await second.calls()).filter(({ operation }) => operation === 'PutObject');
    const refused = puts.filter(({ status }) => status === 412);
    expect(refused.length).toBeGreaterThan(15);
    const { store } = await storeFor(emulator);
    const done = puts.filter(({ params, status }) => params.Key === 'dev/state.json' && status === 200);
    // Every write that was carried out is one serial and one version; none was written twice.
    expect((await store.read())?.serial).toBe(done.length);
    expect(await store.versions()).toHaveLength(done.length);
    await expectOneWholeStack();
  });
});

describe('on a machine whose clock is an hour off', () => {
  const shifted: Operator[] = [];
  const shiftedBy = (name: string, ms: number): Operator => {
    const shift = new URL('../helpers/shifted-clock.mjs', import.meta.url);
    const who = new Operator(emulator, name, { NODE_OPTIONS: `--import=${shift}`, TEST_CLOCK_SHIFT_MS: String(ms) });
    shifted.push(who);
    return who;
  };
  afterAll(() => Promise.all(shifted.map((who) => who.leave())));

  it('a held lock is held, an abandoned one is taken over after its lease, and the stack is made', async () => {
    const { store, s3, own } = await storeFor(emulator, { leaseSeconds: 2 });
    const [fast, slow] = [shiftedBy('fast', 3_600_000), shiftedBy('slow', -3_600_000)];
    const session = await store.open('deploy');
    const held = await textOf(s3, own, 'dev/lock.json');
    for (const who of [fast, slow]) {
      const early = await who.run(INIT);
      expect(early.stderr).toMatch(/runs "deploy" since 20.*, last sign of life [0-5] s ago/);
      expect(early.code).toBe(75);
    }
    await session.close();
    await emulator.clearCalls();
    await putText(s3, own, 'dev/lock.json', held.replace(/"host": "[^"]*"/, '"host": "elsewhere"'));
    await expired('dev', 3);
    const made = await slow.run(INIT);
    expect(made.stderr).toMatch(/clock: 3\d{3} s behind AWS/);
    expect(made.code).toBe(0);
    // What is not there is asked for once, as on any machine: the clock is no reason to ask again.
    const looks = (await slow.calls()).filter(({ operation }) => operation === 'DescribeTaskDefinition');
    expect(looks.length).toBeLessThan(5);
    await expectOneWholeStack();
  });
});

/** Runs the CLI at a terminal, which the sandbox's Python makes, and answers one question. */
async function atTerminal(args: readonly string[], question: string, answer: string) {
  const { python } = await ensurePythonEnvironment({ cacheDir: testCacheDir, note: () => undefined });
  const script = 'import os, pty, sys; sys.exit(os.waitstatus_to_exitcode(pty.spawn(sys.argv[1:])))';
  const child = spawn(python, ['-c', script, process.execPath, leanBin(), ...args], {
    env: environmentOf(emulator, 'terminal', { TERM: 'xterm' }),
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  let shown = '';
  let answered = false;
  child.stdout.on('data', (chunk) => {
    shown += stripVTControlCharacters(String(chunk));
    if (answered || !shown.includes(question)) return;
    answered = true;
    child.stdin.write(answer);
  });
  const [code] = (await once(child, 'close')) as [number];
  return { code, shown };
}

describe('unlock', () => {
  it('says when there is no lock and no state bucket', async () => {
    expect(await second.run(['unlock'])).toMatchObject({ code: 0, stdout: 'Stack dev is not locked.\n' });
    expect(await emulator.inventory()).toEqual(empty());
  });

  it('asks at a terminal, takes no for an answer, and breaks the lock after a yes', async () => {
    const { store } = await storeFor(emulator);
    const session = await store.open('init');
    afterwards(() => session.close());
    const no = await atTerminal(['unlock'], 'Break the lock?', 'n\r');
    expect(no).toMatchObject({ code: 1, shown: expect.stringContaining('Nothing was changed') });
    expect(no.shown).toContain(`(process ${process.pid}) runs "init"`);
    expect(await seenLock()).toBeDefined();
    const yes = await atTerminal(['unlock'], 'Break the lock?', 'y\r');
    expect(yes).toMatchObject({ code: 0, shown: expect.stringContaining('The lock of stack dev is broken') });
    expect(await seenLock()).toBeUndefined();
  });

  it('shows the holder, asks for a yes, and breaks the lock of a stopped process for good', async () => {
    await emulator.fault({ kind: 'hang', match: { operation: 'CreateVpc' } });
    const init = await first.start(INIT);
    await first.reached('CreateVpc');
    await init.waitFor(OTHERS_DONE);
    process.kill(init.pid, 'SIGSTOP');
    await emulator.clearFaults();

    const asked = await second.run(['unlock']);
    expect(asked).toMatchObject({ code: 64, stderr: expect.stringContaining('--yes') });
    expect(asked.stderr).toMatch(new RegExp(`Stack dev is locked: .*\\(process ${init.pid}\\) runs "init" since 20`));
    expect(await seenLock()).toBeDefined();

    const broken = await second.run(['unlock', '--yes']);
    expect(broken).toMatchObject({ code: 0, stdout: 'The lock of stack dev is broken.\n' });
    expect(broken.stderr).toContain(`(process ${init.pid})`);
    expect(await seenLock()).toBeUndefined();
    expect((await second.run(['unlock', '--yes'])).stdout).toBe('Stack dev is not locked.\n');

    expect(await second.run(INIT)).toMatchObject({ code: 0 });
    const before = (await first.changes()).length;
    process.kill(init.pid, 'SIGCONT');
    expect((await init.result).code).toBe(75);
    expect((await first.changes()).slice(before)).toEqual([]);
    await expectOneWholeStack();
  });
});
