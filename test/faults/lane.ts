import { cpSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { storedConfig } from '../../src/commands/stored-config.ts';
import { stateBucket } from '../../state/bucket.ts';
import type { StateDocument } from '../../state/document.ts';
import { MemorySession } from '../../state/memory-store.ts';
import { S3Store } from '../../state/s3-store.ts';
import { shapeOf } from '../helpers/account-shape.ts';
import { AwsStack } from '../helpers/aws-stack.ts';
import { type CliResult, cliEnvironment } from '../helpers/cli.ts';
import {
  type Fault,
  type Inventory,
  type LoggedCall,
  startTestEmulator,
  type TestEmulator,
} from '../helpers/emulator.ts';
import { countable, remains } from '../helpers/inventory.ts';
import { WarmProgram } from '../helpers/warm-program.ts';
import { differing, recordsOf, same, thingsOf } from './checks.ts';
import { COMMANDS, type CommandName } from './commands.ts';

const API_KEY = 'key-one';

/** Connections stay open until their process ends, and the emulator has a thread for each. */
const RUNS_OF_A_PROCESS = 15;

/** Longer than the reads of any lane's emulator lag. */
const LONGEST_LAG_MS = 5000;

export interface LaneOptions {
  /** The built program with a worker that has no dependencies; see lean-program.ts. The lane runs a copy of its own. */
  readonly bin: string;
  /** Base time of the emulator's changes. */
  readonly delaySeconds?: number;
  readonly env?: NodeJS.ProcessEnv;
  readonly strict?: readonly string[];
}

/** An emulator in which one stack at a time is made, changed and taken down, disturbed on the way. */
export class Lane {
  readonly emulator: TestEmulator;
  readonly env: NodeJS.ProcessEnv;
  readonly bin: string;
  private readonly stopEmulator: () => Promise<void>;
  private readonly folder = mkdtempSync(join(tmpdir(), 'temporal-fargate-lane-'));
  private readonly stack: AwsStack;
  private readonly program: WarmProgram;
  private runs = 0;
  private empty: Inventory = {};

  private constructor(emulator: TestEmulator, stop: () => Promise<void>, { bin, env }: LaneOptions) {
    this.emulator = emulator;
    this.stopEmulator = stop;
    this.env = cliEnvironment(emulator.address, {
      TEMPORAL_ADDRESS: '127.0.0.1:1',
      TEMPORAL_API_KEY: API_KEY,
      ...env,
    });
    this.bin = join(this.folder, 'program', 'bin.js');
    cpSync(dirname(bin), dirname(this.bin), { recursive: true });
    this.program = new WarmProgram(this.env, this.bin);
    this.stack = new AwsStack(emulator.address, this.folder);
    this.stack.tagLagMs = LONGEST_LAG_MS;
  }

  static async start(options: LaneOptions): Promise<Lane> {
    const { delaySeconds = 0.1, strict = [] } = options;
    const { emulator, stop } = await startTestEmulator({ delaySeconds, strict });
    return new Lane(emulator, stop, options);
  }

  async stop(): Promise<void> {
    await this.program.stop();
    this.stack.close();
    await this.stopEmulator();
    rmSync(this.folder, { recursive: true, force: true });
  }

  /** An account in which nothing was ever made. */
  async reset(): Promise<void> {
    await this.emulator.reset();
    this.empty = countable(await this.emulator.inventory());
  }

  /** Runs a command undisturbed to its end. Throws when that is not a good one. */
  async run(name: CommandName): Promise<CliResult> {
    const result = await this.disturbed(name);
    if (result.code !== 0) throw new Error(`${name} ended with ${result.code}: ${tail(result)}`);
    return result;
  }

  /**
   * Runs a command while something happens to its calls; a signal is for its own process. The log then holds the calls
   * of this run. With code 0 it may be that the call of a fault never came.
   */
  async disturbed(name: CommandName, ...faults: readonly Fault[]): Promise<CliResult> {
    const { args, code } = COMMANDS[name];
    writeFileSync(join(dirname(this.bin), 'worker/dist/main.js'), `// ${code}. Nobody runs it.\n`);
    await this.emulator.clearFaults();
    await this.emulator.clearCalls();
    for (const fault of faults)
      await this.emulator.fault(fault.kind === 'signal' ? { ...fault, pid: await this.program.pid() } : fault);
    const result = await this.program.run(args);
    this.runs += 1;
    // A run that fails ends with its process, as it does for a person: whether its lock is abandoned is judged by that.
    if (result.code !== 0 || this.runs % RUNS_OF_A_PROCESS === 0) await this.program.stop();
    return result;
  }

  /** The operator's calls since the last reset, clear or run, in the order of their coming. */
  async calls(): Promise<LoggedCall[]> {
    return (await this.emulator.calls()).filter(({ principal }) => principal === 'operator');
  }

  /** The whole stack is there, once, its state names it, and nobody holds the lock. Throws what is not so. */
  async checkMade(clean: readonly string[]): Promise<void> {
    await this.emulator.clearFaults();
    const inventory = await this.emulator.inventory();
    same('the inventory', shapeOf(inventory), clean);
    const store = this.store();
    const holder = await store.holder();
    if (holder) throw new Error(`process ${holder.holder.pid} still holds the lock`);
    const document = await store.read();
    if (!document) throw new Error('there is no state');
    const records = recordsOf(document);
    same('the state', records, thingsOf(inventory, records));
    same('the configs in force', [String(document.configs.length)], ['1']);
    const pending = await this.pending(document, inventory);
    if (Object.keys(pending).length > 0) throw new Error(`the next plan is not empty: ${JSON.stringify(pending)}`);
  }

  /** Nothing is left, by the tool's own word and by the inventory. Throws what is. */
  async checkGone({ stdout }: CliResult): Promise<void> {
    if (!/^0 left$/m.test(stdout)) throw new Error(`destroy says: ${stdout}`);
    const left = remains(await this.emulator.inventory());
    if (JSON.stringify(left) !== JSON.stringify(this.empty)) {
      throw new Error(`left: ${JSON.stringify(differing(left, this.empty))}`);
    }
  }

  private store(): S3Store {
    const { accountId, region } = this.emulator.address;
    const own = stateBucket({ accountId, region });
    return new S3Store({ s3: this.stack.aws.clients.state, own, stack: 'dev', region, cliVersion: 'test' });
  }

  /** What the next plan would do, as the commands work it out. */
  private async pending(document: StateDocument, inventory: Inventory): Promise<Record<string, string[]>> {
    const config = storedConfig(document.configs.at(-1));
    if (!config) throw new Error('the state has no config');
    const digest = document.steps['image/worker-image/worker']?.id ?? '';
    const image = Object.entries(inventory.ecr?.image ?? {}).find(([id]) => id.endsWith(digest))?.[1];
    const [inputHash = ''] = (image?.imageTags ?? []) as string[];
    this.stack.config = config;
    this.stack.owner.stackId = document.stackId;
    this.stack.secretValue = JSON.stringify({ TEMPORAL_API_KEY: API_KEY });
    this.stack.image = { inputHash, build: () => Promise.reject(new Error('a plan builds no image')) };
    this.stack.session = new MemorySession(document);
    return this.stack.pending();
  }
}

const tail = ({ stdout, stderr }: CliResult): string => `${stdout}${stderr}`.slice(-800);
