import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { storedConfig } from '../../src/commands/stored-config.ts';
import { TAG } from '../../src/engine/ownership.ts';
import { stateBucket } from '../../state/bucket.ts';
import type { StateDocument } from '../../state/document.ts';
import { MemorySession } from '../../state/memory-store.ts';
import { S3Store } from '../../state/s3-store.ts';
import { AwsStack } from '../helpers/aws-stack.ts';
import { type CliResult, cliEnvironment, leanBin, runCli } from '../helpers/cli.ts';
import {
  type Fault,
  type Inventory,
  type LoggedCall,
  startTestEmulator,
  type TestEmulator,
} from '../helpers/emulator.ts';
import { countable } from '../helpers/inventory.ts';

export const INIT = ['init', '--yes', '--verify', 'health'];
export const DESTROY = ['destroy', '--yes', '--purge', '--delete-data', '--confirm', 'dev'];

const API_KEY = 'key-one';

/** Longer than the reads of any lane's emulator lag. */
const LONGEST_LAG_MS = 5000;

/** What has no tags of ours, but is ours all the same. */
const UNTAGGED = /^(task|image|layer|scaling-policy|object)$/;

/** An emulator in which one stack is made and taken down, killed on the way. */
export class Lane {
  readonly emulator: TestEmulator;
  readonly env: NodeJS.ProcessEnv;
  private readonly stopEmulator: () => Promise<void>;
  private readonly folder = mkdtempSync(join(tmpdir(), 'temporal-fargate-lane-'));
  private readonly stack: AwsStack;
  private empty: Inventory = {};

  private constructor(emulator: TestEmulator, stop: () => Promise<void>, env: NodeJS.ProcessEnv) {
    this.emulator = emulator;
    this.stopEmulator = stop;
    this.env = cliEnvironment(emulator.address, {
      TEMPORAL_ADDRESS: '127.0.0.1:1',
      TEMPORAL_API_KEY: API_KEY,
      ...env,
    });
    this.stack = new AwsStack(emulator.address, this.folder);
    this.stack.tagLagMs = LONGEST_LAG_MS;
  }

  static async start(delaySeconds: number, env: NodeJS.ProcessEnv = {}, strict: readonly string[] = []): Promise<Lane> {
    const { emulator, stop } = await startTestEmulator({ delaySeconds, strict });
    return new Lane(emulator, stop, env);
  }

  async stop(): Promise<void> {
    this.stack.close();
    await this.stopEmulator();
    rmSync(this.folder, { recursive: true, force: true });
  }

  /** An account in which nothing was ever made. */
  async reset(): Promise<void> {
    await this.emulator.reset();
    this.empty = countable(await this.emulator.inventory());
  }

  /** Runs a command to its end. Throws when that is not a good one. */
  async run(args: readonly string[]): Promise<CliResult> {
    await this.emulator.clearFaults();
    const result = await runCli(args, this.env, undefined, leanBin());
    if (result.code !== 0) throw new Error(`${args[0]} ended with ${result.code}: ${tail(result)}`);
    return result;
  }

  /**
   * Runs a command that is killed by a fault. The process exists, and waits, before the fault that names it is set.
   *
   * @returns false when it came to its end before the fault fired
   */
  async runKilled(args: readonly string[], fault: Omit<Fault, 'kind' | 'pid' | 'signal'>): Promise<boolean> {
    await this.emulator.clearFaults();
    const child = spawn('/bin/sh', ['-c', 'read -r go && exec "$@"', 'sh', process.execPath, leanBin(), ...args], {
      env: this.env,
      stdio: ['pipe', 'ignore', 'pipe'],
    });
    let stderr = '';
    child.stderr.on('data', (chunk) => {
      stderr += chunk;
    });
    const ended = new Promise<number | string | null>((resolve, reject) => {
      child.on('error', reject);
      child.on('close', (code, signal) => resolve(signal ?? code));
    });
    await this.emulator.fault({ ...fault, kind: 'signal', pid: child.pid ?? 0, signal: 'SIGKILL' });
    child.stdin.end('go\n');
    const end = await ended;
    if (end === 'SIGKILL') return true;
    if (end === 0) return false;
    throw new Error(`${args[0]} was to be killed, but ended with ${end}: ${stderr.slice(-600)}`);
  }

  /** The mutating calls of the operator that AWS carried out since the last reset or clear, in the order of their coming. */
  async mutations(): Promise<LoggedCall[]> {
    const calls = await this.emulator.calls();
    return calls.filter(({ mutating, principal, error }) => mutating && principal === 'operator' && error === null);
  }

  /** The whole stack is there, once, its state names it, and nobody holds the lock. Throws what is not so. */
  async checkMade(clean: readonly string[]): Promise<void> {
    await this.emulator.clearFaults();
    const inventory = await this.emulator.inventory();
    same('the inventory', normalised(inventory), clean);
    const store = this.store();
    const holder = await store.holder();
    if (holder) throw new Error(`process ${holder.holder.pid} still holds the lock`);
    const document = await store.read();
    if (!document) throw new Error('there is no state');
    same('the state', recordsOf(document), thingsOf(inventory));
    same('the configs in force', [String(document.configs.length)], ['1']);
    const pending = await this.pending(document, inventory);
    if (Object.keys(pending).length > 0) throw new Error(`the next plan is not empty: ${JSON.stringify(pending)}`);
  }

  /** Nothing is left, by the tool's own word and by the inventory. Throws what is. */
  async checkGone({ stdout }: CliResult): Promise<void> {
    if (!/^0 left$/m.test(stdout)) throw new Error(`destroy says: ${stdout}`);
    const left = present(await this.emulator.inventory());
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
    const [image] = Object.values(inventory.ecr?.image ?? {});
    const [inputHash = ''] = (image?.imageTags ?? []) as string[];
    this.stack.config = config;
    this.stack.owner.stackId = document.stackId;
    this.stack.secretValue = JSON.stringify({ TEMPORAL_API_KEY: API_KEY });
    this.stack.image = { inputHash, build: () => Promise.reject(new Error('a plan builds no image')) };
    this.stack.session = new MemorySession(document);
    return this.stack.pending();
  }
}

/**
 * A destroy that dies between deregistering and deleting a task definition's revision leaves it as AWS leaves any that
 * was deregistered (design 3.9): inactive, at no cost, and no second destroy sees it.
 */
function present(inventory: Inventory): Inventory {
  const { ecs = {}, ...others } = countable(inventory);
  const { 'inactive-task-definition': _leftToAws, ...kinds } = ecs;
  return Object.keys(kinds).length === 0 ? others : { ...others, ecs: kinds };
}

/** Every thing of an inventory as text, without what differs from one stack to the next: ids, addresses, hashes. */
export function normalised(inventory: Inventory): string[] {
  return Object.entries(present(inventory))
    .flatMap(([service, kinds]) =>
      Object.entries(kinds).flatMap(([kind, things]) =>
        // Versions of state and lock are as many as there were writes.
        Object.entries(kind === 'object' ? {} : things).map(
          ([id, fields]) => `${service} ${kind} ${id} ${JSON.stringify(fields)}`,
        ),
      ),
    )
    .map((line) =>
      line
        .replace(/[0-9a-f]{8}-[0-9a-f]{4}(-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12})?/g, '*')
        .replace(/(?<=-)[0-9a-f]{17}\b|\b[0-9a-f]{32}\b|"[0-9a-f]{16}"/g, '*')
        .replace(/(?<=task-definition\/temporal-fargate-dev_worker:)\d+/g, '*')
        .replace(/\b127\.\d+\.\d+\.\d+/g, '*')
        .replace(/(?<=scalable-target\/)\w+|(?<=temporal-fargate\/dev\/temporal-)\w{6}/g, '*'),
    )
    .sort();
}

/** "step id: last part of the thing's id" for every record. */
function recordsOf({ steps }: StateDocument): string[] {
  return Object.entries(steps)
    .filter(([step]) => step !== 'image/worker-image/worker')
    .map(([step, { id }]) => `${step}: ${lastPart(id ?? '(intent)')}`)
    .sort();
}

/** The same for everything that carries the stack's tags. */
function thingsOf(inventory: Inventory): string[] {
  return Object.values(present(inventory))
    .flatMap((kinds) => Object.entries(kinds).filter(([kind]) => !UNTAGGED.test(kind)))
    .flatMap(([, things]) => Object.entries(things))
    .flatMap(([id, fields]) => {
      const tags = fields.tags as Record<string, string> | undefined;
      // A scalable target's own id is random: the tool knows it by what it scales.
      const known = fields.resource ?? id;
      return tags?.[TAG.stack] === undefined ? [] : [`${tags[TAG.resource]}: ${lastPart(String(known))}`];
    })
    .sort();
}

const lastPart = (id: string): string => id.replace(/^.*[/:]/, '');

function same(what: string, found: readonly string[], expected: readonly string[]): void {
  const rest = [...expected];
  const extra = found.filter((line) => {
    const index = rest.indexOf(line);
    if (index >= 0) rest.splice(index, 1);
    return index < 0;
  });
  if (extra.length + rest.length === 0) return;
  throw new Error(`${what}: too much ${JSON.stringify(extra)}, missing ${JSON.stringify(rest)}`);
}

function differing(left: Inventory, empty: Inventory): Inventory {
  const services = [...new Set([...Object.keys(left), ...Object.keys(empty)])];
  return Object.fromEntries(
    services
      .filter((service) => JSON.stringify(left[service]) !== JSON.stringify(empty[service]))
      .map((service) => [service, left[service] ?? {}]),
  );
}

const tail = ({ stdout, stderr }: CliResult): string => `${stdout}${stderr}`.slice(-800);
