import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { stripVTControlCharacters } from 'node:util';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ensurePythonEnvironment } from '../../src/sandbox/environment.ts';
import { stateBucket } from '../../state/bucket.ts';
import { readLock } from '../../state/lock.ts';
import { type CliResult, cliEnvironment, leanBin, type RunningCli, runCli, startCli } from '../helpers/cli.ts';
import {
  eventually,
  type Fault,
  type Inventory,
  type LoggedCall,
  testCacheDir,
  useEmulator,
} from '../helpers/emulator.ts';
import { countable } from '../helpers/inventory.ts';
import { afterwards, putText, storeFor, textOf, useCleanUp, userError } from '../state/stage.ts';

useCleanUp();

const emulator = useEmulator({ delaySeconds: 0.1, tasks: 'simulated' });
const INIT = ['init', '--yes', '--verify', 'health'];
/** What the stack adds to an account, by kind; a VPC brings a main route table and a default security group. */
const EC2_OF_A_STACK = {
  'elastic-ip': 1,
  'internet-gateway': 1,
  natgateway: 1,
  'network-interface': 2,
  'route-table': 3,
  'security-group': 2,
  subnet: 4,
  vpc: 1,
  'vpc-endpoint': 1,
};

let empty: Inventory;
let running: RunningCli[];
beforeEach(async () => {
  await emulator.reset();
  empty = await emulator.inventory();
  running = [];
});
afterEach(async () => {
  await emulator.clearFaults();
  for (const { child } of running) child.kill('SIGKILL');
  await Promise.all(running.map(({ result }) => result));
});

/** `who` is in the user agent of every call of the run. */
const environment = (who: string, extra: NodeJS.ProcessEnv = {}) =>
  cliEnvironment(emulator.address, { TEMPORAL_ADDRESS: '127.0.0.1:1', AWS_SDK_UA_APP_ID: who, ...extra });
const run = (who: string, args: readonly string[]) => runCli(args, environment(who), undefined, leanBin());
function start(who: string, extra: NodeJS.ProcessEnv = {}, flags: readonly string[] = []): RunningCli {
  const cli = startCli([...INIT, ...flags], environment(who, extra), undefined, leanBin());
  running.push(cli);
  return cli;
}

const callsOf = async (who: string): Promise<LoggedCall[]> =>
  (await emulator.calls()).filter(({ agent }) => agent.includes(`app/${who}`));
const bucketName = (): string => stateBucket(emulator.address).Bucket;
/** Mutating calls outside the state bucket. */
const changesOf = async (who: string): Promise<string[]> =>
  (await callsOf(who))
    .filter(({ mutating, params }) => mutating && params.Bucket !== bucketName())
    .map(({ service, operation }) => `${service} ${operation}`);
/** A change: dry runs are none. */
const reached = (who: string, operation: string) =>
  eventually(`${operation} of ${who}`, async () =>
    (await callsOf(who)).some((call) => call.mutating && call.operation === operation),
  );
const seenLock = () => readLock({ s3: emulator.clients.s3, own: stateBucket(emulator.address), key: 'dev/lock.json' });

async function expectOneWholeStack(): Promise<void> {
  const now = (await emulator.inventory()).ec2 ?? {};
  const added = Object.keys(now).map((kind) => {
    const before = Object.keys(empty.ec2?.[kind] ?? {}).length;
    return [kind, Object.keys(now[kind] ?? {}).length - before];
  });
  expect(Object.fromEntries(added)).toEqual(EC2_OF_A_STACK);
  const plan = await run('plan', ['plan', '--yes', '--detailed-exitcode']);
  expect(plan).toMatchObject({ code: 0, stdout: expect.stringContaining('Nothing to do') });
}

/** Runs the CLI at a terminal, which the sandbox's Python makes, and answers one question. */
async function atTerminal(args: readonly string[], question: string, answer: string) {
  const { python } = await ensurePythonEnvironment({ cacheDir: testCacheDir, note: () => undefined });
  const script = 'import os, pty, sys; sys.exit(os.waitstatus_to_exitcode(pty.spawn(sys.argv[1:])))';
  const child = spawn(python, ['-c', script, process.execPath, leanBin(), ...args], {
    env: environment('terminal', { TERM: 'xterm' }),
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

describe('two init at once in a new account', () => {
  it('one makes the stack; the other exits 75, says who is at it, and changes nothing', async () => {
    // Whoever gets the lock waits here until the other has ended.
    await emulator.fault({ kind: 'hang', match: { operation: 'CreateVpc' } });
    const both = ['first', 'second'].map((who) => ({ who, cli: start(who) }));
    const loser = await Promise.race(both.map(async ({ who, cli }) => ({ who, result: await cli.result })));
    const winner = both.find(({ who }) => who !== loser.who);
    expect(loser.result.code).toBe(75);
    expect(loser.result.stderr).toContain(`(process ${winner?.cli.pid}) runs "init"`);
    expect(loser.result.stderr).toContain('temporal-fargate unlock --stack dev');
    expect(loser.result.stdout).toBe('');

    await emulator.clearFaults();
    expect(await winner?.cli.result).toMatchObject({ code: 0 });
    expect(await changesOf(loser.who)).toEqual([]);
    const written = (await callsOf(loser.who)).filter(({ params }) => params.Key === 'dev/state.json');
    expect(written.filter(({ mutating }) => mutating)).toEqual([]);
    expect(await seenLock()).toBeUndefined();
    await expectOneWholeStack();
  });
});

describe('twenty init at once', () => {
  it('are let in one at a time: nineteen exit 75 at once, name the one, and change nothing', async () => {
    const { s3, own } = await storeFor(emulator);
    await putText(
      s3,
      own,
      'dev/state.json',
      readFileSync(new URL('../state/samples/v1.json', import.meta.url), 'utf8'),
    );
    await emulator.clearCalls();
    // The first thing that is done under the lock of a stack that exists.
    await emulator.fault({ kind: 'hang', match: { operation: 'DescribeVpcs' } });
    const all = Array.from({ length: 20 }, () => start('crowd', {}, ['--skip-checks']));
    const ended = new Map<RunningCli, CliResult>();
    for (const cli of all) void cli.result.then((result) => ended.set(cli, result));
    await eventually('nineteen to end', async () => ended.size === 19, 60);
    const winner = all.find((cli) => !ended.has(cli));
    for (const result of ended.values()) {
      expect(result).toMatchObject({ code: 75, stdout: '' });
      expect(result.stderr).toContain(`(process ${winner?.pid}) runs "init"`);
    }
    winner?.child.kill('SIGINT');
    await emulator.clearFaults();
    expect(await winner?.result).toMatchObject({ code: 130 });
    expect(await seenLock()).toBeUndefined();
    const changes = (await callsOf('crowd')).filter(({ mutating, status }) => mutating && status === 200);
    expect(changes.map(({ operation, params }) => [operation, params.Key])).toEqual([['PutObject', 'dev/lock.json']]);
  });
});

describe('a stopped init', () => {
  const LEASE = { TEMPORAL_FARGATE_LEASE_SECONDS: '4' };

  it.each<[string, Fault, 'CreateNatGateway' | 'CreateInternetGateway' | 'PutObject']>([
    [
      'waits for the answer to a create',
      { kind: 'hang', match: { operation: 'CreateNatGateway' } },
      'CreateNatGateway',
    ],
    // The third: after the lock and the config, the first intents. Nothing else is under way then.
    [
      'waits for the answer to a write of its state',
      { kind: 'hang', match: { operation: 'PutObject' }, after: 3 },
      'PutObject',
    ],
    [
      'is about to repeat a create that was throttled',
      {
        kind: 'error',
        match: { operation: 'CreateInternetGateway' },
        status: 503,
        code: 'RequestLimitExceeded',
        times: 9,
      },
      'CreateInternetGateway',
    ],
  ])('that %s is overtaken after its lease, and changes nothing when it goes on', async (_where, fault, at) => {
    await emulator.fault(fault);
    const first = start('first', LEASE);
    const early = at !== 'PutObject';
    if (early) {
      await reached('first', at);
      // What does not need the held one: after that no other call is half sent.
      await first.waitFor('task definition (worker) created');
    } else {
      await eventually('the hanging write', async () =>
        (await callsOf('first')).some(({ operation, status }) => operation === at && status === null),
      );
    }
    process.kill(first.pid, 'SIGSTOP');
    // A call that is on its way already cannot be fenced, so it is let through before the next run begins.
    if (early) await emulator.clearFaults();
    // In this process: a second one might need longer than the lease to ask.
    const { store } = await storeFor(emulator);
    const refused = await userError(store.open('init'));
    expect(refused).toMatchObject({ code: 'LOCK_HELD', message: expect.stringContaining(`process ${first.pid}`) });

    await eventually('the lease to run out', async () => ((await seenLock())?.ageSeconds ?? 0) > 5);
    expect(await run('second', INIT)).toMatchObject({ code: 0 });
    const before = (await callsOf('first')).length;
    const stored = (await emulator.inventory()).s3;

    await emulator.clearFaults();
    process.kill(first.pid, 'SIGCONT');
    const { code, stderr } = await first.result;
    expect(code).toBe(75);
    expect(stderr).toMatch(/was lost|somebody else wrote it meanwhile/);
    const after = (await callsOf('first')).slice(before).filter(({ mutating }) => mutating);
    // Its renewals and its release meet the lock of another, or none.
    expect(after.filter(({ params, status }) => params.Bucket !== bucketName() || (status ?? 0) < 400)).toEqual([]);
    expect((await emulator.inventory()).s3).toEqual(stored);
    await expectOneWholeStack();
  });

  it('that nobody overtook although its lease ran out renews it before it changes anything more, and ends well', async () => {
    await emulator.fault({ kind: 'hang', match: { operation: 'CreateNatGateway' } });
    const first = start('first', LEASE);
    await reached('first', 'CreateNatGateway');
    await first.waitFor('task definition (worker) created');
    process.kill(first.pid, 'SIGSTOP');
    await emulator.clearFaults();
    await eventually('the lease to run out', async () => ((await seenLock())?.ageSeconds ?? 0) > 3);
    const before = (await callsOf('first')).length;
    process.kill(first.pid, 'SIGCONT');
    expect(await first.result).toMatchObject({ code: 0 });
    const [next] = (await callsOf('first')).slice(before).filter(({ mutating }) => mutating);
    expect(next).toMatchObject({ operation: 'PutObject', params: { Key: 'dev/lock.json' }, status: 200 });
    expect(await seenLock()).toBeUndefined();
    await expectOneWholeStack();
  });
});

describe('an init that never hears what became of its writes', () => {
  it('reads back each time, takes none of them for a rival, and makes one stack', async () => {
    // Every write is carried out and its answer lost; when the SDK sends it again it is refused.
    for (let after = 1; after < 200; after += 1) {
      await emulator.fault({ kind: 'close-after', match: { operation: 'PutObject' }, after });
    }
    expect(await run('deaf', INIT)).toMatchObject({ code: 0 });
    await emulator.clearFaults();
    const puts = (await callsOf('deaf')).filter(({ operation }) => operation === 'PutObject');
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
  const startShifted = (who: string, ms: number): RunningCli => {
    const shift = new URL('../helpers/shifted-clock.mjs', import.meta.url);
    return start(who, { NODE_OPTIONS: `--import=${shift}`, TEST_CLOCK_SHIFT_MS: String(ms) });
  };

  it('a held lock is held, an abandoned one is taken over after its lease, and the stack is made', async () => {
    const { store, s3, own } = await storeFor(emulator, { leaseSeconds: 2 });
    const session = await store.open('deploy');
    const held = await textOf(s3, own, 'dev/lock.json');
    for (const ms of [3_600_000, -3_600_000]) {
      const early = await startShifted('early', ms).result;
      expect(early.stderr).toMatch(/runs "deploy" since 20.*, last sign of life [0-5] s ago/);
      expect(early.code).toBe(75);
    }
    await session.close();
    await putText(s3, own, 'dev/lock.json', held.replace(/"host": "[^"]*"/, '"host": "elsewhere"'));
    await eventually('the lease to run out', async () => ((await seenLock())?.ageSeconds ?? 0) > 3);
    const made = await startShifted('made', -3_600_000).result;
    expect(made.stderr).toMatch(/clock: 3\d{3} s behind AWS/);
    expect(made.code).toBe(0);
    // What is not there is asked for once, as on any machine: the clock is no reason to ask again.
    const looks = (await callsOf('made')).filter(({ operation }) => operation === 'DescribeTaskDefinition');
    expect(looks.length).toBeLessThan(5);
    await expectOneWholeStack();
  });
});

describe('unlock', () => {
  it('says when there is no lock and no state bucket', async () => {
    expect(await run('unlock', ['unlock'])).toMatchObject({ code: 0, stdout: 'Stack dev is not locked.\n' });
    expect(await emulator.inventory()).toEqual(empty);
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
    const first = start('first');
    await reached('first', 'CreateVpc');
    await first.waitFor('task definition (worker) created');
    process.kill(first.pid, 'SIGSTOP');
    await emulator.clearFaults();

    const asked = await run('unlock', ['unlock']);
    expect(asked).toMatchObject({ code: 64, stderr: expect.stringContaining('--yes') });
    expect(asked.stderr).toMatch(new RegExp(`Stack dev is locked: .*\\(process ${first.pid}\\) runs "init" since 20`));
    expect(await seenLock()).toBeDefined();

    const broken = await run('unlock', ['unlock', '--yes']);
    expect(broken).toMatchObject({ code: 0, stdout: 'The lock of stack dev is broken.\n' });
    expect(broken.stderr).toContain(`(process ${first.pid})`);
    expect(await seenLock()).toBeUndefined();
    expect((await run('unlock', ['unlock', '--yes'])).stdout).toBe('Stack dev is not locked.\n');

    expect(await run('second', INIT)).toMatchObject({ code: 0 });
    const before = (await changesOf('first')).length;
    process.kill(first.pid, 'SIGCONT');
    expect((await first.result).code).toBe(75);
    expect((await changesOf('first')).slice(before)).toEqual([]);
    await expectOneWholeStack();
  });
});

describe('destroy while an init holds the lock', () => {
  it.each<[string, Fault, string]>([
    ['in the middle of its apply', { kind: 'hang', match: { operation: 'CreateVpc' } }, 'CreateVpc'],
    ['before it has written anything', { kind: 'hang', match: { operation: 'PutObject' }, after: 2 }, 'PutObject'],
  ])('%s exits 75 and deletes nothing; afterwards it leaves nothing', async (_when, fault, at) => {
    await emulator.fault(fault);
    const init = start('first');
    await reached('first', at);
    await eventually('the lock', async () => (await seenLock()) !== undefined);
    const early = await run('destroy', ['destroy', '--yes']);
    expect(early).toMatchObject({ code: 75, stderr: expect.stringContaining(`(process ${init.pid}) runs "init"`) });
    expect(await changesOf('destroy')).toEqual([]);
    await emulator.clearFaults();
    expect(await init.result).toMatchObject({ code: 0 });
    const args = ['destroy', '--yes', '--purge', '--delete-data', '--delete-state-bucket', '--confirm', 'dev'];
    expect(await run('destroy', args)).toMatchObject({ code: 0, stdout: expect.stringMatching(/^0 left$/m) });
    expect(countable(await emulator.inventory())).toEqual(countable(empty));
  });
});
