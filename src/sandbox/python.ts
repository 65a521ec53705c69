import { UserError } from '../errors.ts';
import { installCommand, thisSystem } from './platform.ts';
import { run } from './processes.ts';

/** moto 5.2.5 declares Python 3.10 as its oldest. */
const OLDEST_PYTHON = [3, 10] as const;
const NAMES = ['python3', 'python3.14', 'python3.13', 'python3.12', 'python3.11', 'python3.10', 'python'];

const oldest = OLDEST_PYTHON.join('.');

/**
 * The first Python on PATH that is new enough and can make virtual environments.
 *
 * @returns the absolute path of the interpreter
 * @throws UserError SANDBOX_PYTHON_MISSING, SANDBOX_PYTHON_TOO_OLD or SANDBOX_VENV_MISSING, with the command that mends it
 */
export async function findPython(signal?: AbortSignal): Promise<string> {
  const old: string[] = [];
  for (const name of NAMES) {
    const script = 'import sys; print(*sys.version_info[:2], sys.executable)';
    const { code, output } = await run(name, ['-c', script], { signal });
    const [, major, minor, path] = /^(\d+) (\d+) (.+)$/m.exec(output) ?? [];
    if (code !== 0 || path === undefined) continue;
    if (Number(major) === OLDEST_PYTHON[0] && Number(minor) >= OLDEST_PYTHON[1]) {
      await requireVenv(path, signal);
      return path;
    }
    old.push(`${path} is ${major}.${minor}`);
  }
  if (old.length > 0) {
    throw new UserError({
      code: 'SANDBOX_PYTHON_TOO_OLD',
      message: `the sandbox needs Python ${oldest} or newer; ${[...new Set(old)].join(', ')}`,
      fix: `${installCommand(thisSystem(), 'python')} (a version from ${oldest} on, first on PATH)`,
    });
  }
  throw new UserError({
    code: 'SANDBOX_PYTHON_MISSING',
    message: `the sandbox needs Python ${oldest} or newer, and there is no python3 on PATH`,
    fix: installCommand(thisSystem(), 'python'),
  });
}

/** Debian splits ensurepip off into python3-venv: there `import venv` works and making an environment does not. */
async function requireVenv(python: string, signal?: AbortSignal): Promise<void> {
  const { code, output } = await run(python, ['-c', 'import venv, ensurepip'], { signal });
  if (code === 0) return;
  throw new UserError({
    code: 'SANDBOX_VENV_MISSING',
    message: `${python} cannot make a virtual environment: ${lastLine(output)}`,
    fix: installCommand(thisSystem(), 'venv'),
  });
}

/** The last line with text in it: where Python and pip say what went wrong. */
export function lastLine(output: string): string {
  return output.trim().split('\n').at(-1)?.trim() ?? '';
}
