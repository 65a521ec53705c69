import { cpSync, existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import type { TestProject } from 'vitest/node';
import { hostNodeBase } from '../../src/image/base.ts';
import { bundledWorkerSource } from '../../src/image/bundled.ts';
import { hostPlatform } from '../../src/image/platform.ts';
import { BIN, testCacheDir } from './paths.ts';

declare module 'vitest' {
  interface ProvidedContext {
    /** The program of a run's tests whose tasks are simulated; undefined when nothing is built. */
    leanBin: string | undefined;
  }
}

const MANIFEST = { name: 'worker', version: '1.0.0' };
const LOCK = { ...MANIFEST, lockfileVersion: 3, requires: true, packages: { '': MANIFEST } };

/** Before all tests. */
export async function setup(project: TestProject): Promise<(() => void) | undefined> {
  const program = existsSync(BIN) ? await makeLeanProgram() : undefined;
  project.provide('leanBin', program?.bin);
  return program?.remove;
}

/**
 * A copy of the built program whose bundled worker has no dependencies. Where nothing runs in tasks, each init would
 * push 28 MB for nothing: half of its processor time and the emulator's.
 *
 * @param built the program that is copied
 */
export async function makeLeanProgram(built = BIN): Promise<{ bin: string; remove: () => void }> {
  const folder = mkdtempSync(join(tmpdir(), 'temporal-fargate-lean-'));
  const worker = join(folder, 'worker');
  cpSync(dirname(built), folder, { recursive: true });
  rmSync(worker, { recursive: true });
  mkdirSync(join(worker, 'dist'), { recursive: true });
  writeFileSync(join(worker, 'package.json'), JSON.stringify(MANIFEST));
  writeFileSync(join(worker, 'package-lock.json'), JSON.stringify(LOCK));
  writeFileSync(join(worker, 'dist/main.js'), '// Nobody runs it.\n');
  // Its dependency layer is in the cache before any run, as that of the published one is after `npm test` has set up.
  const context = { cacheDir: testCacheDir, note: () => undefined };
  await bundledWorkerSource(worker, hostNodeBase).build(hostPlatform(), context);
  return { bin: join(folder, 'bin.js'), remove: () => rmSync(folder, { recursive: true, force: true }) };
}
