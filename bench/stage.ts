import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { cacheDir, safeEnvironment } from '../scripts/setup.mjs';
import { type EmulatorAddress, type EmulatorOptions, startEmulator } from '../src/sandbox/emulator.ts';
import { ensurePythonEnvironment } from '../src/sandbox/environment.ts';
import { slowProxy } from './slow-proxy.ts';

/** A call in the emulator's log. */
export interface LoggedCall {
  /** Milliseconds since the epoch when it arrived. */
  readonly at: number;
  readonly service: string;
  readonly operation: string;
  readonly params: Record<string, unknown>;
  readonly mutating: boolean;
}

/** service -> kind -> id -> fields */
export type Inventory = Record<string, Record<string, Record<string, Record<string, unknown>>>>;

/** An emulated account behind a proxy that makes it as far away as AWS. */
export interface Stage {
  /** Of the proxy, with the emulator's keys. */
  readonly address: EmulatorAddress;
  /** A folder that is removed at the end. */
  readonly scratch: string;
  /** The environment of whatever is measured: nothing of this machine's own AWS and Temporal settings. */
  readonly env: NodeJS.ProcessEnv;
  /** Milliseconds that every call takes longer from now on. */
  slow(ms: number): void;
  /** Milliseconds that every call takes from now on, at the least. */
  hold(ms: number): void;
  /** An account in which nothing was ever done. */
  reset(): Promise<void>;
  /** What was called since the start or the last reset of the account or the log. */
  calls(): Promise<LoggedCall[]>;
  clearCalls(): Promise<void>;
  inventory(): Promise<Inventory>;
  stop(): Promise<void>;
}

export async function startStage(options: Partial<EmulatorOptions> = {}): Promise<Stage> {
  const scratch = mkdtempSync(join(tmpdir(), 'temporal-fargate-bench-'));
  const environment = await ensurePythonEnvironment({ cacheDir, note: (text) => process.stderr.write(`${text}\n`) });
  let behind = '';
  const proxy = await slowProxy(() => behind);
  const workDir = join(scratch, 'emulator');
  const emulator = await startEmulator({
    tasks: 'simulated',
    delaySeconds: 0.1,
    strict: ['off'],
    ...options,
    environment,
    workDir,
    front: proxy.port,
  });
  behind = emulator.endpoint;
  const address = { ...emulator, endpoint: `http://127.0.0.1:${proxy.port}` };
  const ask = async (method: string, path: string): Promise<unknown> => {
    const headers = { 'x-sandbox-key': emulator.secretAccessKey };
    const answer = await fetch(`${emulator.endpoint}/_sandbox/${path}`, { method, headers });
    if (!answer.ok) throw new Error(`${method} ${path}: ${answer.status} ${await answer.text()}`);
    return answer.json();
  };
  return {
    address,
    scratch,
    env: {
      ...safeEnvironment(),
      AWS_ENDPOINT_URL: address.endpoint,
      AWS_ACCESS_KEY_ID: address.accessKeyId,
      AWS_SECRET_ACCESS_KEY: address.secretAccessKey,
      AWS_REGION: address.region,
      CI: 'true',
    },
    slow: proxy.slow,
    hold: proxy.hold,
    reset: async () => void (await ask('POST', 'reset')),
    calls: async () => ((await ask('GET', 'calls')) as { calls: LoggedCall[] }).calls,
    clearCalls: async () => void (await ask('DELETE', 'calls')),
    inventory: async () => (await ask('GET', 'inventory')) as Inventory,
    stop: async () => {
      await emulator.stop();
      await proxy.stop();
      rmSync(scratch, { recursive: true, force: true });
    },
  };
}
