import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { hostNodeBase } from '../../src/image/base.ts';
import { hostPlatform } from '../../src/image/platform.ts';
import { workerFolderSource } from '../../src/image/worker-folder.ts';
import { imageContext, unpackImage, workerDir } from '../worker/worker-process.ts';

let scratch: string;
beforeEach(() => {
  scratch = mkdtempSync(join(tmpdir(), 'worker-folder-'));
});
afterEach(() => rmSync(scratch, { recursive: true, force: true }));

const PACKAGE = { name: 'orders', version: '1.0.0', main: 'dist/main.js', files: ['dist'] };
const BUILD = {
  scripts: { build: "node -e \"fs.mkdirSync('dist',{recursive:true});fs.copyFileSync('main.ts','dist/main.js')\"" },
};
const LOCK = { lockfileVersion: 3, packages: { '': { name: 'orders', version: '1.0.0' } } };

/** A package in a folder of its own; an object is written as JSON. */
function folder(files: Readonly<Record<string, string | object>>): string {
  const dir = mkdtempSync(join(scratch, 'package-'));
  for (const [path, content] of Object.entries(files)) {
    mkdirSync(dirname(join(dir, path)), { recursive: true });
    writeFileSync(join(dir, path), typeof content === 'string' ? content : JSON.stringify(content));
  }
  return dir;
}

const orders = (more: Readonly<Record<string, string | object>> = {}): string =>
  folder({
    'package.json': { ...PACKAGE, ...BUILD },
    'package-lock.json': LOCK,
    'node_modules/.package-lock.json': {},
    'main.ts': "console.log('orders', require('node:fs').readdirSync('.').sort().join());",
    '.gitignore': 'dist\n',
    '.env': 'TEMPORAL_API_KEY=not-for-the-image',
    ...more,
  });

const source = (dir: string) => workerFolderSource(dir, hostNodeBase);
const context = () => ({ cacheDir: join(scratch, 'cache'), note: () => undefined });
const build = (dir: string) => source(dir).build(hostPlatform(), context());
const hash = (dir: string) => source(dir).inputHash(hostPlatform());

describe('a worker folder', () => {
  it('becomes an image that holds what npm would publish of it, and runs its main', async () => {
    const { command, cwd } = await unpackImage(await build(orders()), join(scratch, 'root'));
    const [node = '', ...args] = command;
    expect(spawnSync(node, args, { cwd, encoding: 'utf8' })).toMatchObject({
      stdout: 'orders dist,node_modules,package.json\n',
      stderr: '',
    });
  });

  it('may hold an ES module that nothing has to be built for', async () => {
    const { scripts: _none, ...rest } = { ...PACKAGE, ...BUILD };
    const dir = folder({
      'package.json': { ...rest, type: 'module', main: 'main.js', files: ['*.js'] },
      'package-lock.json': LOCK,
      'main.js': "import { cwd } from 'node:process'; console.log('module', cwd().endsWith('/app'));",
    });
    const { command, cwd } = await unpackImage(await build(dir), join(scratch, 'root'));
    expect(spawnSync(command[0] ?? '', command.slice(1), { cwd, encoding: 'utf8' }).stdout).toBe('module true\n');
  });

  it('gives the same image in another place, and another one when a source, not what is built, changes', async () => {
    const [one, other] = [orders(), orders()];
    expect(await hash(one)).toBe(await hash(other));
    expect((await build(one)).manifest.digest).toBe((await build(other)).manifest.digest);
    const before = await hash(one);
    writeFileSync(join(one, 'dist/main.js'), '// built anew at every plan');
    writeFileSync(join(one, 'node_modules/.package-lock.json'), '{ "changed": true }');
    expect(await hash(one)).toBe(before);
    writeFileSync(join(one, 'main.ts'), "console.log('changed');");
    expect(await hash(one)).not.toBe(before);
  });

  it('may be a copy of the bundled worker', { timeout: 240_000 }, async () => {
    const image = await source(workerDir).build(hostPlatform(), imageContext);
    const { command, cwd } = await unpackImage(image, join(scratch, 'root'));
    const [node = '', ...args] = command;
    const { stdout, status } = spawnSync(node, args, { cwd, encoding: 'utf8', env: {} });
    // It has loaded everything, and asks for its environment.
    expect([status, stdout]).toEqual([1, expect.stringContaining('TEMPORAL_TASK_QUEUE is not set')]);
  });

  it.each([
    ['is none', {}, /it has no package\.json/, /Name the folder of a Node package/],
    ['has no lock file', { 'package.json': PACKAGE }, /it has no package-lock\.json/, /npm install/],
    ['is not JSON', { 'package.json': '{', 'package-lock.json': LOCK }, /package\.json cannot be read/, /Mend it/],
  ])('that %s is refused before anything is built', (_what, files, problem, fix) => {
    const dir = folder(files);
    expect(() => source(dir)).toThrow(
      expect.objectContaining({
        exitCode: 64,
        message: expect.stringMatching(problem),
        fix: expect.stringMatching(fix),
      }),
    );
  });

  it.each([
    [
      'whose packages are not installed',
      { 'package.json': { ...PACKAGE, ...BUILD }, 'package-lock.json': LOCK },
      /npm ci/,
    ],
    [
      'whose build fails',
      {
        'package.json': { ...PACKAGE, scripts: { build: 'echo "main.ts(1,2): wrong" && exit 2' } },
        'package-lock.json': LOCK,
        'node_modules/x': '',
      },
      /npm run build/,
    ],
    ['whose main is not there', { 'package.json': PACKAGE, 'package-lock.json': LOCK }, /Mend "main"/],
  ])('%s is told what to do', async (_what, files, fix) => {
    await expect(build(folder(files))).rejects.toMatchObject({ fix: expect.stringMatching(fix) });
  });

  it('takes no link along, which would lead out of the image', async () => {
    const dir = orders();
    symlinkSync('/etc/hostname', join(dir, 'dist-link'));
    const { cwd } = await unpackImage(await build(dir), join(scratch, 'root'));
    expect(spawnSync('find', [cwd, '-type', 'l'], { encoding: 'utf8' }).stdout).toBe('');
  });
});
