import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll } from 'vitest';
import type { EmulatorOptions } from '../../src/sandbox/emulator.ts';
import { ensurePythonEnvironment } from '../../src/sandbox/environment.ts';
import { startTemporalServer } from '../../src/sandbox/temporal-server.ts';
import { BIN, type CliResult, cliEnvironment, leanBin, type RunningCli, startCli } from './cli.ts';
import { clientsFor, controlOf, type TestEmulator, testCacheDir } from './emulator.ts';
import { forkEmulator } from './fork-emulator.ts';
import { useWarmPrograms, type WarmRun } from './warm-programs.ts';

export interface Sandbox {
  readonly emulator: TestEmulator;
  readonly temporalAddress: string;
  /** Emulator's working folder: blobs, unpacked images, task folders. */
  readonly workDir: string;
  /** What the emulator says of itself. */
  readonly logFile: string;
  env(extra?: NodeJS.ProcessEnv): NodeJS.ProcessEnv;
  /** To its end, in a process that has loaded the program already. */
  run(args: readonly string[], extra?: NodeJS.ProcessEnv): Promise<CliResult>;
  /** In a process of its own. */
  start(args: readonly string[], extra?: NodeJS.ProcessEnv): RunningCli;
}

type SandboxOptions = Pick<EmulatorOptions, 'tasks'>;

/**
 * A real Temporal dev server and an emulator that runs ECS tasks as processes (or, with `tasks: 'simulated'`, only says
 * so: then nothing ever polls), for all tests of the file. The members
 * may be read inside tests and hooks only.
 */
export function useSandbox(options: SandboxOptions = {}): Sandbox {
  let started: { sandbox: Sandbox; stop(): Promise<void> } | undefined;
  const bin = (): string => (options.tasks === 'simulated' ? leanBin() : BIN);
  const run = useWarmPrograms(bin);
  beforeAll(async () => {
    started = await startSandbox(options, bin(), run);
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
  options: SandboxOptions,
  bin: string,
  run: WarmRun,
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
  const env = (extra: NodeJS.ProcessEnv = {}): NodeJS.ProcessEnv =>
    cliEnvironment(address, { TEMPORAL_ADDRESS: temporal.address, ...extra });
  return {
    sandbox: {
      emulator: { ...controlOf(address), address, clients, delaySeconds },
      temporalAddress: temporal.address,
      workDir,
      logFile,
      env,
      run: (args, extra) => run(args, env(extra)),
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
