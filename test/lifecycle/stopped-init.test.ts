import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { stateBucket } from '../../state/bucket.ts';
import type { CliResult, Running } from '../helpers/cli.ts';
import { eventually, type Fault, type LoggedCall } from '../helpers/emulator.ts';
import { storeFor, userError } from '../state/stage.ts';
import { EC2_OF_A_STACK, ec2Of, INIT, Operator, OTHERS_DONE, SHORT_LEASE, useOperators } from './operators.ts';

const { emulator, second, expired } = useOperators();

/** An init that is stopped in the middle; all four of them are stacks in one account, and their leases run out together. */
interface StoppedInit {
  readonly stack: string;
  readonly fault: Fault;
  /** Resolves when it is where it is to be stopped. */
  arrived(who: Operator, run: Running): Promise<unknown>;
  /** What hangs is not let through before the init goes on. */
  readonly keepsHanging?: boolean;
}

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
    return Object.fromEntries(
      objects.filter(([key]) => key.startsWith(`${stateBucket(emulator.address).Bucket}/${stack}/`)),
    );
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
      const who = new Operator(emulator, stack, SHORT_LEASE);
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
    expect(
      calls.filter(
        ({ params, status }) => params.Bucket !== stateBucket(emulator.address).Bucket || (status ?? 0) < 400,
      ),
    ).toEqual([]);
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
