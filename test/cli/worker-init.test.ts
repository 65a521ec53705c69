import { spawnSync } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { packageName } from '../../src/image/starter.ts';
import { ensurePythonEnvironment } from '../../src/sandbox/environment.ts';
import { BIN, cliEnvironment, runCli } from '../helpers/cli.ts';
import { testCacheDir } from '../helpers/emulator.ts';
import { expectRefusal } from './stage.ts';

const dist = dirname(BIN);
const root = dirname(dist);
let scratch: string;
beforeEach(() => {
  scratch = mkdtempSync(join(tmpdir(), 'worker-init-'));
});
afterEach(() => rmSync(scratch, { recursive: true, force: true }));

const workerInit = (folder: string, ...args: string[]) =>
  runCli(['worker', 'init', join(scratch, folder), ...args], cliEnvironment());
const listing = (folder = '') => readdirSync(join(scratch, folder)).sort();

/**
 * What a built file is made of. Webpack names and orders modules by the place of their packages, which here lie behind a
 * link; where they lie in the folder itself the bytes are the same (test/worker/build.test.ts).
 */
function sourcesOf(file: string): string[] {
  const code = readFileSync(file, 'utf8');
  if (!file.endsWith('workflow-bundle.js')) return [code];
  const map = Buffer.from(code.slice(code.lastIndexOf('base64,') + 'base64,'.length), 'base64').toString();
  const { sourcesContent } = JSON.parse(map) as { sourcesContent: string[] };
  return sourcesContent.map((source) => source.replaceAll(/[\w./-]*\/node_modules\//g, 'node_modules/')).sort();
}

describe('worker init', () => {
  it('makes a package that builds the bundled worker, and whose tests pass', { timeout: 240_000 }, async () => {
    const { stdout } = await workerInit('Orders Worker', '--json');
    const folder = join(scratch, 'Orders Worker');
    expect(JSON.parse(stdout.trim().split('\n').at(-1) ?? '').result).toEqual({
      folder,
      files: listing('Orders Worker'),
    });
    expect(listing('Orders Worker')).toEqual(expect.arrayContaining(['.gitignore', '.dockerignore', 'README.md']));
    expect(JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'))).toMatchObject({ name: 'orders-worker' });
    expect(
      readFileSync(join(folder, 'package-lock.json'), 'utf8')
        .match(/"name": ".*"/g)
        ?.slice(0, 2),
    ).toEqual(['"name": "orders-worker"', '"name": "orders-worker"']);
    const dockerfile = readFileSync(join(folder, 'Dockerfile'), 'utf8');
    const copied = [...dockerfile.matchAll(/^COPY (?!--from)(.*) \S+$/gm)].flatMap(([, names = '']) =>
      names.split(' '),
    );
    expect(copied.filter((name) => !existsSync(join(folder, name)))).toEqual([]);
    expect(dockerfile).not.toContain('worker/');

    // The packages of the repository stand in for those that `npm ci` would install from the same lock file.
    symlinkSync(join(root, 'worker/node_modules'), join(folder, 'node_modules'));
    const { temporal } = await ensurePythonEnvironment({ cacheDir: testCacheDir, note: () => undefined });
    const npm = (...args: string[]) =>
      spawnSync('npm', args, { cwd: folder, encoding: 'utf8', env: { ...process.env, TEMPORAL_CLI_PATH: temporal } });
    expect(npm('run', 'build')).toMatchObject({ status: 0 });
    for (const file of readdirSync(join(dist, 'worker/dist'))) {
      expect(sourcesOf(join(folder, 'dist', file)), file).toEqual(sourcesOf(join(dist, 'worker/dist', file)));
    }
    expect(npm('start')).toMatchObject({ status: 1, stdout: expect.stringContaining('TEMPORAL_ADDRESS is not set') });
    const { status, stdout: report } = npm('test');
    expect(report).toMatch(/^. pass [1-9]\d*$/m);
    expect(status).toBe(0);
  });

  it('writes nothing into a folder that has one of the files, and names it', async () => {
    mkdirSync(join(scratch, 'mine'));
    writeFileSync(join(scratch, 'mine/activities.ts'), '// mine');
    writeFileSync(join(scratch, 'mine/README.md'), 'mine');
    expectRefusal(expect, await workerInit('mine'), {
      code: 64,
      says: `${join(scratch, 'mine')} already has README.md, activities.ts`,
      fix: 'Nothing was written. Name another folder',
    });
    expect(listing('mine')).toEqual(['README.md', 'activities.ts']);
    expect(listing()).toEqual(['mine']);
  });

  it('goes beside what else is in a folder', async () => {
    mkdirSync(join(scratch, 'mine/.git'), { recursive: true });
    expect(await workerInit('mine')).toMatchObject({ code: 0 });
    expect(listing('mine')).toEqual(expect.arrayContaining(['.git', 'package.json', 'workflows.ts']));
    expect(listing()).toEqual(['mine']);
  });

  it('says why it cannot write, and leaves nothing', async () => {
    writeFileSync(join(scratch, 'file'), '');
    for (const folder of ['file', 'file/worker'])
      expectRefusal(expect, await workerInit(folder), {
        code: 1,
        says: /not a directory|already exists/,
        fix: /^ {2}Check that/m,
      });
    expect(listing()).toEqual(['file']);
  });

  it('works from the published package, which leaves none of its files out', () => {
    const args = ['pack', '--dry-run', '--json', '--ignore-scripts', '--silent'];
    const [packed] = JSON.parse(spawnSync('npm', args, { cwd: root, encoding: 'utf8' }).stdout);
    const published = packed.files.map(({ path }: { path: string }) => path);
    const starter = readdirSync(join(dist, 'starter'), { recursive: true, withFileTypes: true });
    const files = starter.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
    expect(published).toEqual(expect.arrayContaining(files.map((file) => file.slice(root.length + 1))));
  });

  it.each([
    ['worker', 'worker'],
    ['/src/Orders Worker', 'orders-worker'],
    ['/src/.hidden', 'hidden'],
    ['/src/Bestellungen & Zahlungen', 'bestellungen-zahlungen'],
    ['/', 'worker'],
    ['/src/注文', 'worker'],
  ])('names the package of %s %s', (folder, name) => {
    expect(packageName(folder)).toBe(name);
  });
});
