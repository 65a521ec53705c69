import { spawnSync } from 'node:child_process';
import { chmodSync, cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { BaseImage } from '../../src/image/base.ts';
import { hostNodeBase } from '../../src/image/base.ts';
import { sha256 } from '../../src/image/blob.ts';
import { bundledWorkerSource } from '../../src/image/bundled.ts';
import { MEDIA_TYPE } from '../../src/image/oci.ts';
import type { Platform } from '../../src/image/platform.ts';

/** Stands in for npm: writes down its arguments and makes a small node_modules. */
const FAKE_NPM = `#!/bin/sh
echo "$@" >> "$NPM_CALLS"
if [ -n "$NPM_FAILS" ]; then echo "npm error code EUSAGE" >&2; echo "npm error out of sync" >&2; exit 1; fi
[ -z "$NPM_HANGS" ] || exec sleep 60
mkdir -p node_modules/ms node_modules/.bin
echo "module.exports = 1" > node_modules/ms/index.js
echo "# ms" > node_modules/ms/readme.md
ln -s ../ms/index.js node_modules/.bin/ms
`;

const PLATFORM: Platform = 'linux/arm64';
let scratch: string;

beforeEach(() => {
  scratch = mkdtempSync(join(tmpdir(), 'bundled-'));
  mkdirSync(join(scratch, 'bin'));
  writeFileSync(join(scratch, 'bin/npm'), FAKE_NPM);
  chmodSync(join(scratch, 'bin/npm'), 0o755);
  vi.stubEnv('PATH', `${join(scratch, 'bin')}${delimiter}${process.env.PATH}`);
  vi.stubEnv('NPM_CALLS', join(scratch, 'calls'));
  makeWorker('worker');
});
afterEach(() => {
  vi.unstubAllEnvs();
  rmSync(scratch, { recursive: true, force: true });
});

function makeWorker(name: string): void {
  mkdirSync(join(scratch, name, 'dist'), { recursive: true });
  writeFileSync(join(scratch, name, 'package.json'), '{ "name": "w", "dependencies": { "ms": "^2.0.0" } }');
  lockMs('2.0.0', name);
  writeFileSync(join(scratch, name, 'dist/main.js'), 'require("ms");');
  writeFileSync(join(scratch, name, 'dist/workflow-bundle.js'), '// workflows');
  writeFileSync(join(scratch, name, 'dist/package.json'), '{ "type": "commonjs" }');
}

/** Writes a lock file that has this version of the one dependency. */
function lockMs(version: string, name = 'worker', more: object = {}): void {
  const packages = { '': { name: 'w', dependencies: { ms: '^2.0.0' } }, 'node_modules/ms': { version }, ...more };
  writeFileSync(join(scratch, name, 'package-lock.json'), JSON.stringify({ lockfileVersion: 3, packages }));
}

const sourceOf = (name = 'worker', base: BaseImage = hostNodeBase) => bundledWorkerSource(join(scratch, name), base);

const build = (name = 'worker', cache = 'cache', signal?: AbortSignal) =>
  sourceOf(name).build(PLATFORM, { cacheDir: join(scratch, cache), note: () => undefined, signal });

const npmCalls = (): string[] => {
  try {
    return readFileSync(join(scratch, 'calls'), 'utf8').trim().split('\n');
  } catch {
    return [];
  }
};

const list = (path: string) => spawnSync('tar', ['-tzf', path], { encoding: 'utf8' }).stdout.trim().split('\n');

describe('the image of a worker', () => {
  it('has the same digest in another folder with another cache', async () => {
    cpSync(join(scratch, 'worker'), join(scratch, 'copy'), { recursive: true });
    const [one, other] = [await build(), await build('copy', 'other-cache')];
    expect(one.manifest.digest).toBe(other.manifest.digest);
    expect(npmCalls()).toHaveLength(2);
  });

  it('consists of the dependencies and, above them, the app', async () => {
    const { layers } = await build();
    expect((await Promise.all(layers.map((layer) => layer.file()))).map(list)).toEqual([
      ['app/', 'app/node_modules/', 'app/node_modules/ms/', 'app/node_modules/ms/index.js'],
      ['app/', 'app/main.js', 'app/package.json', 'app/workflow-bundle.js'],
    ]);
  });

  it('is described by digests that are right, as OCI asks', async () => {
    const { manifest, config, layers } = await build();
    expect(manifest).toMatchObject({ digest: sha256(manifest.bytes), mediaType: MEDIA_TYPE.manifest });
    expect(JSON.parse(Buffer.from(manifest.bytes).toString())).toEqual({
      schemaVersion: 2,
      mediaType: MEDIA_TYPE.manifest,
      config: { mediaType: MEDIA_TYPE.config, digest: config.digest, size: config.size },
      layers: layers.map(({ mediaType, digest, size }) => ({ mediaType, digest, size })),
    });
    const diffIds: string[] = [];
    for (const blob of [config, ...layers]) {
      const bytes = readFileSync(await blob.file());
      expect(blob).toMatchObject({ digest: sha256(bytes), size: bytes.length });
      if (blob !== config) diffIds.push(sha256(gunzipSync(bytes)));
    }
    expect(JSON.parse(readFileSync(await config.file(), 'utf8'))).toMatchObject({
      architecture: 'arm64',
      os: 'linux',
      created: '1970-01-01T00:00:00Z',
      rootfs: { type: 'layers', diff_ids: diffIds },
    });
  });

  it('runs main.js of /app as user 1000 and carries its input hash', async () => {
    const { config } = await build();
    expect(JSON.parse(readFileSync(await config.file(), 'utf8')).config).toEqual({
      User: '1000:1000',
      Env: ['NODE_ENV=production'],
      Entrypoint: ['node'],
      Cmd: ['main.js'],
      WorkingDir: '/app',
      StopSignal: 'SIGTERM',
      Labels: {
        'org.opencontainers.image.title': 'temporal-fargate worker',
        'org.opencontainers.image.base.name': 'host-node',
        'temporal-fargate.input-hash': await sourceOf().inputHash(PLATFORM),
      },
    });
  });

  it('lies on the layers and the environment of its base', async () => {
    const below = (await build()).layers[0];
    const layer = { ...below, digest: `sha256:${'b'.repeat(64)}`, diffId: `sha256:${'d'.repeat(64)}` };
    const base = {
      name: 'node@sha256:abc',
      resolve: async () => ({ layers: [layer], env: ['PATH=/usr/bin'], lacksCertificates: false }),
    };
    const context = { cacheDir: join(scratch, 'cache'), note: () => undefined };
    const image = await sourceOf('worker', base as BaseImage).build(PLATFORM, context);
    expect(image.layers.map(({ digest }) => digest)[0]).toBe(layer.digest);
    const config = JSON.parse(readFileSync(await image.config.file(), 'utf8'));
    expect(config.rootfs.diff_ids[0]).toBe(layer.diffId);
    expect(config.rootfs.diff_ids).toHaveLength(3);
    expect(config.history).toHaveLength(3);
    expect(config.config.Env).toEqual(['PATH=/usr/bin', 'NODE_ENV=production']);
  });
});

describe('the dependency layer', () => {
  it('is installed for the platform of the task, without scripts and without what only the build needs', async () => {
    await build();
    expect(npmCalls()).toEqual([
      'ci --omit=dev --ignore-scripts --no-audit --no-fund --prefer-offline --os linux --cpu arm64 --libc glibc',
    ]);
  });

  it('is neither installed nor compressed again while the lock file stays the same', async () => {
    const first = await build();
    writeFileSync(join(scratch, 'worker/dist/main.js'), 'require("ms"); // changed');
    const second = await build();
    expect(npmCalls()).toHaveLength(1);
    expect(second.layers[0]?.digest).toBe(first.layers[0]?.digest);
    expect(second.layers[1]?.digest).not.toBe(first.layers[1]?.digest);
    expect(second.manifest.digest).not.toBe(first.manifest.digest);
  });

  it('is made again when the lock file changes, and when the cached file is damaged', async () => {
    const first = await build();
    lockMs('2.1.0');
    await build();
    expect(npmCalls()).toHaveLength(2);
    writeFileSync((await first.layers[0]?.file()) ?? '', 'damaged');
    await build();
    expect(npmCalls()).toHaveLength(3);
  });

  it('may be made by two processes at once, and leaves no folder of either', async () => {
    const [one, other] = await Promise.all([build(), build()]);
    expect(one.manifest.digest).toBe(other.manifest.digest);
    expect(readdirSync(join(scratch, 'cache')).filter((name) => !/^(blobs|worker-deps-\w+\.json)$/.test(name))).toEqual(
      [],
    );
  });

  it('that npm cannot install is an error with npm’s last lines and the fix', async () => {
    vi.stubEnv('NPM_FAILS', '1');
    await expect(build()).rejects.toMatchObject({
      name: 'UserError',
      code: 'DEPENDENCIES_NOT_INSTALLED',
      message: expect.stringContaining('npm error code EUSAGE\nnpm error out of sync'),
      fix: expect.stringContaining('npm install'),
    });
    expect(readdirSync(join(scratch, 'cache'))).toEqual([]);
  });

  it('cannot be made without npm, and the error says so', async () => {
    vi.stubEnv('PATH', join(scratch, 'nothing-here'));
    await expect(build()).rejects.toMatchObject({ name: 'UserError', code: 'NPM_NOT_FOUND' });
  });

  it('stops being made when the signal aborts, and npm with it', async () => {
    vi.stubEnv('NPM_HANGS', '1');
    const abort = new AbortController();
    const building = build('worker', 'cache', abort.signal);
    await vi.waitUntil(() => npmCalls().length === 1);
    abort.abort();
    await expect(building).rejects.toMatchObject({ name: 'Cancelled' });
    expect(readdirSync(join(scratch, 'cache'))).toEqual([]);
  });
});

describe('the input hash', () => {
  it('changes with the app, the lock file, the platform and the base, and with nothing else', async () => {
    const hash = async () => await sourceOf().inputHash(PLATFORM);
    const before = await hash();
    expect(before).toMatch(/^sha256:[0-9a-f]{64}$/);
    writeFileSync(join(scratch, 'worker/main.ts'), '// a source that dist was not built from');
    expect(await hash()).toBe(before);

    expect(await sourceOf().inputHash('linux/amd64')).not.toBe(before);
    expect(await sourceOf('worker', { ...hostNodeBase, name: 'node@sha256:abc' }).inputHash(PLATFORM)).not.toBe(before);
    writeFileSync(join(scratch, 'worker/dist/workflow-bundle.js'), '// other workflows');
    const withOtherApp = await hash();
    expect(withOtherApp).not.toBe(before);
    lockMs('2.0.0', 'worker', { 'node_modules/typescript': { version: '5.9.3', dev: true } });
    expect(await hash()).toBe(withOtherApp);
    lockMs('2.1.0');
    expect(await hash()).not.toBe(withOtherApp);
  });

  it('needs neither npm nor a cache', async () => {
    vi.stubEnv('PATH', '/nowhere');
    expect(await sourceOf().inputHash(PLATFORM)).toMatch(/^sha256:/);
    expect(npmCalls()).toEqual([]);
  });
});
