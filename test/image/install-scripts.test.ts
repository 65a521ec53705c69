import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { packagesWithScripts, refuseForeignScripts } from '../../src/image/install-scripts.ts';

let root: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'install-scripts-'));
});
afterEach(() => rmSync(root, { recursive: true }));

/** Installs packages, as folders with a package.json and further empty files. */
function install(packages: Readonly<Record<string, { manifest: object; files?: readonly string[] }>>): void {
  for (const [place, { manifest, files = [] }] of Object.entries(packages)) {
    for (const path of ['package.json', ...files]) {
      mkdirSync(dirname(join(root, place, path)), { recursive: true });
      writeFileSync(join(root, place, path), path === 'package.json' ? JSON.stringify(manifest) : '');
    }
  }
}

const scripts = { install: 'node-gyp rebuild' };
const version = '1.0.0';

describe('packages that need their install scripts', () => {
  it('are those that compile or download something, wherever they are', async () => {
    install({
      'node_modules/compiles': { manifest: { name: 'compiles', version }, files: ['binding.gyp'] },
      'node_modules/@scope/downloads': {
        manifest: { name: '@scope/downloads', version, scripts: { postinstall: 'node get.js' } },
      },
      'node_modules/plain': { manifest: { name: 'plain', version, scripts: { build: 'tsc', prepare: 'tsc' } } },
      'node_modules/plain/node_modules/nested': { manifest: { name: 'nested', version, scripts } },
      'packages/worker/node_modules/own': { manifest: { name: 'own', version, scripts } },
    });
    expect(await packagesWithScripts(root, ['', 'packages/worker', 'packages/none'])).toEqual([
      '@scope/downloads@1.0.0',
      'compiles@1.0.0',
      'nested@1.0.0',
      'own@1.0.0',
    ]);
  });

  it('are not those that bring their native code, inside or as a package of the platform, or only print', async () => {
    install({
      'node_modules/inside': { manifest: { name: 'inside', version, scripts }, files: ['prebuilds/linux-x64/a.node'] },
      'node_modules/beside': {
        manifest: {
          name: 'beside',
          version,
          scripts,
          optionalDependencies: { '@beside/x64': version, '@beside/arm': version },
        },
      },
      'node_modules/@beside/x64': { manifest: { name: '@beside/x64', version } },
      'node_modules/protobufjs': { manifest: { name: 'protobufjs', version, scripts: { postinstall: 'node hello' } } },
    });
    expect(await packagesWithScripts(root, [''])).toEqual([]);
  });
});

it('install scripts may not run on a machine of another kind than the tasks', () => {
  expect(() => refuseForeignScripts('w', 'linux/arm64', 'linux/arm64')).not.toThrow();
  for (const host of ['linux/amd64', 'darwin/arm64', 'linux/arm64 with musl'])
    expect(() => refuseForeignScripts('w', 'linux/arm64', host)).toThrow(
      `--worker-dir w: its install scripts would make native code for ${host}, and the tasks are linux/arm64`,
    );
});
