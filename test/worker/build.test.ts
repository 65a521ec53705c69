import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { isBuiltin } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { buildWorker } from '../../worker/build.ts';
import { builtWorker, workerDir } from './worker-process.ts';

const scratch = mkdtempSync(join(tmpdir(), 'worker-build-'));
afterAll(() => rmSync(scratch, { recursive: true, force: true }));

/** Builds a copy of the worker in a folder of the given name, with its own copy of what goes into the workflow bundle. */
async function buildCopy(name: string): Promise<Map<string, Buffer>> {
  const folder = join(scratch, name);
  const isSource = (path: string) => !/\/(node_modules|dist)$/.test(path);
  cpSync(workerDir, folder, { recursive: true, filter: isSource });
  const inBundle = ['@temporalio/workflow', '@temporalio/common', '@temporalio/proto', 'long', 'ms', 'nexus-rpc'];
  for (const path of installed()) {
    const [from, to] = [join(workerDir, 'node_modules', path), join(folder, 'node_modules', path)];
    mkdirSync(dirname(to), { recursive: true });
    if (inBundle.includes(path)) cpSync(from, to, { recursive: true });
    else symlinkSync(from, to);
  }
  await buildWorker(folder, join(folder, 'dist'));
  return new Map(readdirSync(join(folder, 'dist')).map((file) => [file, readFileSync(join(folder, 'dist', file))]));
}

/** Names of the installed packages, those of scopes with them. */
function installed(): string[] {
  const folder = join(workerDir, 'node_modules');
  return readdirSync(folder).flatMap((name) => {
    if (name.startsWith('.')) return [];
    return name.startsWith('@') ? readdirSync(join(folder, name)).map((inside) => `${name}/${inside}`) : [name];
  });
}

describe('building the worker', () => {
  it('gives the same bytes in whatever folder, and none of the folder’s name', { timeout: 240_000 }, async () => {
    const one = await buildCopy('a');
    const other = await buildCopy('somewhere/else entirely');
    expect([...one.keys()].sort()).toEqual([
      'main.js',
      'package.json',
      'workflow-bundle.js',
      'workflow-worker-thread.js',
    ]);
    for (const [file, bytes] of one) {
      expect(other.get(file)?.equals(bytes), file).toBe(true);
      expect(bytes.includes(scratch), file).toBe(false);
    }
    const bundle = one.get('workflow-bundle.js')?.toString() ?? '';
    const map = Buffer.from(bundle.slice(bundle.lastIndexOf('base64,') + 7), 'base64').toString();
    expect(map).toContain('"workflows.ts"');
    expect(map).not.toContain(scratch);
  });

  it('obeys a stop signal before it loads the first package of the image', async () => {
    const atFirstPackage = `
      const { isBuiltin, _load } = require('node:module');
      require('node:module')._load = (request, ...rest) => {
        if (isBuiltin(request) || /^[./]/.test(request)) return _load(request, ...rest);
        console.log(request, process.listenerCount('SIGTERM'));
        process.exit();
      };`;
    writeFileSync(join(scratch, 'at-first-package.cjs'), atFirstPackage);
    const args = ['--require', join(scratch, 'at-first-package.cjs'), join(builtWorker, 'main.js')];
    expect(spawnSync(process.execPath, args, { encoding: 'utf8' }).stdout).toMatch(/^@temporalio\/\S+ 1\n$/);
  });

  it('bundles packages, except for those that the image has in node_modules', () => {
    const main = readFileSync(join(builtWorker, 'main.js'), 'utf8');
    const required = [...main.matchAll(/\brequire\("((?:@[^/"]+\/)?[^"/]+)[^"]*"\)/g)].map(([, name]) => name ?? '');
    const { packages } = JSON.parse(readFileSync(join(workerDir, 'package-lock.json'), 'utf8'));
    const outside = new Set(required.filter((name) => !isBuiltin(name) && packages[`node_modules/${name}`]));
    expect([...outside].filter((name) => packages[`node_modules/${name}`].dev)).toEqual([]);
    expect([...outside]).toEqual(expect.arrayContaining(['@temporalio/core-bridge', 'source-map']));
  });
});
