import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, openSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { endProcess, processIdentity } from './processes.ts';

export interface ServerProcess {
  readonly pid: number;
  /** See `processIdentity`. */
  readonly identity: string | undefined;
  readonly child: ChildProcess;
  /** The last of what it wrote to stderr, when no log file takes it. */
  errors(): string;
  /** Ends it and waits until it is gone. */
  stop(): Promise<void>;
}

export interface ServerProcessOptions {
  readonly env: NodeJS.ProcessEnv;
  readonly cwd: string;
  /**
   * In a session of its own, so that Ctrl-C in this terminal and the end of this process do not reach it. Otherwise its
   * standard input is a pipe from us, whose end it watches.
   */
  readonly detached: boolean;
  /** Takes stderr; without it the last part is kept in memory. */
  readonly logFile?: string | undefined;
  /** 'pipe' when it says on stdout what we must read; then it must write nothing there later, once we let go. */
  readonly stdout: 'pipe' | 'ignore';
}

const KEPT_CHARACTERS = 4_000;
const START_TIMEOUT_MS = 60_000;

/** Starts a server; it is not ready yet when this returns. */
export async function startServerProcess(
  command: string,
  args: readonly string[],
  options: ServerProcessOptions,
): Promise<ServerProcess> {
  const log = options.logFile === undefined ? undefined : openSync(options.logFile, 'a', 0o600);
  const child = spawn(command, args, {
    cwd: options.cwd,
    env: options.env,
    detached: options.detached,
    stdio: [options.detached ? 'ignore' : 'pipe', options.stdout, log ?? (options.detached ? 'ignore' : 'pipe')],
  });
  if (log !== undefined) closeSync(log);
  await new Promise<void>((resolve, reject) => {
    child.once('spawn', resolve);
    child.once('error', reject);
  });
  const pid = child.pid ?? 0;
  let errors = '';
  child.stderr?.setEncoding('utf8').on('data', (text: string) => {
    errors = (errors + text).slice(-KEPT_CHARACTERS);
  });
  const identity = await processIdentity(pid);
  const exited = new Promise<void>((resolve) => {
    child.once('exit', () => resolve());
    if (child.exitCode !== null || child.signalCode !== null) resolve();
  });
  const stop = async (): Promise<void> => {
    await endProcess(pid, identity);
    // Ended is not yet reaped: until Node has done so, its id still names a process.
    child.ref();
    await exited;
  };
  return { pid, identity, child, errors: () => errors, stop };
}

/** The line on stdout with which a server says that it listens, and where. */
export async function firstLine({ child }: ServerProcess): Promise<string> {
  if (child.stdout === null) throw new Error('no stdout');
  const lines = createInterface({ input: child.stdout, signal: AbortSignal.timeout(START_TIMEOUT_MS) });
  try {
    for await (const line of lines) return line;
  } finally {
    lines.close();
  }
  throw new Error('it ended before it listened');
}

/** Lets this process end while the server runs on. */
export function letGo({ child }: ServerProcess): void {
  child.stdout?.destroy();
  child.unref();
}

/** The environment for a server of ours: this process's, without what would steer it elsewhere. */
export function cleanEnvironment(extra: Record<string, string> = {}): NodeJS.ProcessEnv {
  const kept = Object.entries(process.env).filter(([name]) => !/^(AWS|TEMPORAL|MOTO|PYTHON)_?/.test(name));
  return { ...Object.fromEntries(kept), ...extra };
}
