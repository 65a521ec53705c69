import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { endProcess, processIdentity } from './processes.ts';

export interface NodeProcess {
  readonly pid: number;
  /** How it ended, in words, once it has: "with exit code 1". */
  readonly ended: Promise<string>;
  /** SIGTERM, and SIGKILL after the grace time. Settles when it has ended. */
  drain(graceMs: number): Promise<void>;
}

export interface NodeProcessOptions {
  readonly cwd: string;
  readonly env: NodeJS.ProcessEnv;
  /** Gets what it writes, line by line. */
  readonly onLine: (text: string, stream: 'stdout' | 'stderr') => void;
}

/** Runs a file with this program's own Node. */
export async function startNode(file: string, { cwd, env, onLine }: NodeProcessOptions): Promise<NodeProcess> {
  const child = spawn(process.execPath, [file], { cwd, env, stdio: ['ignore', 'pipe', 'pipe'] });
  const ended = new Promise<string>((resolve) => {
    child.once('close', (code, signal) => resolve(signal ? `by ${signal}` : `with exit code ${code}`));
  });
  for (const stream of ['stdout', 'stderr'] as const) {
    createInterface({ input: child[stream] }).on('line', (text) => onLine(text, stream));
  }
  await once(child, 'spawn');
  const pid = child.pid ?? 0;
  const identity = await processIdentity(pid);
  return {
    pid,
    ended,
    drain: async (graceMs) => {
      await endProcess(pid, identity, graceMs);
      await ended;
    },
  };
}
