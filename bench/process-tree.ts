import { spawn } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import type { Readable } from 'node:stream';

/** What one command has cost, with everything that it started. */
export interface Cost {
  readonly seconds: number;
  /** Processor time, user and system. */
  readonly cpuSeconds: number;
  /** The most memory that its processes had together, in bytes: resident, shared pages counted in each of them. */
  readonly peakBytes: number;
}

export interface Finished extends Cost {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

const SAMPLE_MS = 10;
const PAGE_BYTES = 4096;

/** The shell's `times` after the command: user and system time of all children that were waited for. */
const WITH_TIMES = '"$@"; code=$?; times >&3; exit $code';

/** Runs a command to its end and measures it (Linux: from /proc). */
export async function measured(
  command: readonly string[],
  { env, cwd }: { readonly env: NodeJS.ProcessEnv; readonly cwd: string },
): Promise<Finished> {
  const startedAt = performance.now();
  const child = spawn('bash', ['-c', WITH_TIMES, 'bash', ...command], {
    // `times` writes numbers as the locale has them.
    env: { ...env, LC_ALL: 'C' },
    cwd,
    stdio: ['ignore', 'pipe', 'pipe', 'pipe'],
  });
  const texts = [1, 2, 3].map((fd) => allOf(child.stdio[fd] as Readable));
  let peakBytes = 0;
  const timer = setInterval(() => {
    // Without the shell, which only measures.
    const bytes = childrenOf(child.pid ?? 0).reduce((sum, pid) => sum + treeBytes(pid), 0);
    peakBytes = Math.max(peakBytes, bytes);
  }, SAMPLE_MS);
  const code = await new Promise<number>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (status) => resolve(status ?? 1));
  });
  const seconds = (performance.now() - startedAt) / 1000;
  clearInterval(timer);
  const [stdout = '', stderr = '', times = ''] = await Promise.all(texts);
  return { code, stdout, stderr, seconds, cpuSeconds: cpuSecondsOf(times), peakBytes };
}

/** Of the second line of `times`, that of the children: "0m1.250s 0m0.300s" -> 1.55 */
export function cpuSecondsOf(times: string): number {
  const found = times.split('\n')[1]?.matchAll(/(\d+)m([\d.]+)s/g) ?? [];
  return [...found].reduce((sum, [, minutes, seconds]) => sum + 60 * Number(minutes) + Number(seconds), 0);
}

async function allOf(stream: Readable): Promise<string> {
  let text = '';
  for await (const chunk of stream.setEncoding('utf8')) text += chunk;
  return text;
}

function treeBytes(pid: number): number {
  const own = Number(readProc(`${pid}/statm`).split(' ')[1] ?? 0) * PAGE_BYTES;
  return childrenOf(pid).reduce((sum, child) => sum + treeBytes(child), own);
}

/** Of all its threads: a Go program starts processes from whichever runs at that moment. */
function childrenOf(pid: number): number[] {
  return threadsOf(pid).flatMap((thread) =>
    readProc(`${pid}/task/${thread}/children`).split(' ').filter(Boolean).map(Number),
  );
}

function threadsOf(pid: number): string[] {
  try {
    return readdirSync(`/proc/${pid}/task`);
  } catch {
    return [];
  }
}

/** Empty for what has just ended. */
function readProc(path: string): string {
  try {
    return readFileSync(`/proc/${path}`, 'utf8').trim();
  } catch {
    return '';
  }
}
