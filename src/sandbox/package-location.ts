import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Bug } from '../errors.ts';

/**
 * The folder that holds the Python package `emulator/`, for PYTHONPATH.
 *
 * From source this file lies beside the package (`src/sandbox/emulator`); in the published bundle it is one of the files
 * of `dist/` or of a folder in it, and the build has copied the package to `dist/emulator`. So: the nearest folder
 * upwards that has it.
 */
export function emulatorPythonPath(): string {
  const start = dirname(fileURLToPath(import.meta.url));
  for (let folder = start; ; folder = dirname(folder)) {
    if (existsSync(join(folder, 'emulator', '__main__.py'))) return folder;
    if (folder === dirname(folder)) throw new Bug(`the emulator's Python package is not above ${start}`);
  }
}

/** The pinned and hashed list of Python packages that the sandbox runs on. */
export function requirementsFile(): string {
  return join(emulatorPythonPath(), 'emulator', 'requirements.txt');
}
