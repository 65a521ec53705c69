import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ListObjectsV2Command, type S3Client } from '@aws-sdk/client-s3';
import { stateBucket } from '../../state/bucket.ts';
import { shapeOf, withoutEarlierRevisions } from '../helpers/account-shape.ts';
import { type CliResult, cliEnvironment } from '../helpers/cli.ts';
import { startTestEmulator, type TestEmulator } from '../helpers/emulator.ts';
import { difference, remains } from '../helpers/inventory.ts';
import { WarmProgram } from '../helpers/warm-program.ts';
import { type AnswersName, writeAnswers } from './answers.ts';
import { contentOf, recordsIn, STATE_KEY, storedState } from './stored-state.ts';

export const LOCK_KEY = 'dev/lock.json';

/** Takes down a stack for good. */
export const DESTROY = ['destroy', '--yes', '--purge', '--delete-data', '--confirm', 'dev'];

/** What a stack is made of: the things, and the steps that its state knows of. */
interface Clean {
  readonly shape: readonly string[];
  readonly steps: readonly string[];
}

/** An account, and two terminals at which commands are typed. */
export class World {
  readonly emulator: TestEmulator;
  /** Codes with which a command may refuse as things are now. */
  readonly excused = new Set<string>();
  /** Whether no state tells any more which tags were once asked for: they stay, like those of other people. */
  tagsForgotten = false;
  private readonly stopEmulator: () => Promise<void>;
  private readonly terminal: WarmProgram;
  private readonly otherTerminal: WarmProgram;
  private readonly folder = mkdtempSync(join(tmpdir(), 'temporal-fargate-world-'));
  private readonly clean = new Map<AnswersName, Clean>();
  private empty = '';

  private constructor(emulator: TestEmulator, stopEmulator: () => Promise<void>, env: NodeJS.ProcessEnv) {
    this.emulator = emulator;
    this.stopEmulator = stopEmulator;
    this.terminal = new WarmProgram(env);
    this.otherTerminal = new WarmProgram(env);
    writeAnswers(this.folder);
  }

  /**
   * @param timeScale what the program's waits are multiplied with
   * @param strict how late AWS is, as for `sandbox start --strict`
   */
  static async start(timeScale: number, strict: readonly string[] = []): Promise<World> {
    const { emulator, stop } = await startTestEmulator({ delaySeconds: 0.1, strict });
    const env = cliEnvironment(emulator.address, {
      TEMPORAL_ADDRESS: '127.0.0.1:1',
      TEMPORAL_API_KEY: 'key-one',
      TEMPORAL_FARGATE_TIME_SCALE: String(timeScale),
    });
    return new World(emulator, stop, env);
  }

  async stop(): Promise<void> {
    await Promise.all([this.terminal.stop(), this.otherTerminal.stop()]);
    await this.stopEmulator();
    rmSync(this.folder, { recursive: true, force: true });
  }

  get s3(): S3Client {
    return this.emulator.clients.s3;
  }

  get bucket(): string {
    return stateBucket(this.emulator.address).Bucket;
  }

  /** An account in which nothing was ever made. */
  async reset(): Promise<void> {
    this.excused.clear();
    this.tagsForgotten = false;
    await this.emulator.reset();
    this.empty = JSON.stringify(remains(await this.emulator.inventory()));
  }

  /** The command line that makes the stack what one of the config files says. */
  initOf(answers: AnswersName): string[] {
    const config = join(this.folder, `${answers}.json`);
    return ['init', '--yes', '--allow-replace', '--verify', 'health', '--config', config];
  }

  /** Sees what one `init` makes in an empty account, which is empty again afterwards. Later ones are held against it. */
  async learn(answers: AnswersName): Promise<void> {
    if (this.clean.has(answers)) return;
    await this.reset();
    const result = await this.type(this.initOf(answers));
    if (result.code !== 0) throw new Error(`a clean init ends with ${told(result)}`);
    const { steps } = recordsIn(await this.stored());
    this.clean.set(answers, { shape: await this.shape(), steps });
    await this.reset();
  }

  type(args: readonly string[]): Promise<CliResult> {
    return this.terminal.run([...args, '--json']);
  }

  /** Types two commands at once. */
  typeBoth(first: readonly string[], second: readonly string[]): Promise<[CliResult, CliResult]> {
    return Promise.all([this.type(first), this.otherTerminal.run([...second, '--json'])]);
  }

  /** Types a command whose process is killed at its n-th changing call, before or after AWS carries that out. */
  async typeKilled(args: readonly string[], call: number, before: boolean): Promise<CliResult> {
    const pid = await this.terminal.pid();
    await this.emulator.fault({ kind: 'signal', pid, signal: 'SIGKILL', mutating: true, after: call, before });
    const result = await this.type(args);
    await this.emulator.clearFaults();
    return result;
  }

  /** `init`: the stack is what the answers say, or it refuses, with an excuse, and has changed nothing. Throws what is not so. */
  async init(answers: AnswersName): Promise<'made' | 'refused'> {
    const before = contentOf(await this.stored());
    await this.emulator.clearCalls();
    const result = await this.type(this.initOf(answers));
    if (result.code === 0) {
      this.excused.clear();
      await this.checkMade(answers);
      return 'made';
    }
    const codes = codesOf(result);
    if (!this.isExcused(codes)) throw new Error(`init ends with ${told(result)}`);
    const changes = await this.changes();
    if (contentOf(await this.stored()) !== before) changes.push('its state');
    if (changes.length > 0) throw new Error(`init refuses (${codes.join(', ')}) and changes ${changes.join(', ')}`);
    return 'refused';
  }

  isExcused(codes: readonly string[]): boolean {
    return codes.length > 0 && codes.every((code) => this.excused.has(code));
  }

  /** Takes everything down. Throws when something is left. */
  async destroy(): Promise<void> {
    const result = await this.type(DESTROY);
    if (result.code !== 0) throw new Error(`destroy ends with ${told(result)}`);
    const left = JSON.stringify(remains(await this.emulator.inventory()));
    if (left !== this.empty) throw new Error(`destroy leaves ${left} instead of ${this.empty}`);
    this.excused.clear();
    this.tagsForgotten = false;
  }

  private async checkMade(answers: AnswersName): Promise<void> {
    const expected = this.clean.get(answers);
    const known = (shape: readonly string[]) => (this.tagsForgotten ? shape.map(withoutAskedTags) : shape);
    const found = await this.shape();
    const things = expected && difference(known(found), known(expected.shape));
    if (things) throw new Error(`not what a clean init makes: ${things}`);
    const { steps, configs } = recordsIn(await this.stored());
    const records = expected && difference(steps, expected.steps);
    if (records) throw new Error(`not what the state of a clean init records: ${records}`);
    if (configs !== 1) throw new Error(`${configs} configs are in force`);
    const plan = await this.type(['plan', ...this.initOf(answers).slice(1), '--detailed-exitcode'].filter(isOfPlan));
    if (plan.code !== 0) throw new Error(`the next plan is not empty: ${told(plan)}`);
    const { Contents = [] } = await this.s3.send(new ListObjectsV2Command({ Bucket: this.bucket }));
    if (Contents.some(({ Key }) => Key === LOCK_KEY)) throw new Error('the lock is still held');
  }

  /** How many revisions are kept to go back to is up to what was deployed before. */
  private async shape(): Promise<string[]> {
    return shapeOf(withoutEarlierRevisions(await this.emulator.inventory()));
  }

  private stored(): Promise<string> {
    return storedState(this.s3, this.bucket);
  }

  /** "ec2 CreateVpc" for each change that AWS carried out since the log was cleared; those of state and lock are none. */
  private async changes(): Promise<string[]> {
    return (await this.emulator.calls())
      .filter(({ mutating, principal, error }) => mutating && principal === 'operator' && error === null)
      .filter(({ params }) => params.Key !== LOCK_KEY && params.Key !== STATE_KEY)
      .map(({ service, operation }) => `${service} ${operation}`);
  }
}

/** A line of `shapeOf` without the tag that some of the answers ask for. */
const withoutAskedTags = (line: string): string => line.replace(',"team":"core"', '');

const isOfPlan = (word: string): boolean => word !== '--allow-replace';

/** The codes of the errors that a command ended with. */
export function codesOf({ stdout }: CliResult): string[] {
  const last = stdout.trim().split('\n').at(-1) || '{}';
  const error = JSON.parse(last) as { type?: string; code?: string; errors?: { code: string }[] };
  if (error.type !== 'error') return [];
  return error.errors?.map(({ code }) => code) ?? [error.code ?? ''];
}

/** Exit code and last words. */
export const told = ({ code, stdout, stderr }: CliResult): string =>
  `${code}: ${`${stdout}${stderr}`.trim().split('\n').slice(-3).join('\n').slice(-1500)}`;
