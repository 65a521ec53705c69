import { createHash, randomBytes } from 'node:crypto';
import { createReadStream, createWriteStream, existsSync, statSync } from 'node:fs';
import { mkdir, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { Cancelled } from '../errors.ts';
import { gzip } from './gzip.ts';
import { type Blob, type Layer, MEDIA_TYPE } from './oci.ts';
import { type TarEntry, tar } from './tar.ts';

export function sha256(bytes: Uint8Array | string): string {
  return `sha256:${createHash('sha256').update(bytes).digest('hex')}`;
}

export async function fileDigest(path: string): Promise<string> {
  const hash = createHash('sha256');
  await pipeline(createReadStream(path), hash);
  return `sha256:${hash.digest('hex')}`;
}

/**
 * Archives, compresses and hashes in one pass. `path` holds a whole layer only when this has returned.
 * @throws Cancelled when the signal aborts
 */
export async function writeLayer(path: string, entries: Iterable<TarEntry>, signal?: AbortSignal): Promise<Layer> {
  const plain = createHash('sha256');
  const packed = createHash('sha256');
  let size = 0;
  async function* counted(source: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
    for await (const chunk of source) {
      packed.update(chunk);
      size += chunk.byteLength;
      yield chunk;
    }
  }
  const steps = [counted(gzip(hashed(tar(entries), plain))), createWriteStream(path)] as const;
  try {
    await (signal === undefined ? pipeline(...steps) : pipeline(...steps, { signal }));
  } catch (error) {
    throw signal?.aborted ? new Cancelled() : error;
  }
  return {
    digest: `sha256:${packed.digest('hex')}`,
    size,
    mediaType: MEDIA_TYPE.layer,
    file: async () => path,
    diffId: `sha256:${plain.digest('hex')}`,
  };
}

async function* hashed(
  source: AsyncIterable<Uint8Array>,
  hash: { update(chunk: Uint8Array): unknown },
): AsyncGenerator<Uint8Array> {
  for await (const chunk of source) {
    hash.update(chunk);
    yield chunk;
  }
}

/** A folder of blobs under their digests, which several processes may fill at once. */
export class BlobStore {
  readonly #folder: string;
  constructor(cacheDir: string) {
    this.#folder = join(cacheDir, 'blobs');
  }

  async addBytes(bytes: Uint8Array, mediaType: string): Promise<Blob> {
    const digest = sha256(bytes);
    const temporary = await this.#temporary();
    await writeFile(temporary, bytes);
    const path = await this.#keep(temporary, digest);
    return { digest, size: bytes.byteLength, mediaType, file: async () => path };
  }

  async addLayer(entries: Iterable<TarEntry>, signal?: AbortSignal): Promise<Layer> {
    const temporary = await this.#temporary();
    try {
      const layer = await writeLayer(temporary, entries, signal);
      const path = await this.#keep(temporary, layer.digest);
      return { ...layer, file: async () => path };
    } finally {
      await rm(temporary, { force: true });
    }
  }

  /** The layer that an earlier run wrote, if its file is still there and still what it was. */
  async findLayer({ digest, diffId }: Pick<Layer, 'digest' | 'diffId'>): Promise<Layer | undefined> {
    const path = await this.find(digest);
    if (path === undefined) return undefined;
    return { digest, diffId, size: statSync(path).size, mediaType: MEDIA_TYPE.layer, file: async () => path };
  }

  /** The file with this digest, if it is here and still what it was. */
  async find(digest: string): Promise<string | undefined> {
    const path = this.#path(digest);
    return existsSync(path) && (await fileDigest(path)) === digest ? path : undefined;
  }

  /** Keeps what `write` puts into the file that it is given. Nothing is kept when it throws. */
  async keep(digest: string, write: (path: string) => Promise<void>): Promise<string> {
    const temporary = await this.#temporary();
    try {
      await write(temporary);
      return await this.#keep(temporary, digest);
    } finally {
      await rm(temporary, { force: true });
    }
  }

  /** A rename within the folder is atomic, and whoever comes second replaces bytes by the same bytes. */
  async #keep(temporary: string, digest: string): Promise<string> {
    const path = this.#path(digest);
    await rename(temporary, path);
    return path;
  }

  #path(digest: string): string {
    return join(this.#folder, digest.replace(':', '-'));
  }

  async #temporary(): Promise<string> {
    await mkdir(this.#folder, { recursive: true });
    return join(this.#folder, `.${process.pid}-${randomBytes(6).toString('hex')}`);
  }
}
