import { join } from 'node:path';
import { folderWith } from '../package-files.ts';

/** The folder that holds the Python package `emulator/`, for PYTHONPATH. */
export const emulatorPythonPath = (): string => folderWith(join('emulator', '__main__.py'), import.meta.url);

/** The pinned and hashed list of Python packages that the sandbox runs on. */
export function requirementsFile(): string {
  return join(emulatorPythonPath(), 'emulator', 'requirements.txt');
}
