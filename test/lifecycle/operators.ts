import { afterAll, afterEach, beforeEach, expect } from 'vitest';
import { TAG } from '../../src/engine/ownership.ts';
import { stateBucket } from '../../state/bucket.ts';
import { readLock, type SeenLock } from '../../state/lock.ts';
import { type CliResult, cliEnvironment, type Running } from '../helpers/cli.ts';
import { eventually, type Inventory, type LoggedCall, type TestEmulator, useEmulator } from '../helpers/emulator.ts';
import { WarmProgram } from '../helpers/warm-program.ts';
import { useCleanUp } from '../state/stage.ts';

export const INIT = ['init', '--yes', '--verify', 'health'];

/** What INIT says of the last step that needs nothing of a held one: after it no other call is half sent. */
export const OTHERS_DONE = 'task definition (worker) created';

/** Seconds that a test can wait for. S3 tells times by the second. */
const LEASE_SECONDS = 4;
/** Gives an operator's locks that lease. */
export const SHORT_LEASE = { TEMPORAL_FARGATE_LEASE_SECONDS: String(LEASE_SECONDS) };

/** What a stack has in EC2, by kind. */
export const EC2_OF_A_STACK = {
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
export class Operator {
  readonly name: string;
  private readonly emulator: TestEmulator;
  private readonly extra: NodeJS.ProcessEnv;
  private program: WarmProgram | undefined;
  private readonly underway = new Set<Running>();

  /** @param extra what its environment has besides */
  constructor(emulator: TestEmulator, name: string, extra: NodeJS.ProcessEnv = {}) {
    this.emulator = emulator;
    this.name = name;
    this.extra = extra;
  }

  async start(args: readonly string[]): Promise<Running> {
    this.program ??= new WarmProgram(environmentOf(this.emulator, this.name, this.extra));
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
    if (this.underway.size > 0) await this.leave();
  }

  async leave(): Promise<void> {
    await this.program?.stop();
  }

  async calls(): Promise<LoggedCall[]> {
    return (await this.emulator.calls()).filter(({ agent }) => agent.includes(`app/${this.name}`));
  }

  /** Mutating calls outside the state bucket. */
  async changes(): Promise<string[]> {
    return (await this.calls())
      .filter(({ mutating, params }) => mutating && params.Bucket !== stateBucket(this.emulator.address).Bucket)
      .map(({ service, operation }) => `${service} ${operation}`);
  }

  /** Resolves when AWS has been asked for this change: dry runs are none. */
  reached(operation: string): Promise<boolean> {
    return eventually(`${operation} of ${this.name}`, async () =>
      (await this.calls()).some((call) => call.mutating && call.operation === operation),
    );
  }
}

export const environmentOf = (emulator: TestEmulator, who: string, extra: NodeJS.ProcessEnv = {}): NodeJS.ProcessEnv =>
  cliEnvironment(emulator.address, { TEMPORAL_ADDRESS: '127.0.0.1:1', AWS_SDK_UA_APP_ID: who, ...extra });

/** How many things of each kind carry the stack's tag. */
export const ec2Of = ({ ec2 = {} }: Inventory, stack = 'dev'): Record<string, number> => {
  const isOurs = ({ tags }: Record<string, unknown>) => (tags as Record<string, string>)?.[TAG.stack] === stack;
  const counts = Object.entries(ec2).map(([kind, things]) => [kind, Object.values(things).filter(isOurs).length]);
  return Object.fromEntries(counts.filter(([, count]) => count !== 0));
};

/** Two operators in one account, which is empty before each test. */
export function useOperators() {
  useCleanUp();
  const emulator = useEmulator({ delaySeconds: 0.1, tasks: 'simulated' });
  const first = new Operator(emulator, 'first', SHORT_LEASE);
  const second = new Operator(emulator, 'second');
  let empty: Inventory = {};
  beforeEach(async () => {
    await emulator.reset();
    empty = await emulator.inventory();
  });
  afterEach(async () => {
    await emulator.clearFaults();
    await Promise.all([first.interrupt(), second.interrupt()]);
  });
  afterAll(() => Promise.all([first.leave(), second.leave()]));

  const seenLock = (stack = 'dev'): Promise<SeenLock | undefined> =>
    readLock({ s3: emulator.clients.s3, own: stateBucket(emulator.address), key: `${stack}/lock.json` });
  return {
    emulator,
    first,
    second,
    /** The account before the test. */
    empty: () => empty,
    seenLock,
    /** Resolves when the lease of a stack's lock has run out. */
    expired: (stack = 'dev', seconds = LEASE_SECONDS + 1): Promise<boolean> =>
      eventually('the lease to run out', async () => ((await seenLock(stack))?.ageSeconds ?? 0) > seconds),
    async expectOneWholeStack(): Promise<void> {
      const inventory = await emulator.inventory();
      expect(ec2Of(inventory)).toEqual(EC2_OF_A_STACK);
      expect(Object.keys(inventory.ec2?.vpc ?? {})).toHaveLength(Object.keys(empty.ec2?.vpc ?? {}).length + 1);
      const plan = await second.run(['plan', '--yes', '--detailed-exitcode']);
      expect(plan).toMatchObject({ code: 0, stdout: expect.stringContaining('Nothing to do') });
    },
  };
}
