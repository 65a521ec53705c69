import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll } from 'vitest';
import type { EmulatorOptions } from '../../src/sandbox/emulator.ts';
import { ensurePythonEnvironment } from '../../src/sandbox/environment.ts';
import { startTemporalServer } from '../../src/sandbox/temporal-server.ts';
import { BIN, type CliResult, cliEnvironment, leanBin, type RunningCli, runCli, startCli } from './cli.ts';
import { clientsFor, controlOf, type TestEmulator, testCacheDir } from './emulator.ts';
import { forkEmulator } from './fork-emulator.ts';

export interface Sandbox {
  readonly emulator: TestEmulator;
  readonly temporalAddress: string;
  /** Emulator's working folder: blobs, unpacked images, task folders. */
  readonly workDir: string;
  /** What the emulator says of itself. */
  readonly logFile: string;
  env(extra?: NodeJS.ProcessEnv): NodeJS.ProcessEnv;
  run(args: readonly string[], extra?: NodeJS.ProcessEnv): Promise<CliResult>;
  start(args: readonly string[], extra?: NodeJS.ProcessEnv): RunningCli;
}

/**
 * A real Temporal dev server and an emulator that runs ECS tasks as processes (or, with `tasks: 'simulated'`, only says
 * so: then nothing ever polls), for all tests of the file. The members
 * may be read inside tests and hooks only.
 */
export function useSandbox(options: Pick<EmulatorOptions, 'tasks'> = {}): Sandbox {
  let started: { sandbox: Sandbox; stop(): Promise<void> } | undefined;
  beforeAll(async () => {
    started = await startSandbox(options);
  });
  afterAll(async () => {
    await started?.stop();
  });
  return new Proxy({} as Sandbox, {
    get: (_target, name) => {
      if (started === undefined) throw new Error('the sandbox runs only inside tests and hooks');
      return Reflect.get(started.sandbox, name);
    },
  });
}

async function startSandbox(
  options: Pick<EmulatorOptions, 'tasks'>,
): Promise<{ sandbox: Sandbox; stop(): Promise<void> }> {
  const environment = await ensurePythonEnvironment({ cacheDir: testCacheDir, note: () => undefined });
  const folder = mkdtempSync(join(tmpdir(), 'temporal-fargate-sandbox-'));
  const workDir = join(folder, 'emulator');
  const logFile = join(folder, 'emulator.log');
  const temporal = await startTemporalServer({ environment, workDir: join(folder, 'temporal') });
  const delaySeconds = 0.2;
  const address = await forkEmulator({
    ...options,
    environment,
    temporalAddress: temporal.address,
    delaySeconds,
    workDir,
    logFile,
  });
  const clients = clientsFor(address);
  const bin = options.tasks === 'simulated' ? leanBin() : BIN;
  const env = (extra: NodeJS.ProcessEnv = {}): NodeJS.ProcessEnv =>
    cliEnvironment(address, { TEMPORAL_ADDRESS: temporal.address, ...extra });
  return {
    sandbox: {
      emulator: { ...controlOf(address), address, clients, delaySeconds },
      temporalAddress: temporal.address,
      workDir,
      logFile,
      env,
      run: (args, extra) => runCli(args, env(extra), undefined, bin),
      start: (args, extra) => startCli(args, env(extra), undefined, bin),
    },
    stop: async () => {
      for (const client of Object.values(clients)) client.destroy();
      // The emulator first: its tasks say goodbye to the Temporal server.
      await address.stop();
      await temporal.stop();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
