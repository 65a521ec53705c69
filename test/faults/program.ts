import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import type { CliResult } from '../helpers/cli.ts';

const RESIDENT = fileURLToPath(new URL('resident.mjs', import.meta.url));

/** Connections stay open until their process ends, and the emulator has a thread for each. */
const RUNS = 15;
/** Longer than any run that goes on. */
const HUNG_MS = 180_000;

/**
 * The built program, run in a process that stays: most of a run's processor time would be its start. A run that fails
 * ends with its process, as it does for a person: whether its lock is abandoned is judged by that.
 */
export class Program {
  private readonly bin: string;
  private readonly env: NodeJS.ProcessEnv;
  private process: ChildProcess | undefined;
  private runs = 0;

  constructor(bin: string, env: NodeJS.ProcessEnv) {
    this.bin = bin;
    this.env = env;
  }

  /** The process that the next run is going to be in. */
  get pid(): number {
    return this.started().pid ?? 0;
  }

  /** Runs a command to its end, or to that of the process. */
  async run(args: readonly string[]): Promise<CliResult> {
    const child = this.started();
    this.runs += 1;
    let crash = '';
    const hear = (chunk: Buffer): void => {
      crash += chunk;
    };
    child.stderr?.on('data', hear);
    const hung = setTimeout(() => child.kill('SIGKILL'), HUNG_MS);
    const result = await new Promise<CliResult>((resolve) => {
      child.once('message', (answer) => resolve(answer as CliResult));
      child.once('exit', (code, signal) => resolve({ code: signal ?? code ?? 'unknown', stdout: '', stderr: crash }));
      child.send({ args });
    });
    clearTimeout(hung);
    child.stderr?.off('data', hear);
    child.removeAllListeners();
    if (result.code !== 0 || this.runs >= RUNS) await this.stop();
    return result;
  }

  async stop(): Promise<void> {
    const child = this.process;
    this.process = undefined;
    this.runs = 0;
    if (!child || child.exitCode !== null || child.signalCode !== null) return;
    const ended = once(child, 'exit');
    child.kill('SIGKILL');
    await ended;
  }

  private started(): ChildProcess {
    this.process ??= fork(RESIDENT, [this.bin], {
      env: this.env,
      execArgv: [],
      stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
    });
    return this.process;
  }
}
