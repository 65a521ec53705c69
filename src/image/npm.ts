import { spawn } from 'node:child_process';
import { Cancelled, UserError } from '../errors.ts';

const LAST_LINES = 15;

/**
 * Installs a folder's locked production dependencies.
 * @param flags further arguments of `npm ci`
 * @throws UserError with the end of npm's output
 */
export async function npmCi(folder: string, flags: readonly string[], signal?: AbortSignal): Promise<void> {
  const args = ['ci', '--omit=dev', '--ignore-scripts', '--no-audit', '--no-fund', '--prefer-offline', ...flags];
  const { status, output } = await run('npm', args, folder, signal);
  if (status === 0) return;
  throw new UserError({
    code: 'DEPENDENCIES_NOT_INSTALLED',
    message: `installing the worker's dependencies: npm ci ended with ${status}\n${lastLines(output)}`,
    fix: 'Check that npm reaches its registry and that package-lock.json matches package.json (run npm install in the worker folder).',
  });
}

/**
 * Runs the folder's own `build` script.
 * @throws UserError with the end of its output
 */
export async function npmBuild(folder: string, signal?: AbortSignal): Promise<void> {
  const { status, output } = await run('npm', ['run', '--silent', 'build'], folder, signal);
  if (status === 0) return;
  throw new UserError({
    code: 'WORKER_NOT_BUILT',
    message: `building ${folder}: npm run build ended with ${status}\n${lastLines(output)}`,
    fix: 'Mend what it says; npm run build in that folder shows all of it.',
  });
}

/** What npm would publish of the folder, by its `files` and ignore files: paths with "/". */
export async function npmPackedFiles(folder: string, signal?: AbortSignal): Promise<string[]> {
  const { status, output } = await run(
    'npm',
    ['pack', '--dry-run', '--json', '--ignore-scripts', '--silent'],
    folder,
    signal,
  );
  try {
    if (status !== 0) throw new Error(`npm pack ended with ${status}`);
    const [packed] = JSON.parse(output.slice(output.indexOf('['))) as [{ files: { path: string }[] }];
    return packed.files.map(({ path }) => path);
  } catch (cause) {
    throw new UserError({
      code: 'WORKER_NOT_PACKED',
      message: `listing what belongs to ${folder}: ${(cause as Error).message}\n${lastLines(output)}`,
      fix: 'Run npm pack --dry-run in that folder, and mend what it says.',
      cause,
    });
  }
}

function lastLines(output: string): string {
  return output.trimEnd().split('\n').slice(-LAST_LINES).join('\n');
}

async function run(
  command: string,
  args: readonly string[],
  cwd: string,
  signal?: AbortSignal,
): Promise<{ status: number | string; output: string }> {
  return await new Promise((resolve, reject) => {
    const child = spawn(command, args, { cwd, signal, stdio: ['ignore', 'pipe', 'pipe'] });
    let output = '';
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding('utf8').on('data', (text: string) => {
        output += text;
      });
    }
    let failure: Error | undefined;
    child.on('error', (cause) => {
      failure = signal?.aborted ? new Cancelled() : cannotStart(command, cause);
      if (child.pid === undefined) reject(failure);
    });
    // Also when it was cancelled: the folder can only be removed once the process is gone.
    child.on('close', (code, killedBy) => {
      if (failure === undefined) resolve({ status: code ?? killedBy ?? 'unknown', output });
      else reject(failure);
    });
  });
}

function cannotStart(command: string, cause: Error): UserError {
  return new UserError({
    code: 'NPM_NOT_FOUND',
    message: `starting ${command}: ${cause.message}`,
    fix: 'Install Node.js with npm, and check that npm is on the PATH.',
    cause,
  });
}
