import { spawn } from 'node:child_process';
import { childEnvironment } from '../child-environment.ts';
import { Cancelled } from '../errors.ts';

const LAST_LINES = 15;

export interface ToolResult {
  /** Exit code, or the signal that ended it. */
  readonly status: number | string;
  /** Both streams, as they came. */
  readonly output: string;
}

/**
 * Runs a package manager to its end, without input.
 * @param env what it may know; no secrets when left out
 * @param cannotStart the error for a program that is not there
 * @throws Cancelled when the signal aborts, once the process is gone
 */
export async function runTool(
  [command, ...args]: readonly [string, ...string[]],
  {
    cwd,
    env = childEnvironment(),
    signal,
    cannotStart,
  }: { cwd: string; env?: NodeJS.ProcessEnv; signal?: AbortSignal | undefined; cannotStart(cause: Error): Error },
): Promise<ToolResult> {
  return await new Promise((resolve, reject) => {
    const child = spawn(command, args, { cwd, env, signal, stdio: ['ignore', 'pipe', 'pipe'] });
    let output = '';
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding('utf8').on('data', (text: string) => {
        output += text;
      });
    }
    let failure: Error | undefined;
    child.on('error', (cause) => {
      failure = signal?.aborted ? new Cancelled() : cannotStart(cause);
      if (child.pid === undefined) reject(failure);
    });
    // Also when it was cancelled: the folder can only be removed once the process is gone.
    child.on('close', (code, killedBy) => {
      if (failure === undefined) resolve({ status: code ?? killedBy ?? 'unknown', output });
      else reject(failure);
    });
  });
}

export function lastLines(output: string): string {
  return output.trimEnd().split('\n').slice(-LAST_LINES).join('\n');
}
