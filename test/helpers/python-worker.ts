import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { withFileLock } from '../../src/sandbox/file-lock.ts';
import { run } from '../../src/sandbox/processes.ts';
import { findPython } from '../../src/sandbox/python.ts';

/** Ignored by git. Not by way of helpers that need vitest: the set-up uses this file as well. */
const CACHE = fileURLToPath(new URL('../../.cache', import.meta.url));

/** The example of docs/worker-contract.md. */
export const PYTHON_WORKER = fileURLToPath(new URL('../../docs/examples/python-worker', import.meta.url));

/**
 * A Python environment with what the example needs, and nothing of the sandbox's. Made once per list of packages, which
 * takes a network; `npm test` does it before the first test.
 *
 * @returns the absolute path of its interpreter
 */
export async function ensurePythonWorker(): Promise<string> {
  const requirements = join(PYTHON_WORKER, 'requirements.txt');
  const name = createHash('sha256').update(readFileSync(requirements)).digest('hex').slice(0, 12);
  const folder = join(CACHE, `python-worker-${name}`);
  const python = join(folder, 'bin', 'python');
  const stamp = join(folder, 'complete');
  mkdirSync(CACHE, { recursive: true });
  await withFileLock(`${folder}.lock`, async () => {
    if (existsSync(stamp)) return;
    rmSync(folder, { recursive: true, force: true });
    await must(await findPython(), ['-m', 'venv', folder]);
    const pip = ['-m', 'pip', 'install', '--quiet', '--disable-pip-version-check', '--only-binary', ':all:'];
    await must(python, [...pip, '--require-hashes', '-r', requirements]);
    writeFileSync(stamp, '');
  });
  return python;
}

async function must(command: string, args: readonly string[]): Promise<void> {
  const { code, output } = await run(command, args);
  if (code !== 0) throw new Error(`${command} ${args.join(' ')} ended with ${code}: ${output}`);
}
