import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type Installation, installationOf } from '../../src/image/installation.ts';
import { openProject } from '../../src/image/project.ts';

let root: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'installation-'));
});
afterEach(() => rmSync(root, { recursive: true }));

type Files = Readonly<Record<string, string | object>>;

function install(files: Files, worker = 'shop/packages/worker'): Installation {
  for (const [path, content] of Object.entries(files)) {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), typeof content === 'string' ? content : JSON.stringify(content));
  }
  return installationOf(openProject(join(root, worker)));
}
const json = ({ files }: Installation, place: string) => JSON.parse(files.get(place) ?? 'null') as unknown;

const WORKER = {
  name: 'worker',
  version: '1.0.0',
  scripts: { build: 'tsc', postinstall: 'husky' },
  dependencies: { shared: '*', outside: 'file:../../../outside', pin: 'file:../../pin.tgz' },
  devDependencies: { typescript: '5' },
};
const NPM: Files = {
  'shop/package.json': {
    name: 'shop',
    workspaces: ['packages/*'],
    dependencies: { react: '19' },
    devDependencies: { ms: '2' },
    overrides: { ms: '$ms', shared: { '.': '1', ms: '$ms' } },
  },
  'shop/.npmrc': 'registry=http://127.0.0.1:9',
  'shop/pin.tgz': '',
  'shop/packages/worker/package.json': WORKER,
  'shop/packages/shared/package.json': { name: 'shared', version: '2.0.0', dependencies: { ms: '2' } },
  'outside/package.json': { name: 'outside' },
  'shop/package-lock.json': {
    lockfileVersion: 3,
    packages: {
      '': { name: 'shop', workspaces: ['packages/*'], dependencies: { react: '19' } },
      'packages/worker': { ...WORKER, scripts: undefined, license: 'MIT' },
      'packages/shared': { name: 'shared', version: '2.0.0', dependencies: { ms: '2' } },
      '../outside': { name: 'outside', peerDependencies: { ms: '*' } },
      'node_modules/worker': { resolved: 'packages/worker', link: true },
      'node_modules/shared': { resolved: 'packages/shared', link: true },
      'node_modules/outside': { resolved: '../outside', link: true },
      'node_modules/ms': { version: '2.0.0' },
      'node_modules/pin': { version: '1.0.0', resolved: 'file:pin.tgz' },
      'node_modules/react': { version: '19.0.0' },
    },
  },
};

describe('what a workspace of npm is installed from', () => {
  it('are manifests that say what it runs with and nothing else', () => {
    const installation = install(NPM);
    expect(json(installation, 'packages/worker/package.json')).toEqual({
      ...{ name: 'worker', version: '1.0.0', dependencies: { shared: '*', pin: 'file:../../pin.tgz' } },
    });
    expect(json(installation, 'package.json')).toEqual({
      ...{ name: 'workspace', private: true, workspaces: ['packages/shared', 'packages/worker'] },
      overrides: { ms: '2', shared: { '.': '1', ms: '2' } },
    });
    expect(installation.folders).toEqual(expect.arrayContaining(['', 'packages/shared', 'packages/worker']));
  });

  it('is its part of the lock file, without what npm links from outside', () => {
    const lock = json(install(NPM), 'package-lock.json') as { packages: Readonly<Record<string, object>> };
    expect(Object.keys(lock.packages).sort()).toEqual([
      ...['', 'node_modules/ms', 'node_modules/pin', 'node_modules/shared', 'node_modules/worker'],
      ...['packages/shared', 'packages/worker'],
    ]);
    expect(lock.packages['']).toEqual({ name: 'workspace', workspaces: ['packages/shared', 'packages/worker'] });
    expect(lock.packages['packages/worker']).not.toHaveProperty('dependencies.outside');
  });

  it('are also settings and archives of this machine, and links that stay inside', () => {
    const { copies, links } = install(NPM);
    expect([...copies.keys()]).toEqual(['.npmrc', 'pin.tgz']);
    expect(Object.fromEntries(links)).toMatchObject({ 'node_modules/shared': 'packages/shared' });
    expect([...links.values()]).not.toContain('../outside');
  });

  const lockWith = (packages: object): Files => ({
    ...NPM,
    'shop/package-lock.json': {
      lockfileVersion: 3,
      packages: { ...(NPM['shop/package-lock.json'] as { packages: object }).packages, ...packages },
    },
  });
  it.each([
    [
      'needs what nobody installs',
      lockWith({ '../outside': { dependencies: { pg: '8' } } }),
      /it depends on \.\.\/outside, for which nobody installs pg/,
      /workspaces of one package\.json/,
    ],
    [
      'is a copy of a folder',
      lockWith({ 'node_modules/pin': { version: '1.0.0', resolved: 'file:packages/shared' } }),
      /copies of folders \(packages\/shared\)/,
      /install-links/,
    ],
  ])('is refused when something linked %s', (_what, files, problem, fix) => {
    expect(() => install(files)).toThrow(
      expect.objectContaining({
        code: 'BAD_WORKER',
        message: expect.stringMatching(problem),
        fix: expect.stringMatching(fix),
      }),
    );
  });
});

const PNPM_LOCK = `lockfileVersion: '9.0'

patchedDependencies:
  ms@2.0.0:
    hash: abc
    path: patches/ms@2.0.0.patch

importers:

  .:
    dependencies:
      ms:
        specifier: 2.0.0
        version: 2.0.0(patch_hash=abc)

packages:

  ms@2.0.0:
    resolution: {integrity: sha512-m}

snapshots:

  ms@2.0.0(patch_hash=abc): {}
`;
const PNPM: Files = {
  'worker/package.json': { ...WORKER, packageManager: 'pnpm@10.14.0', dependencies: { ms: '2.0.0' } },
  'worker/pnpm-lock.yaml': PNPM_LOCK,
  'worker/pnpm-workspace.yaml': 'patchedDependencies:\n  ms@2.0.0: patches/ms@2.0.0.patch\n',
  'worker/patches/ms@2.0.0.patch': '',
};

describe('what a package of pnpm is installed from', () => {
  it('are its settings, its patches and the version of pnpm that it asks for', () => {
    const installation = install(PNPM, 'worker');
    expect(json(installation, 'package.json')).toEqual({
      ...{ name: 'worker', version: '1.0.0', packageManager: 'pnpm@10.14.0', dependencies: { ms: '2.0.0' } },
    });
    expect([...installation.files.keys()].sort()).toEqual(['package.json', 'pnpm-lock.yaml', 'pnpm-workspace.yaml']);
    expect([...installation.copies.keys()]).toEqual(['patches/ms@2.0.0.patch']);
  });

  it('is refused with an injected package', () => {
    const lock = PNPM_LOCK.replace('{integrity: sha512-m}', '{directory: ../shared, type: directory}');
    expect(() => install({ ...PNPM, 'worker/pnpm-lock.yaml': lock }, 'worker')).toThrow(
      /copies of folders \(\.\.\/shared\)/,
    );
  });
});
