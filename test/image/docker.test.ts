import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { BlobStore, fileDigest, sha256 } from '../../src/image/blob.ts';
import { dockerSource } from '../../src/image/docker.ts';
import { ignoredBy } from '../../src/image/docker-context.ts';
import { readOciArchive } from '../../src/image/oci-archive.ts';
import { type ArchiveParts, writeOciArchive } from '../helpers/oci-archive.ts';

const FILES = { 'app/main.py': 'print("hello")' };
let scratch: string;
beforeEach(() => {
  scratch = mkdtempSync(join(tmpdir(), 'docker-'));
});
afterEach(() => {
  vi.unstubAllEnvs();
  rmSync(scratch, { recursive: true, force: true });
});

const blobs = (): string[] =>
  existsSync(join(scratch, 'cache/blobs')) ? readdirSync(join(scratch, 'cache/blobs')) : [];

async function read(parts: Partial<ArchiveParts> = {}, signal?: AbortSignal) {
  const path = join(scratch, 'image.tar');
  const digest = await writeOciArchive(path, { architecture: 'arm64', files: FILES, ...parts });
  const image = await readOciArchive(path, 'linux/arm64', new BlobStore(join(scratch, 'cache')), signal);
  return { digest, image };
}

describe('an archive in OCI’s image layout', () => {
  it.each([
    ['whose index names the image', {}],
    ['whose index names an index', { nested: true }],
  ])('%s is read, each blob under the digest of its bytes', async (_what, parts) => {
    const { digest, image } = await read(parts);
    expect(image).toMatchObject({ platform: 'linux/arm64', manifest: { digest } });
    expect(sha256(image.manifest.bytes)).toBe(digest);
    for (const blob of [image.config, ...image.layers]) {
      expect(await fileDigest(await blob.file())).toBe(blob.digest);
      expect(readFileSync(await blob.file())).toHaveLength(blob.size);
    }
  });

  it.each<[string, Partial<ArchiveParts>, RegExp]>([
    ['is for another platform', { architecture: 'amd64' }, /has no image for linux\/arm64, only for linux\/amd64/],
    [
      'has a blob of other bytes than its digest',
      { change: (_name, bytes) => (bytes[0] === 0x1f ? { bytes: Buffer.from('other') } : undefined) },
      /the bytes of blob sha256:\w+ have the digest/,
    ],
    [
      'lacks a blob',
      { change: (_name, bytes) => (bytes[0] === 0x1f ? { header: { name: 'lost' } } : undefined) },
      /it has no blob sha256:/,
    ],
    [
      'has a link where a blob has to be',
      {
        change: (_name, bytes) => (bytes[0] === 0x1f ? { header: { type: 'symlink', linkname: '/etc/passwd' } } : {}),
      },
      /is a symlink, where a file has to be/,
    ],
    [
      'has layers that are stored elsewhere',
      { layerType: 'application/vnd.docker.image.rootfs.foreign.diff.tar.gzip' },
      /not stored with the image/,
    ],
    [
      'has no index',
      { change: (name) => (name === 'index.json' ? { header: { name: 'other.json' } } : {}) },
      /no index/,
    ],
    [
      'has an index that is not JSON',
      { change: (name) => (name === 'index.json' ? { bytes: Buffer.from('{') } : {}) },
      /not JSON/,
    ],
  ])('that %s is refused with the reason', async (_what, parts, reason) => {
    await expect(read(parts)).rejects.toMatchObject({ code: 'BAD_ARCHIVE', message: expect.stringMatching(reason) });
    // Nothing is kept under a digest that it has not.
    for (const name of blobs()) {
      expect(await fileDigest(join(scratch, 'cache/blobs', name))).toBe(name.replace('-', ':'));
    }
  });

  it('that is cut off is refused, and left at once when the run is stopped', async () => {
    const path = join(scratch, 'image.tar');
    await writeOciArchive(path, { architecture: 'arm64', files: FILES });
    writeFileSync(path, readFileSync(path).subarray(0, 700));
    const store = new BlobStore(join(scratch, 'cache'));
    await expect(readOciArchive(path, 'linux/arm64', store)).rejects.toMatchObject({ code: 'BAD_ARCHIVE' });
    await expect(read({}, AbortSignal.abort())).rejects.toMatchObject({ name: 'Cancelled' });
  });
});

describe('what Docker may put into an image', () => {
  it.each([
    ['dist', ['dist', 'dist/main.js'], ['src/dist/main.js', 'distant']],
    ['**/node_modules\n/build/', ['a/node_modules/b', 'node_modules', 'build/x'], ['a/build/x']],
    ['# note\n./tmp', ['tmp/a'], ['note']],
    ['*.log\nsecret?', [], ['a.log', 'secret1']],
    ['dist\n!dist/keep', [], ['dist/main.js', 'dist/keep']],
  ])('is known as far as .dockerignore is plain: %j', (text, ignored, seen) => {
    const isIgnored = ignoredBy(text);
    expect(ignored.filter((path) => !isIgnored(path))).toEqual([]);
    expect(seen.filter(isIgnored)).toEqual([]);
  });
});

/** Stands in for Docker: writes down its arguments, and copies an archive or says what Docker says. */
const FAKE_DOCKER = `#!/bin/sh
[ "$1 $2" = "buildx version" ] && exit \${NO_BUILDX:-0}
echo "$@" >> "$DOCKER_CALLS"
if [ -n "$DOCKER_SAYS" ]; then echo "$DOCKER_SAYS" >&2; exit 1; fi
for word in "$@"; do case "$word" in type=oci,dest=*) cp "$ARCHIVE" "\${word#type=oci,dest=}";; esac; done
`;

describe('a folder built with Docker (a stub of it, which hands out a real archive)', () => {
  beforeEach(() => {
    mkdirSync(join(scratch, 'bin'));
    mkdirSync(join(scratch, 'worker'));
    writeFileSync(join(scratch, 'bin/docker'), FAKE_DOCKER);
    chmodSync(join(scratch, 'bin/docker'), 0o755);
    writeFileSync(join(scratch, 'worker/Dockerfile'), 'FROM scratch');
    writeFileSync(join(scratch, 'worker/main.py'), 'print("hello")');
    vi.stubEnv('PATH', `${join(scratch, 'bin')}:/usr/bin:/bin`);
    vi.stubEnv('DOCKER_CALLS', join(scratch, 'calls'));
    vi.stubEnv('ARCHIVE', join(scratch, 'made-by-docker.tar'));
  });
  const folder = (): string => join(scratch, 'worker');
  const build = () =>
    dockerSource(folder()).build('linux/arm64', { cacheDir: join(scratch, 'cache'), note: () => undefined });

  it('is that of the platform, without attestations, and leaves no archive behind', async () => {
    const digest = await writeOciArchive(join(scratch, 'made-by-docker.tar'), { architecture: 'arm64', files: FILES });
    expect((await build()).manifest.digest).toBe(digest);
    expect(readFileSync(join(scratch, 'calls'), 'utf8')).toMatch(
      /^buildx build --platform linux\/arm64 --provenance=false --sbom=false --progress=plain --output type=oci,dest=\S+ \S+\/worker\n$/,
    );
    expect(readdirSync(join(scratch, 'cache'))).toEqual(['blobs']);
  });

  it.each<[string, NodeJS.ProcessEnv, string, RegExp]>([
    ['is not there', { PATH: '/nowhere' }, 'DOCKER_MISSING', /Install Docker/],
    ['has no buildx', { NO_BUILDX: '1' }, 'DOCKER_NO_BUILDX', /docker-buildx-plugin/],
    [
      'does not run',
      { DOCKER_SAYS: 'ERROR: Cannot connect to the Docker daemon at unix:///var/run/docker.sock.' },
      'DOCKER_NOT_RUNNING',
      /Start Docker/,
    ],
    [
      'cannot write archives',
      { DOCKER_SAYS: 'ERROR: OCI exporter is not supported for the docker driver.' },
      'DOCKER_CANNOT_EXPORT',
      /docker buildx create --driver docker-container --use/,
    ],
    ['fails at the Dockerfile', { DOCKER_SAYS: 'ERROR: pip: not found' }, 'WORKER_NOT_BUILT', /Mend what it says/],
  ])('is an error of its own when Docker %s', async (_what, env, code, fix) => {
    for (const [name, value] of Object.entries(env)) vi.stubEnv(name, value);
    await expect(build()).rejects.toMatchObject({ name: 'UserError', code, fix: expect.stringMatching(fix) });
  });

  it('is another when a file or the platform is, and not when only what is ignored changed', async () => {
    const hash = (platform: 'linux/arm64' | 'linux/amd64' = 'linux/arm64') =>
      dockerSource(folder()).inputHash(platform);
    writeFileSync(join(folder(), '.dockerignore'), 'notes.txt\n');
    const first = await hash();
    writeFileSync(join(folder(), 'notes.txt'), 'ignored');
    expect(await hash()).toBe(first);
    expect(await hash('linux/amd64')).not.toBe(first);
    writeFileSync(join(folder(), 'main.py'), 'print("other")');
    expect(await hash()).not.toBe(first);
  });

  it('is refused without a Dockerfile', () => {
    rmSync(join(folder(), 'Dockerfile'));
    expect(() => dockerSource(folder())).toThrow(/it has no Dockerfile, by which --docker builds/);
  });
});
