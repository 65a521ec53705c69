import { type ChildProcess, spawn } from 'node:child_process';
import { inject } from 'vitest';
import type { EmulatorAddress } from '../../src/sandbox/emulator.ts';
import { BIN, testCacheDir } from './paths.ts';
import { Said } from './said.ts';

export { BIN } from './paths.ts';

/** Nothing listens here: what is not meant for the emulator goes nowhere. */
const NOWHERE = 'http://127.0.0.1:9';

export interface CliResult {
  /** Exit code, or the name of the signal that ended the process. */
  readonly code: number | string;
  readonly stdout: string;
  readonly stderr: string;
}

/**
 * The whole environment of a run: an emulator (or nowhere), dummy credentials, and nothing of the machine's own AWS and
 * Temporal settings.
 */
export function cliEnvironment(emulator?: EmulatorAddress, extra: NodeJS.ProcessEnv = {}): NodeJS.ProcessEnv {
  const inherited = Object.entries(process.env).filter(([name]) => !/^(AWS|TEMPORAL|CI$)/.test(name));
  return {
    ...Object.fromEntries(inherited),
    TEMPORAL_FARGATE_CACHE_DIR: testCacheDir,
    AWS_ENDPOINT_URL: emulator?.endpoint ?? NOWHERE,
    AWS_ACCESS_KEY_ID: emulator?.accessKeyId ?? 'none',
    AWS_SECRET_ACCESS_KEY: emulator?.secretAccessKey ?? 'none',
    AWS_REGION: 'us-east-1',
    AWS_EC2_METADATA_DISABLED: 'true',
    AWS_CONFIG_FILE: '/nonexistent/config',
    AWS_SHARED_CREDENTIALS_FILE: '/nonexistent/credentials',
    TEMPORAL_FARGATE_TIME_SCALE: '0.02',
    ...extra,
  };
}

/**
 * A copy of the program whose bundled worker has no dependencies (see lean-program.ts). For everything but tasks that run:
 * an init pushes 28 MB less.
 */
export function leanBin(): string {
  const bin = inject('leanBin');
  if (bin === undefined) throw new Error('the program is not built: node scripts/build.mjs');
  return bin;
}

export interface Running {
  readonly pid: number;
  /** Resolves when the process has ended. */
  readonly result: Promise<CliResult>;
  /** Resolves when standard error or output contains the text; rejects when the process ends without it. */
  waitFor(text: string | RegExp): Promise<void>;
}

export interface RunningCli extends Running {
  readonly child: ChildProcess;
}

/** Starts the built CLI, or a copy of it, without a terminal. */
export function startCli(
  args: readonly string[],
  env: NodeJS.ProcessEnv,
  input?: string,
  bin = BIN,
  cwd?: string,
): RunningCli {
  const child = spawn(process.execPath, [bin, ...args], { cwd, env, stdio: ['pipe', 'pipe', 'pipe'] });
  const said = new Said();
  child.stdout.on('data', (chunk) => said.add('stdout', String(chunk)));
  child.stderr.on('data', (chunk) => said.add('stderr', String(chunk)));
  child.stdin.end(input ?? '');
  const result = new Promise<CliResult>((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (code, signal) => {
      const { stdout, stderr } = said;
      resolve({ code: code ?? signal ?? 'unknown', stdout, stderr });
    });
  });
  return { child, pid: child.pid ?? 0, result, waitFor: (text) => said.waitFor(text, result) };
}

/** Runs the built CLI to its end, without a terminal. */
export function runCli(args: readonly string[], env: NodeJS.ProcessEnv, input?: string, bin = BIN): Promise<CliResult> {
  return startCli(args, env, input, bin).result;
}
