import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { emulatorEnvironment } from '../../src/sandbox/emulator.ts';
import { ensurePythonEnvironment } from '../../src/sandbox/environment.ts';
import { testCacheDir } from '../helpers/paths.ts';

it('What the emulator remembers for moto is what moto itself works out: documents, members and tags', async () => {
  const { python } = await ensurePythonEnvironment({ cacheDir: testCacheDir, note: () => undefined });
  const script = fileURLToPath(new URL('moto_memory_check.py', import.meta.url));
  const { stdout, stderr } = spawnSync(python, [script], { env: emulatorEnvironment(), encoding: 'utf8' });
  expect(stdout, stderr).toBe('the same\n');
});
