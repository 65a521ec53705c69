import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type CliResult, leanBin, type Running } from './cli.ts';
import { Said } from './said.ts';

/** Longer than any command that goes on. */
const HUNG_MS = 180_000;

const SCRIPT = fileURLToPath(new URL('warm-process.mjs', import.meta.url));

/** What the process sends of the n-th command: something that it says, or its exit code. */
type Message =
  | { readonly n: number; readonly stream: 'stdout' | 'stderr'; readonly text: string }
  | { readonly n: number; readonly code: number };

interface Command {
  readonly said: Said;
  end(code: number | string): void;
}

interface Living {
  readonly child: ChildProcess;
  readonly commands: Map<number, Command>;
}

/**
 * The built program in a process that has loaded it already: a command costs neither a start nor the loading of the SDK,
 * two thirds of what one without anything to do takes. A process that was killed or stopped is replaced.
 */
export class WarmProgram {
  private readonly env: NodeJS.ProcessEnv;
  private readonly bin: string;
  private readonly cwd: string;
  private living: Promise<Living> | undefined;
  private count = 0;

  /**
   * @param env all of its environment
   * @param bin the program; left out, the one that has nothing to push
   * @param cwd the folder that it runs in; left out, that of this process
   */
  constructor(env: NodeJS.ProcessEnv, bin = leanBin(), cwd = process.cwd()) {
    this.env = env;
    this.bin = bin;
    this.cwd = cwd;
  }

  /** The process that the next command will run in: what a fault may kill. */
  async pid(): Promise<number> {
    return (await this.alive()).child.pid ?? 0;
  }

  /**
   * Starts one command line. Several may run at once.
   *
   * @param env of the process from now on; only where nothing else runs in it
   */
  async start(args: readonly string[], env?: NodeJS.ProcessEnv): Promise<Running> {
    const { child, commands } = await this.alive();
    this.count += 1;
    const n = this.count;
    const said = new Said();
    const hung = setTimeout(() => child.kill('SIGKILL'), HUNG_MS);
    const result = new Promise<CliResult>((resolve) => {
      const end = (code: number | string): void => {
        clearTimeout(hung);
        commands.delete(n);
        resolve({ code, stdout: said.stdout, stderr: said.stderr });
      };
      commands.set(n, { said, end });
    });
    child.send({ n, args, env });
    return { pid: child.pid ?? 0, result, waitFor: (text) => said.waitFor(text, result) };
  }

  /** Runs one command line to its end, or to that of the process. */
  async run(args: readonly string[], env?: NodeJS.ProcessEnv): Promise<CliResult> {
    return (await this.start(args, env)).result;
  }

  /** Kills the process, also a stopped one. */
  async stop(): Promise<void> {
    const living = await this.living;
    if (!living) return;
    const closed = once(living.child, 'close');
    living.child.kill('SIGKILL');
    await closed;
  }

  private alive(): Promise<Living> {
    this.living ??= this.load();
    return this.living;
  }

  private async load(): Promise<Living> {
    const stdio: ('ignore' | 'inherit' | 'ipc')[] = ['ignore', 'ignore', 'inherit', 'ipc'];
    const child = fork(SCRIPT, [dirname(this.bin)], { env: this.env, cwd: this.cwd, stdio, execArgv: [] });
    const commands: Living['commands'] = new Map();
    const ready = once(child, 'message');
    child.on('message', (message: Message | 'ready') => {
      if (message === 'ready') return;
      const command = commands.get(message.n);
      if ('code' in message) command?.end(message.code);
      else command?.said.add(message.stream, message.text);
    });
    child.on('close', (code, signal) => {
      this.living = undefined;
      for (const command of [...commands.values()]) command.end(signal ?? code ?? 'unknown');
    });
    await ready;
    return { child, commands };
  }
}
