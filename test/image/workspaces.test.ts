import { spawnSync } from 'node:child_process';
import { chmodSync, cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { hostNodeBase } from '../../src/image/base.ts';
import { BlobStore, writeLayer } from '../../src/image/blob.ts';
import { dependencyLayer } from '../../src/image/dependencies.ts';
import { installationOf } from '../../src/image/installation.ts';
import type { OciImage } from '../../src/image/oci.ts';
import { hostPlatform } from '../../src/image/platform.ts';
import { openProject } from '../../src/image/project.ts';
import { workerFolderSource } from '../../src/image/worker-folder.ts';
import { unpackImage } from '../worker/worker-process.ts';

const DEPENDENCY_BIN = fileURLToPath(new URL('../../node_modules/.bin', import.meta.url));

let scratch: string;
const notes: string[] = [];
beforeAll(() => {
  scratch = mkdtempSync(join(tmpdir(), 'workspaces-'));
  vi.stubEnv('PATH', `${DEPENDENCY_BIN}${delimiter}${process.env.PATH}`);
  // Neither reads what this machine has, nor adds to it.
  for (const name of ['XDG_DATA_HOME', 'XDG_CACHE_HOME', 'npm_config_cache']) vi.stubEnv(name, join(scratch, name));
});
afterAll(() => {
  vi.unstubAllEnvs();
  rmSync(scratch, { recursive: true, force: true });
});

function write(root: string, files: Readonly<Record<string, string | object>>): void {
  for (const [path, content] of Object.entries(files)) {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), typeof content === 'string' ? content : JSON.stringify(content));
  }
}

/** Two versions of a package "pin", as archives: what a registry would give, without one. The first has a script. */
async function writePins(folder: string): Promise<void> {
  mkdirSync(folder, { recursive: true });
  for (const version of ['1.0.0', '2.0.0']) {
    const scripts = { postinstall: "node -e \"fs.writeFileSync('compiled', '')\"" };
    const manifest = { name: 'pin', version, main: 'package.json', ...(version === '1.0.0' && { scripts }) };
    const content = Buffer.from(JSON.stringify(manifest));
    const entry = { type: 'file' as const, path: 'package/package.json', executable: false, content };
    await writeLayer(join(folder, `pin-${version}.tgz`), [entry]);
  }
}

const copyTo = (file: string) =>
  `node -e "fs.mkdirSync('dist',{recursive:true});fs.copyFileSync('${file}','dist/${file}')"`;

/** A repository of workspaces: a worker, what it is linked to, the tool that builds it, and what it has nothing to do with. */
async function repository(manager: 'npm' | 'pnpm', root: string): Promise<void> {
  const linked = manager === 'npm' ? '*' : 'workspace:*';
  await writePins(join(root, 'vendor'));
  write(root, {
    'package.json': { name: 'shop', version: '1.0.0', private: true, workspaces: ['packages/*'] },
    'pnpm-workspace.yaml': 'packages: ["packages/*"]\n',
    '.gitignore': 'node_modules\ndist\n',
    '.env': 'SECRET=1',
    'packages/worker/package.json': {
      name: '@shop/worker',
      version: '1.0.0',
      main: 'dist/main.js',
      scripts: { build: 'node ../tools/compile.js' },
      dependencies: { '@shop/shared': linked, pin: 'file:../../vendor/pin-1.0.0.tgz' },
      devDependencies: { '@shop/tools': linked },
    },
    'packages/worker/main.js': "console.log(require('pin').version, require('@shop/shared').text);",
    'packages/worker/.env': 'SECRET=2',
    'packages/shared/package.json': {
      name: '@shop/shared',
      version: '1.0.0',
      exports: './dist/index.js',
      scripts: { build: copyTo('index.js') },
      dependencies: { pin: 'file:../../vendor/pin-2.0.0.tgz' },
    },
    'packages/shared/index.js': "exports.text = 'shared ' + require('pin').version;",
    'packages/tools/package.json': { name: '@shop/tools', version: '1.0.0' },
    'packages/tools/compile.js': `const fs = require('node:fs');
      require('../shared/dist/index.js'); // It was built before.
      fs.mkdirSync('dist', { recursive: true });
      fs.copyFileSync('main.js', 'dist/main.js');`,
    'packages/web/package.json': { name: '@shop/web', version: '1.0.0', dependencies: { '@shop/worker': linked } },
    'packages/web/index.js': '',
  });
  const install = manager === 'npm' ? ['install', '--no-audit', '--no-fund'] : ['install'];
  const { status, stdout, stderr } = spawnSync(manager, [...install, '--offline'], { cwd: root, encoding: 'utf8' });
  if (status !== 0) throw new Error(`${manager}: ${stdout}${stderr}`);
}

const source = (root: string) => workerFolderSource(join(root, 'packages/worker'), hostNodeBase);
const hash = (root: string) => source(root).inputHash(hostPlatform());
const build = (root: string, cache: string): Promise<OciImage> =>
  source(root).build(hostPlatform(), { cacheDir: join(scratch, cache), note: (text) => notes.push(text) });
const files = (root: string, ...args: string[]): string[] =>
  spawnSync('find', ['.', ...args], { cwd: root, encoding: 'utf8' })
    .stdout.trim()
    .split('\n')
    .sort();

describe.each(['npm', 'pnpm'] as const)('a worker in a workspace of %s', (manager) => {
  let root: string;
  let image: OciImage;
  let unpacked: Awaited<ReturnType<typeof unpackImage>>;
  beforeAll(async () => {
    root = join(scratch, manager, 'shop');
    await repository(manager, root);
    image = await build(root, `cache-of-${manager}`);
    unpacked = await unpackImage(image, join(scratch, manager, 'root'));
  }, 120_000);

  it('is built after what it is linked to, and finds in the image what it found in the repository', () => {
    const { command, cwd } = unpacked;
    expect(cwd).toBe(join(scratch, manager, 'root/app/packages/worker'));
    const [node = '', ...args] = command;
    expect(spawnSync(node, args, { cwd, encoding: 'utf8' })).toMatchObject({
      stdout: '1.0.0 shared 2.0.0\n',
      stderr: '',
    });
  });

  it('takes along what it runs with, and nothing else of the repository', async () => {
    const app = join(scratch, manager, 'root/app');
    expect(files(app, '-type', 'f', '-not', '-path', '*/node_modules/*')).toEqual([
      './packages/shared/dist/index.js',
      './packages/shared/index.js',
      './packages/shared/package.json',
      './packages/worker/dist/main.js',
      './packages/worker/main.js',
      './packages/worker/package.json',
    ]);
    // What it is linked to is code: it lies in the layer of the app.
    const appLayer = spawnSync('tar', ['-tzf', (await image.layers[1]?.file()) ?? ''], { encoding: 'utf8' }).stdout;
    expect(appLayer).toContain('app/packages/shared/dist/index.js\n');
    // All that lies in a node_modules are two archives and links that stay in the image.
    expect(files(app, '-type', 'f', '-path', '*/node_modules/*')).toHaveLength(2);
    const links = files(app, '-type', 'l', '-printf', '%l\\n');
    expect(links).toContain(manager === 'npm' ? '../../packages/shared' : '../../../shared');
    expect(files(app, '-xtype', 'l')).toEqual(['']);
    expect(links.filter((target) => target.startsWith('/'))).toEqual([]);
  });

  it('runs no install script of a package unless that is allowed, and says whose it was', async () => {
    expect(notes).toContainEqual(expect.stringMatching(/^pin@1\.0\.0 has an install script that was not run/));
    const compiled = ['-path', '*/node_modules/pin/compiled'];
    expect(files(join(scratch, manager, 'root/app'), ...compiled)).toEqual(['']);
    const installation = installationOf(openProject(join(root, 'packages/worker')));
    const cacheDir = join(scratch, `cache-of-${manager}`);
    const options = { platform: hostPlatform(), scripts: true };
    const layer = await dependencyLayer(installation, options, new BlobStore(cacheDir), { cacheDir, note: () => {} });
    const paths = spawnSync('tar', ['-tzf', await layer.file()], { encoding: 'utf8' }).stdout;
    expect(paths).toContain('/node_modules/pin/compiled\n');
  });

  it('has the same digest in another folder, at another time, with another umask, and installed anew', async () => {
    const copy = join(scratch, manager, 'elsewhere/deeper');
    cpSync(root, copy, { recursive: true, verbatimSymlinks: true });
    for (const path of files(copy, '-type', 'f', '-not', '-path', '*/node_modules/*')) {
      chmodSync(join(copy, path), 0o600);
      utimesSync(join(copy, path), 1, 1);
    }
    const umask = process.umask(0o077);
    try {
      expect((await build(copy, `other-cache-of-${manager}`)).manifest.digest).toBe(image.manifest.digest);
    } finally {
      process.umask(umask);
    }
  });

  it('changes with what it is linked to and what builds it, and with nothing else', async () => {
    const before = await hash(root);
    write(root, {
      'packages/web/index.js': '// other',
      '.env': 'SECRET=3',
      'packages/worker/dist/main.js': '// stale',
    });
    expect(await hash(root)).toBe(before);
    const hashes = new Set([before]);
    for (const path of ['packages/tools/compile.js', 'packages/shared/index.js']) {
      const file = join(root, path);
      writeFileSync(file, `${readFileSync(file, 'utf8')}\n// changed`);
      hashes.add(await hash(root));
    }
    expect(hashes.size).toBe(3);
  });
});
