import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { childEnvironment } from '../child-environment.ts';
import { Cancelled } from '../errors.ts';

export interface Finished {
  /** Exit code; null when a signal ended it, undefined when it could not be started at all. */
  readonly code: number | null | undefined;
  readonly output: string;
}

/**
 * Runs a command to its end and returns its exit code with stdout and stderr together; its environment holds no secrets
 * when none is given. Throws only `Cancelled`.
 */
export async function run(
  command: string,
  args: readonly string[],
  options: { env?: NodeJS.ProcessEnv; signal?: AbortSignal | undefined } = {},
): Promise<Finished> {
  const child = spawn(command, args, { env: options.env ?? childEnvironment(), stdio: ['ignore', 'pipe', 'pipe'] });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8');
    stream.on('data', (text: string) => {
      output += text;
    });
  }
  const abort = () => child.kill('SIGTERM');
  options.signal?.addEventListener('abort', abort, { once: true });
  try {
    const [code] = (await once(child, 'close')) as [number | null];
    if (options.signal?.aborted) throw new Cancelled();
    return { code, output };
  } catch (error) {
    if (error instanceof Cancelled) throw error;
    return { code: undefined, output: String(error) };
  } finally {
    options.signal?.removeEventListener('abort', abort);
  }
}

/** Whether a process with this id exists (a zombie of ours counts as gone once Node has reaped it). */
export function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

/**
 * Tells one life of a process id from another: the id is reused by the system, the start time is not.
 * Undefined when there is no such process.
 */
export async function processIdentity(pid: number): Promise<string | undefined> {
  if (process.platform === 'linux') {
    try {
      const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
      // proc(5): the command name in parentheses may hold spaces; start time is field 22, state is field 3.
      const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
      const boot = readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
      return fields[0] === 'Z' ? undefined : `${boot}/${fields[19]}`;
    } catch {
      return undefined;
    }
  }
  try {
    const { stdout } = await promisify(execFile)('ps', ['-o', 'lstart=', '-p', String(pid)], {
      env: childEnvironment(),
    });
    return stdout.trim() || undefined;
  } catch {
    return undefined;
  }
}

/**
 * Ends a process by its id: SIGTERM, then SIGKILL after the grace time. Returns when it is gone. A process that is not the
 * one with `identity` any more is left alone.
 */
export async function endProcess(pid: number, identity: string | undefined, graceMs = 15_000): Promise<void> {
  const alive = async () => isRunning(pid) && (await processIdentity(pid)) === identity;
  if (identity === undefined || !(await alive())) return;
  for (const [signal, waitMs] of [
    ['SIGTERM', graceMs],
    ['SIGKILL', 5_000],
  ] as const) {
    try {
      process.kill(pid, signal);
    } catch {
      return;
    }
    const deadline = performance.now() + waitMs;
    while (performance.now() < deadline) {
      if (!(await alive())) return;
      await sleep(25);
    }
  }
}
