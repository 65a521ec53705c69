import { mkdtempSync, readdirSync, readFileSync, rmSync, truncateSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { BlobStore, sha256, writeLayer } from '../../src/image/blob.ts';
import type { TarEntry } from '../../src/image/tar.ts';

/** Compressible and incompressible parts, larger than the compressor's chunks, made by arithmetic alone. */
function fixture(): TarEntry[] {
  const noise = new Uint8Array(300_000);
  for (let i = 0, state = 1; i < noise.length; i += 1) {
    state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0;
    noise[i] = state >>> 24;
  }
  return [
    { type: 'directory', path: 'app' },
    {
      type: 'file',
      path: 'app/main.js',
      executable: false,
      content: Buffer.from('exports.answer = 42;\n'.repeat(20_000)),
    },
    { type: 'file', path: 'app/noise.bin', executable: true, content: noise },
    { type: 'symlink', path: 'app/index.js', target: 'main.js' },
  ];
}

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'blobs-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

describe('a layer', () => {
  it('has the digest that it has on every machine and every version of Node', async () => {
    // Changed bytes here mean that every deployed worker would be pushed and replaced again: think, then update.
    const { digest, diffId } = await writeLayer(join(folder, 'layer'), fixture());
    expect({ digest, diffId }).toEqual({
      digest: 'sha256:76fac91b2cf10188c34453fd6a78be48211d6e278c9eb7f074611a63f7380bc3',
      diffId: 'sha256:d3453464bc4d0a4dd7ba21ba6c868f2d366b23ac34a6242a0eaf81d2c23fa98d',
    });
  });

  it('is described by the digests and the size of what is on disk', async () => {
    const layer = await writeLayer(join(folder, 'layer'), fixture());
    const bytes = readFileSync(await layer.file());
    expect(layer.digest).toBe(sha256(bytes));
    expect(layer.size).toBe(bytes.length);
    expect(layer.diffId).toBe(sha256(gunzipSync(bytes)));
  });

  it('says neither when nor where it was compressed', async () => {
    const path = await (await writeLayer(join(folder, 'layer'), fixture())).file();
    // RFC 1952: magic, deflate, no flags (so no file name), time 0; the last byte is the system, fixed to Unix.
    expect([...readFileSync(path).subarray(0, 8)]).toEqual([0x1f, 0x8b, 8, 0, 0, 0, 0, 0]);
    expect(readFileSync(path)[9]).toBe(3);
  });

  it('stops being written when it is cancelled', async () => {
    const signal = AbortSignal.abort();
    await expect(writeLayer(join(folder, 'layer'), fixture(), signal)).rejects.toMatchObject({ name: 'Cancelled' });
  });
});

describe('the store of blobs', () => {
  it('keeps one file per content, also when two write it at once', async () => {
    const stores = [new BlobStore(folder), new BlobStore(folder)];
    const layers = await Promise.all(stores.map((store) => store.addLayer(fixture())));
    expect(layers[0]?.digest).toBe(layers[1]?.digest);
    const config = await stores[0]?.addBytes(Buffer.from('{}'), 'application/json');
    expect(readdirSync(join(folder, 'blobs')).sort()).toEqual(
      [layers[0]?.digest, config?.digest].map((digest) => digest?.replace(':', '-')).sort(),
    );
  });

  it('leaves nothing behind when it is cancelled', async () => {
    await expect(new BlobStore(folder).addLayer(fixture(), AbortSignal.abort())).rejects.toThrow();
    expect(readdirSync(join(folder, 'blobs'))).toEqual([]);
  });

  it('finds an intact layer again, and no damaged one', async () => {
    const store = new BlobStore(folder);
    const layer = await store.addLayer(fixture());
    expect(await store.findLayer(layer)).toMatchObject({
      digest: layer.digest,
      size: layer.size,
      diffId: layer.diffId,
    });
    truncateSync(await layer.file(), 100);
    expect(await store.findLayer(layer)).toBeUndefined();
    rmSync(await layer.file());
    expect(await store.findLayer(layer)).toBeUndefined();
  });
});
