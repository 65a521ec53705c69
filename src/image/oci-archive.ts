import { createHash } from 'node:crypto';
import { createReadStream, createWriteStream } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { buffer } from 'node:stream/consumers';
import { pipeline } from 'node:stream/promises';
import { extract } from 'tar-stream';
import { Cancelled, UserError } from '../errors.ts';
import { type BlobStore, sha256 } from './blob.ts';
import type { Blob, OciImage } from './oci.ts';
import { type Descriptor, findImage, type ImageReader, type Manifest } from './oci-manifest.ts';
import type { Platform } from './platform.ts';

/** The only entry of an index that an archive has under no digest. */
const INDEX = 'index.json';

/** Layers that a registry is to keep, as OCI and Docker call them; what has to be fetched elsewhere is none of them. */
const LAYER = /^application\/vnd\.(oci\.image\.layer\.v1\.tar(\+gzip|\+zstd)?|docker\.image\.rootfs\.diff\.tar\.gzip)$/;

const MANIFEST = /^application\/vnd\.(oci\.image\.manifest\.v1|docker\.distribution\.manifest\.v2)\+json$/;

/**
 * Reads the image of one platform from an archive in OCI's image layout. Every blob goes to the store as it is read, and
 * is kept there only under the digest that its bytes have: nothing of it is ever whole in memory but the documents.
 *
 * @throws UserError BAD_ARCHIVE when it is none, or has none for the platform; Cancelled when the signal aborts
 */
export async function readOciArchive(
  path: string,
  platform: Platform,
  blobs: BlobStore,
  signal?: AbortSignal,
): Promise<OciImage> {
  const { index, files } = await unpack(path, blobs, signal);
  if (index === undefined) throw damaged(`it has no ${INDEX}`);
  const has = (digest: string): string => {
    const file = files.get(digest);
    if (file === undefined) throw damaged(`it has no blob ${digest}`);
    return file.path;
  };
  const reader: ImageReader = {
    async manifest(name): Promise<Manifest> {
      if (name !== INDEX) return { digest: name, content: await json(has(name)) };
      return { digest: sha256(index), content: parsed(index, INDEX) };
    },
    blob: async (digest) => json(has(digest)),
  };
  // The layout's own index may name one more, which names the images.
  const first = parsed(index, INDEX) as { manifests?: { digest?: string; platform?: object }[] };
  const [only, ...others] = first.manifests ?? [];
  const start = others.length === 0 && only?.platform === undefined && only?.digest ? only.digest : INDEX;
  const found = await findImage(reader, start, platform, { unusable: damaged, damaged });

  const blob = ({ digest, size, mediaType }: Descriptor): Blob => {
    const file = has(digest);
    const actual = files.get(digest)?.size;
    if (actual !== size) throw damaged(`blob ${digest} has ${actual} bytes, and its manifest says ${size}`);
    return { digest, size, mediaType, file: async () => file };
  };
  const odd = found.manifest.layers.find(({ mediaType }) => !LAYER.test(mediaType));
  if (odd) throw damaged(`one of its layers is ${odd.mediaType}, which is not stored with the image`);
  const bytes = await readFile(has(found.digest));
  const { mediaType } = JSON.parse(bytes.toString('utf8')) as { mediaType?: string };
  if (mediaType === undefined || !MANIFEST.test(mediaType)) throw damaged(`its manifest is ${mediaType}`);
  return {
    manifest: { bytes, digest: found.digest, mediaType },
    config: blob(found.manifest.config),
    layers: found.manifest.layers.map(blob),
    platform,
  };
}

interface Unpacked {
  readonly index: Buffer | undefined;
  /** Of every blob, by its digest. */
  readonly files: ReadonlyMap<string, { readonly path: string; readonly size: number }>;
}

async function unpack(path: string, blobs: BlobStore, signal: AbortSignal | undefined): Promise<Unpacked> {
  const files = new Map<string, { path: string; size: number }>();
  let index: Buffer | undefined;
  const archive = extract();
  const reading = pipeline(createReadStream(path), archive, { ...(signal && { signal }) });
  const failed = reading.catch((error: unknown) => archive.destroy(error as Error));
  try {
    for await (const entry of archive) {
      const { name, type, size = 0 } = entry.header;
      const [, hex] = /^(?:\.\/)?blobs\/sha256\/([0-9a-f]{64})$/.exec(name) ?? [];
      if (type !== 'file' && type !== 'directory') throw damaged(`${name} is a ${type}, where a file has to be`);
      if (hex !== undefined && type === 'file') {
        const digest = `sha256:${hex}`;
        files.set(digest, { size, path: await blobs.keep(digest, (file) => checkedTo(file, entry, digest)) });
      } else if (name.replace(/^\.\//, '') === INDEX) {
        index = await buffer(entry);
      } else {
        entry.resume();
      }
    }
    await reading;
  } catch (error) {
    if (signal?.aborted) throw new Cancelled();
    throw error instanceof UserError ? error : damaged((error as Error).message);
  } finally {
    await failed;
  }
  return { index, files };
}

/** @throws UserError when the bytes are not those of the digest */
async function checkedTo(file: string, source: AsyncIterable<unknown>, digest: string): Promise<void> {
  const hash = createHash('sha256');
  await pipeline(
    source as AsyncIterable<Uint8Array>,
    async function* (chunks: AsyncIterable<Uint8Array>) {
      for await (const chunk of chunks) {
        hash.update(chunk);
        yield chunk;
      }
    },
    createWriteStream(file),
  );
  const actual = `sha256:${hash.digest('hex')}`;
  if (actual !== digest) throw damaged(`the bytes of blob ${digest} have the digest ${actual}`);
}

async function json(path: string): Promise<unknown> {
  return parsed(await readFile(path), 'one of its documents');
}

function parsed(bytes: Buffer, what: string): unknown {
  try {
    return JSON.parse(bytes.toString('utf8'));
  } catch {
    throw damaged(`${what} is not JSON`);
  }
}

const damaged = (problem: string): UserError =>
  new UserError({
    code: 'BAD_ARCHIVE',
    message: `reading the image that Docker has built: ${problem}`,
    fix: 'Run the same command again; docker buildx version should be 0.10 or newer.',
  });
