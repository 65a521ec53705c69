import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { stripVTControlCharacters } from 'node:util';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { TAG } from '../../src/engine/ownership.ts';
import { ensurePythonEnvironment } from '../../src/sandbox/environment.ts';
import { stateBucket } from '../../state/bucket.ts';
import { readLock, type SeenLock } from '../../state/lock.ts';
import { type CliResult, cliEnvironment, leanBin, type Running } from '../helpers/cli.ts';
import {
  eventually,
  type Fault,
  type Inventory,
  type LoggedCall,
  testCacheDir,
  useEmulator,
} from '../helpers/emulator.ts';
import { countable } from '../helpers/inventory.ts';
import { WarmProgram } from '../helpers/warm-program.ts';
import { afterwards, putText, storeFor, textOf, useCleanUp, userError } from '../state/stage.ts';

useCleanUp();

const emulator = useEmulator({ delaySeconds: 0.1, tasks: 'simulated' });
const INIT = ['init', '--yes', '--verify', 'health'];
/** A lease that a test can wait for. S3 tells times by the second. */
const LEASE_SECONDS = 4;
const EXPIRED_SECONDS = LEASE_SECONDS + 1;
/** What a stack has in EC2, by kind. */
const EC2_OF_A_STACK = {
  'elastic-ip': 1,
  'internet-gateway': 1,
  natgateway: 1,
  'route-table': 2,
  'security-group': 1,
  subnet: 4,
  vpc: 1,
  'vpc-endpoint': 1,
};

/** Somebody at a terminal of their own: the program in a process of theirs, whose name is in the user agent of its calls. */
class Operator {
  readonly name: string;
  private readonly program: WarmProgram;
  private readonly underway = new Set<Running>();

  constructor(name: string, extra: NodeJS.ProcessEnv = {}) {
    this.name = name;
    this.program = new WarmProgram(environment(name, extra));
  }

  async start(args: readonly string[]): Promise<Running> {
    const running = await this.program.start(args);
    this.underway.add(running);
    void running.result.then(() => this.underway.delete(running));
    return running;
  }

  async run(args: readonly string[]): Promise<CliResult> {
    return (await this.start(args)).result;
  }

  /** What still runs ends here, stopped or not. */
  async interrupt(): Promise<void> {
    if (this.underway.size > 0) await this.program.stop();
  }

  leave(): Promise<void> {
    return this.program.stop();
  }

  async calls(): Promise<LoggedCall[]> {
    return (await emulator.calls()).filter(({ agent }) => agent.includes(`app/${this.name}`));
  }

  /** Mutating calls outside the state bucket. */
  async changes(): Promise<string[]> {
    return (await this.calls())
      .filter(({ mutating, params }) => mutating && params.Bucket !== bucketName())
      .map(({ service, operation }) => `${service} ${operation}`);
  }

  /** Resolves when AWS has been asked for this change: dry runs are none. */
  reached(operation: string): Promise<boolean> {
    return eventually(`${operation} of ${this.name}`, async () =>
      (await this.calls()).some((call) => call.mutating && call.operation === operation),
    );
  }
}

const environment = (who: string, extra: NodeJS.ProcessEnv = {}): NodeJS.ProcessEnv =>
  cliEnvironment(emulator.address, { TEMPORAL_ADDRESS: '127.0.0.1:1', AWS_SDK_UA_APP_ID: who, ...extra });
const bucketName = (): string => stateBucket(emulator.address).Bucket;
const seenLock = (stack = 'dev'): Promise<SeenLock | undefined> =>
  readLock({ s3: emulator.clients.s3, own: stateBucket(emulator.address), key: `${stack}/lock.json` });
const expired = (stack = 'dev', seconds = EXPIRED_SECONDS): Promise<boolean> =>
  eventually('the lease to run out', async () => ((await seenLock(stack))?.ageSeconds ?? 0) > seconds);

let empty: Inventory;
let first: Operator;
let second: Operator;
beforeAll(() => {
  first = new Operator('first', { TEMPORAL_FARGATE_LEASE_SECONDS: String(LEASE_SECONDS) });
  second = new Operator('second');
});
beforeEach(async () => {
  await emulator.reset();
  empty = await emulator.inventory();
});
afterEach(async () => {
  await emulator.clearFaults();
  await Promise.all([first.interrupt(), second.interrupt()]);
});
afterAll(() => Promise.all([first.leave(), second.leave()]));

/** How many things of each kind carry the stack's tag. */
const ec2Of = ({ ec2 = {} }: Inventory, stack = 'dev'): Record<string, number> => {
  const isOurs = ({ tags }: Record<string, unknown>) => (tags as Record<string, string>)?.[TAG.stack] === stack;
  const counts = Object.entries(ec2).map(([kind, things]) => [kind, Object.values(things).filter(isOurs).length]);
  return Object.fromEntries(counts.filter(([, count]) => count !== 0));
};

async function expectOneWholeStack(): Promise<void> {
  const inventory = await emulator.inventory();
  expect(ec2Of(inventory)).toEqual(EC2_OF_A_STACK);
  expect(Object.keys(inventory.ec2?.vpc ?? {})).toHaveLength(Object.keys(empty.ec2?.vpc ?? {}).length + 1);
  const plan = await second.run(['plan', '--yes', '--detailed-exitcode']);
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
    expect(countable(await emulator.inventory())).toEqual(countable(empty));
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
    crowd.push(...[1, 2, 3, 4].map((n) => new Operator(`crowd-${n}`)));
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

/** An init that is stopped in the middle; all four of them are stacks in one account, and their leases run out together. */
interface StoppedInit {
  readonly stack: string;
  readonly fault: Fault;
  /** Resolves when it is where it is to be stopped. */
  arrived(who: Operator, run: Running): Promise<unknown>;
  /** What hangs is not let through before the init goes on. */
  readonly keepsHanging?: boolean;
}

/** Of the steps that need nothing of the held one: after it no other call is half sent. */
const OTHERS_DONE = 'task definition (worker) created';
const creating = (stack: string, operation: string, fault: Omit<Fault, 'match'>): StoppedInit => ({
  stack,
  fault: { ...fault, match: { operation } },
  arrived: async (who, run) => {
    await who.reached(operation);
    await run.waitFor(OTHERS_DONE);
  },
});
const STOPPED: readonly StoppedInit[] = [
  creating('repeating', 'CreateInternetGateway', {
    kind: 'error',
    status: 503,
    code: 'RequestLimitExceeded',
    times: 9,
  }),
  creating('creating', 'CreateNatGateway', { kind: 'hang' }),
  creating('sleeping', 'CreateNatGateway', { kind: 'hang' }),
  {
    stack: 'writing',
    // The third: after the lock and the config, the first intents. Nothing else is under way then.
    fault: { kind: 'hang', match: { operation: 'PutObject' }, after: 3 },
    arrived: (who) =>
      eventually('the hanging write', async () =>
        (await who.calls()).some(({ operation, status }) => operation === 'PutObject' && status === null),
      ),
    keepsHanging: true,
  },
];

describe('a stopped init', () => {
  const stopped = new Map<string, { who: Operator; run: Running; refused: Error }>();
  const wentOn = new Map<string, WentOn>();
  interface WentOn {
    readonly result: CliResult;
    /** Its changing calls since it goes on, and those of them that were carried out. */
    readonly calls: readonly LoggedCall[];
    readonly stored: { readonly before: object; readonly after: object };
    readonly ec2: Record<string, number>;
    readonly plan: CliResult;
  }
  const init = (stack: string) => [...INIT, '--skip-checks', '--stack', stack];
  const storedOf = async (stack: string): Promise<object> => {
    const objects = Object.entries((await emulator.inventory()).s3?.object ?? {});
    return Object.fromEntries(objects.filter(([key]) => key.startsWith(`${bucketName()}/${stack}/`)));
  };

  async function goOn(stack: string): Promise<void> {
    const { who, run } = stopped.get(stack) as { who: Operator; run: Running };
    const before = (await who.calls()).length;
    const stored = await storedOf(stack);
    await emulator.clearFaults();
    process.kill(run.pid, 'SIGCONT');
    const result = await run.result;
    const calls = (await who.calls()).slice(before).filter(({ mutating }) => mutating);
    const after = await storedOf(stack);
    const plan = await second.run(['plan', '--yes', '--detailed-exitcode', '--stack', stack]);
    const ec2 = ec2Of(await emulator.inventory(), stack);
    wentOn.set(stack, { result, calls, stored: { before: stored, after }, ec2, plan });
  }

  beforeAll(async () => {
    await emulator.reset();
    for (const { stack, fault, arrived, keepsHanging } of STOPPED) {
      const who = new Operator(stack, { TEMPORAL_FARGATE_LEASE_SECONDS: String(LEASE_SECONDS) });
      await emulator.fault(fault);
      const run = await who.start(init(stack));
      await arrived(who, run);
      process.kill(run.pid, 'SIGSTOP');
      // A call that is on its way already cannot be fenced, so it is let through before the next run begins.
      if (!keepsHanging) await emulator.clearFaults();
      // In this process: a second one might need longer than the lease to ask.
      const { store } = await storeFor(emulator, { stack });
      stopped.set(stack, { who, run, refused: await userError(store.open('init')) });
    }
    for (const { stack } of STOPPED) await expired(stack);
    const overtaken = STOPPED.flatMap(({ stack }) => (stack === 'sleeping' ? [] : stack));
    const overtaking = await Promise.all(overtaken.map((stack) => second.run(init(stack))));
    for (const { code, stderr } of overtaking)
      if (code !== 0) throw new Error(`taking over ends with ${code}: ${stderr}`);
    // The one whose call still hangs goes first: what becomes of that call counts as well.
    for (const { stack } of [...STOPPED].reverse()) await goOn(stack);
  }, 600_000);
  afterAll(() => Promise.all([...stopped.values()].map(({ who }) => who.leave())));

  it.each([
    ['creating', 'waits for the answer to a create'],
    ['writing', 'waits for the answer to a write of its state'],
    ['repeating', 'is about to repeat a create that was throttled'],
  ])('(%s) that %s is overtaken after its lease, and changes nothing when it goes on', (stack) => {
    const { run, refused } = stopped.get(stack) as { run: Running; refused: Error };
    expect(refused).toMatchObject({ code: 'LOCK_HELD', message: expect.stringContaining(`process ${run.pid}`) });
    const { result, calls, stored, ec2, plan } = wentOn.get(stack) as WentOn;
    expect(result.code).toBe(75);
    expect(result.stderr).toMatch(/was lost|somebody else wrote it meanwhile/);
    // Its renewals and its release meet the lock of another, or none.
    expect(calls.filter(({ params, status }) => params.Bucket !== bucketName() || (status ?? 0) < 400)).toEqual([]);
    expect(stored.after).toEqual(stored.before);
    expect(ec2).toEqual(EC2_OF_A_STACK);
    expect(plan).toMatchObject({ code: 0, stdout: expect.stringContaining('Nothing to do') });
  });

  it('that nobody overtook although its lease ran out renews it before it changes anything more, and ends well', () => {
    const { result, calls, ec2, plan } = wentOn.get('sleeping') as WentOn;
    expect(result).toMatchObject({ code: 0 });
    expect(calls[0]).toMatchObject({ operation: 'PutObject', params: { Key: 'sleeping/lock.json' }, status: 200 });
    expect(ec2).toEqual(EC2_OF_A_STACK);
    expect(plan).toMatchObject({ code: 0, stdout: expect.stringContaining('Nothing to do') });
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
    const who = new Operator(name, { NODE_OPTIONS: `--import=${shift}`, TEST_CLOCK_SHIFT_MS: String(ms) });
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

describe('unlock', () => {
  it('says when there is no lock and no state bucket', async () => {
    expect(await second.run(['unlock'])).toMatchObject({ code: 0, stdout: 'Stack dev is not locked.\n' });
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
