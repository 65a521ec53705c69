import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, describe, expect, it } from 'vitest';
import { buildWorker } from '../../worker/build.ts';

const workerDir = fileURLToPath(new URL('../../worker', import.meta.url));
const scratch = mkdtempSync(join(tmpdir(), 'worker-build-'));
afterAll(() => rmSync(scratch, { recursive: true, force: true }));

/** Builds a copy of the worker in a folder of the given name, with its own copy of what goes into the bundle. */
async function buildCopy(name: string): Promise<Map<string, Buffer>> {
  const folder = join(scratch, name);
  mkdirSync(join(folder, 'node_modules/@temporalio'), { recursive: true });
  const isSource = (path: string) => !/\/(node_modules|dist)$/.test(path);
  cpSync(workerDir, folder, { recursive: true, filter: isSource });
  for (const dependency of [
    '@temporalio/workflow',
    '@temporalio/common',
    '@temporalio/proto',
    'long',
    'ms',
    'nexus-rpc',
  ]) {
    cpSync(join(workerDir, 'node_modules', dependency), join(folder, 'node_modules', dependency), { recursive: true });
  }
  symlinkSync(join(workerDir, 'node_modules/protobufjs'), join(folder, 'node_modules/protobufjs'));
  await buildWorker(folder, join(folder, 'dist'));
  return new Map(readdirSync(join(folder, 'dist')).map((file) => [file, readFileSync(join(folder, 'dist', file))]));
}

describe('building the worker', () => {
  it('gives the same bytes in whatever folder, and none of the folder’s name', async () => {
    const one = await buildCopy('a');
    const other = await buildCopy('somewhere/else entirely');
    expect([...one.keys()].sort()).toEqual(['main.js', 'package.json', 'workflow-bundle.js']);
    for (const [file, bytes] of one) {
      expect(other.get(file)?.equals(bytes), file).toBe(true);
      expect(bytes.includes(scratch), file).toBe(false);
    }
    const bundle = one.get('workflow-bundle.js')?.toString() ?? '';
    const map = Buffer.from(bundle.slice(bundle.lastIndexOf('base64,') + 7), 'base64').toString();
    expect(map).toContain('"workflows.ts"');
    expect(map).not.toContain(scratch);
  });

  it('puts the signal handler before anything that takes time to load', async () => {
    await buildWorker(workerDir, join(scratch, 'dist'));
    const main = readFileSync(join(scratch, 'dist/main.js'), 'utf8');
    expect(main.indexOf('process.on(')).toBeGreaterThan(0);
    expect(main.indexOf('process.on(')).toBeLessThan(main.indexOf('require('));
  });
});
