import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { hostPlatform } from '../../src/image/platform.ts';
import { pnpm } from '../../src/image/pnpm.ts';

let path: string;
beforeEach(() => {
  path = mkdtempSync(join(tmpdir(), 'pnpm-'));
  vi.stubEnv('PATH', path);
});
afterEach(() => {
  vi.unstubAllEnvs();
  rmSync(path, { recursive: true });
});

/** Stands in for a pnpm that cannot be had here: writes this, whatever it is asked. */
function fakePnpm(script: string): void {
  writeFileSync(join(path, 'pnpm'), `#!/bin/sh\n${script}\n`);
  chmodSync(join(path, 'pnpm'), 0o755);
}
const install = () => pnpm.install(path, { platform: hostPlatform(), scripts: false });

describe('a worker that pnpm has locked', () => {
  it('cannot be installed without pnpm', async () => {
    await expect(install()).rejects.toMatchObject({
      code: 'PNPM_NOT_FOUND',
      message: expect.stringContaining('starting pnpm, which wrote the worker'),
      fix: expect.stringContaining('corepack enable'),
    });
  });

  it('cannot be installed by a pnpm that is too old to install for another machine (a stand-in says its version)', async () => {
    fakePnpm('echo 9.15.9');
    await expect(install()).rejects.toMatchObject({
      code: 'PNPM_TOO_OLD',
      message: expect.stringContaining('pnpm is 9.15.9, and only 10.14 or newer'),
    });
  });

  it('is not installed when pnpm fails, and the end of its output is shown (a stand-in fails)', async () => {
    fakePnpm('if [ "$1" = --version ]; then echo 10.14.0; else echo ERR_PNPM_OUTDATED_LOCKFILE; exit 1; fi');
    await expect(install()).rejects.toMatchObject({
      code: 'DEPENDENCIES_NOT_INSTALLED',
      message: expect.stringContaining('pnpm install ended with 1\nERR_PNPM_OUTDATED_LOCKFILE'),
      fix: expect.stringContaining('pnpm-lock.yaml'),
    });
  });
});
