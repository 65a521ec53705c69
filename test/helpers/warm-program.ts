import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type CliResult, leanBin } from './cli.ts';

const SCRIPT = fileURLToPath(new URL('warm-process.mjs', import.meta.url));

interface Living {
  readonly child: ChildProcess;
  readonly waiting: Map<number, (result: CliResult) => void>;
}

/**
 * The lean program (see `leanBin`) in a process that has loaded it already: a command costs neither a start nor the
 * loading of the SDK, two thirds of what one without anything to do takes. A process that was killed is replaced.
 */
export class WarmProgram {
  private readonly env: NodeJS.ProcessEnv;
  private living: Promise<Living> | undefined;
  private count = 0;

  /** @param env all of its environment */
  constructor(env: NodeJS.ProcessEnv) {
    this.env = env;
  }

  /** The process that the next command will run in: what a fault may kill. */
  async pid(): Promise<number> {
    return (await this.alive()).child.pid ?? 0;
  }

  /** Runs one command line to its end, or to that of the process. Several may run at once. */
  async run(args: readonly string[]): Promise<CliResult> {
    const { child, waiting } = await this.alive();
    this.count += 1;
    const n = this.count;
    return new Promise((resolve) => {
      waiting.set(n, resolve);
      child.send({ n, args });
    });
  }

  async stop(): Promise<void> {
    const living = await this.living;
    if (!living) return;
    const closed = once(living.child, 'close');
    living.child.kill('SIGKILL');
    await closed;
  }

  private alive(): Promise<Living> {
    this.living ??= this.start();
    return this.living;
  }

  private async start(): Promise<Living> {
    const stdio: ('ignore' | 'inherit' | 'ipc')[] = ['ignore', 'ignore', 'inherit', 'ipc'];
    const child = fork(SCRIPT, [dirname(leanBin())], { env: this.env, stdio, execArgv: [] });
    const waiting: Living['waiting'] = new Map();
    child.on('message', (message: { n: number; result: CliResult }) => {
      waiting.get(message.n)?.(message.result);
      waiting.delete(message.n);
    });
    child.on('close', (code, signal) => {
      this.living = undefined;
      for (const resolve of waiting.values()) resolve({ code: signal ?? code ?? 'unknown', stdout: '', stderr: '' });
    });
    await once(child, 'message');
    return { child, waiting };
  }
}
