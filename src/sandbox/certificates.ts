import { Bug } from '../errors.ts';
import type { PythonEnvironment } from './environment.ts';
import { emulatorPythonPath } from './package-location.ts';
import { run } from './processes.ts';
import { cleanEnvironment } from './server-process.ts';

/** Makes new certificates in the folder; see certificates.py for their names. */
export async function makeCertificates({ python }: PythonEnvironment, folder: string): Promise<void> {
  const { code, output } = await run(python, ['-m', 'emulator.certificates', folder], {
    env: cleanEnvironment({ PYTHONPATH: emulatorPythonPath(), PYTHONDONTWRITEBYTECODE: '1' }),
  });
  if (code !== 0) throw new Bug(`the sandbox's certificates could not be made: ${output}`);
}
