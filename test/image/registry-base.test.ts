import { randomBytes } from 'node:crypto';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { fileDigest } from '../../src/image/blob.ts';
import { parseImageReference } from '../../src/image/reference.ts';
import { DEFAULT_BASE, registryBase } from '../../src/image/registry-base.ts';
import { TestRegistry } from '../helpers/registry.ts';

let registry: TestRegistry;
let cacheDir: string;
beforeEach(async () => {
  registry = new TestRegistry();
  await registry.listen();
  cacheDir = mkdtempSync(join(tmpdir(), 'registry-base-'));
});
afterEach(async () => {
  await registry.close();
  rmSync(cacheDir, { recursive: true });
});

const resolve = (name: string, platform: 'linux/amd64' | 'linux/arm64' = 'linux/amd64', signal?: AbortSignal) =>
  registryBase(name).resolve(platform, { cacheDir, note: () => undefined, signal });
/** Does not compress, so that a download of it can be broken anywhere. */
const debian = { 'etc/debian_version': '12', 'usr/local/bin/node': randomBytes(40_000).toString('hex') };
const withCertificates = { 'etc/ssl/certs/ca-certificates.crt': 'PEM' };
const blobRequests = () => registry.requests.filter((request) => request.includes('/blobs/'));

describe('the name of an image', () => {
  const at = `sha256:${'a'.repeat(64)}`;
  it.each([
    [DEFAULT_BASE, 'public.ecr.aws', 'docker/library/node', '24-bookworm-slim', undefined],
    ['node:24-slim', 'registry-1.docker.io', 'library/node', '24-slim', undefined],
    ['node', 'registry-1.docker.io', 'library/node', 'latest', undefined],
    ['docker.io/ada/base:1', 'registry-1.docker.io', 'ada/base', '1', undefined],
    ['localhost:5000/node', 'localhost:5000', 'node', 'latest', undefined],
    [`ghcr.io/ada/base:1@${at}`, 'ghcr.io', 'ada/base', '1', at],
    [`ghcr.io/ada/base@${at}`, 'ghcr.io', 'ada/base', undefined, at],
  ])('%s is read as Docker reads it', (text, host, repository, tag, digest) => {
    expect(parseImageReference(text)).toEqual({ registry: host, repository, tag, digest });
  });

  it.each(['', 'Node', 'https://ghcr.io/node', 'node:', 'node@sha256:abc', 'a b', '../node', 'node:24 slim'])(
    '"%s" is none',
    (text) => {
      expect(parseImageReference(text)).toBeUndefined();
      expect(() => registryBase(text)).toThrow(/names no image/);
    },
  );
});

describe('a base image of a public registry', () => {
  it('is that of the platform, with its environment, and its layers are downloaded when they are asked for', async () => {
    const { name, digests } = await registry.add('24', [
      { layers: [debian, withCertificates] },
      { architecture: 'arm64', layers: [{ arm: 'arm' }, withCertificates], env: ['PATH=/arm'] },
    ]);
    const base = await resolve(name, 'linux/arm64');
    expect(base).toMatchObject({ digest: digests[1], env: ['PATH=/arm'], lacksCertificates: false });
    expect(base.layers).toHaveLength(2);
    for (const layer of base.layers) {
      const path = await layer.file();
      expect(await fileDigest(path)).toBe(layer.digest);
      expect(readFileSync(path)).toHaveLength(layer.size);
    }
  });

  it('is downloaded once: a second build asks for its manifest and config only', async () => {
    const { name } = await registry.add('24', [{ layers: [debian, withCertificates] }]);
    const download = async () => {
      for (const layer of (await resolve(name)).layers) await layer.file();
    };
    await download();
    registry.requests.length = 0;
    await download();
    expect(blobRequests()).toHaveLength(1);
  });

  it('goes on where a download broke off', async () => {
    const { name } = await registry.add('24', [{ layers: [debian, withCertificates] }]);
    registry.breakAfter.push(10_000, 5_000);
    const [layer] = (await resolve(name)).layers;
    expect(await fileDigest((await layer?.file()) ?? '')).toBe(layer?.digest);
    const ranges = blobRequests().flatMap((request) => request.match(/bytes=(\d+)-/)?.[1] ?? []);
    expect(ranges).toEqual(['10000', '15000']);
  });

  it('begins again where the registry knows no ranges', async () => {
    const { name } = await registry.add('24', [{ layers: [debian, withCertificates] }]);
    registry.ranges = false;
    registry.breakAfter.push(10_000);
    const [layer] = (await resolve(name)).layers;
    expect(await fileDigest((await layer?.file()) ?? '')).toBe(layer?.digest);
  });

  it.each([
    ['with certificate authorities', [debian, withCertificates], false],
    ['without', [debian], true],
  ])('%s is told apart', async (_what, layers, lacksCertificates) => {
    const { name } = await registry.add('24', [{ layers }]);
    expect((await resolve(name)).lacksCertificates).toBe(lacksCertificates);
  });

  it.each([
    ['only for another platform', { architecture: 's390x' }, /has no image for linux\/amd64, only for linux\/s390x/],
    ['of Alpine', { history: ['ADD alpine-minirootfs-3.22.0-x86_64.tar.gz / # buildkit'] }, /Alpine, whose musl/],
    ['of zstd layers', { layerType: 'application/vnd.oci.image.layer.v1.tar+zstd' }, /only gzip is understood/],
  ])('%s is refused with the reason', async (_what, parts, reason) => {
    const { name } = await registry.add('24', [{ layers: [debian], ...parts }]);
    await expect(resolve(name)).rejects.toMatchObject({
      code: 'BASE_IMAGE',
      message: expect.stringMatching(reason),
      fix: expect.stringContaining('--base-image'),
    });
  });

  it('whose bytes are not those of the digest is refused, and nothing of it is kept', async () => {
    const { name } = await registry.add('24', [{ layers: [debian, withCertificates] }]);
    const [layer] = (await resolve(name)).layers;
    rmSync(join(cacheDir, 'blobs'), { recursive: true });
    registry.damaged = true;
    await expect(layer?.file()).rejects.toMatchObject({ code: 'IMAGE_DAMAGED' });
    expect(existsSync(join(cacheDir, 'blobs')) ? readdirSync(join(cacheDir, 'blobs')) : []).toEqual([]);
  });

  it('that does not exist, or is not public, is named', async () => {
    const { name } = await registry.add('24', [{ layers: [debian] }]);
    await expect(resolve(name.replace('24', '99'))).rejects.toMatchObject({
      code: 'IMAGE_NOT_FOUND',
      message: expect.stringContaining('it has no image 99'),
    });
    registry.refuses = 401;
    await expect(resolve(name)).rejects.toMatchObject({
      code: 'REGISTRY_REFUSES',
      fix: expect.stringContaining('--image'),
    });
    registry.refuses = 429;
    await expect(resolve(name)).rejects.toMatchObject({ fix: 'It limits downloads: try again later.' });
    await registry.close();
    await expect(resolve(name)).rejects.toMatchObject({
      code: 'REGISTRY_UNREACHABLE',
      message: expect.stringMatching(/ECONNREFUSED|closed/),
    });
    await registry.listen();
  });

  it('is left at once when the run is stopped', async () => {
    const { name } = await registry.add('24', [{ layers: [debian, withCertificates] }]);
    const stop = new AbortController();
    stop.abort();
    await expect(resolve(name, 'linux/amd64', stop.signal)).rejects.toMatchObject({ name: 'Cancelled' });
  });
});
