import { createHash } from 'node:crypto';
import { createWriteStream } from 'node:fs';
import { pipeline } from 'node:stream/promises';
import { gzipSync } from 'node:zlib';
import { type Header, pack } from 'tar-stream';

const TYPES = {
  index: 'application/vnd.oci.image.index.v1+json',
  manifest: 'application/vnd.oci.image.manifest.v1+json',
  config: 'application/vnd.oci.image.config.v1+json',
  layer: 'application/vnd.oci.image.layer.v1.tar+gzip',
};

export interface ArchiveParts {
  readonly architecture: string;
  /** Files of the one layer, path to content. */
  readonly files: Readonly<Record<string, string>>;
  readonly config?: object;
  readonly layerType?: string;
  /** As builders write it that keep images of several platforms: the archive's index names an index. */
  readonly nested?: boolean;
  /** Is asked for every entry before it is written. */
  readonly change?: (name: string, bytes: Buffer) => { header?: Partial<Header>; bytes?: Buffer } | undefined;
}

const digestOf = (bytes: Uint8Array): string => `sha256:${createHash('sha256').update(bytes).digest('hex')}`;
const json = (value: unknown): Buffer => Buffer.from(JSON.stringify(value));

/** Writes an image as `docker buildx build --output type=oci` does. @returns the digest of its manifest */
export async function writeOciArchive(path: string, parts: ArchiveParts): Promise<string> {
  const blobs = new Map<string, Buffer>();
  const store = (mediaType: string, bytes: Buffer) => {
    blobs.set(digestOf(bytes), bytes);
    return { mediaType, digest: digestOf(bytes), size: bytes.length };
  };
  const { architecture } = parts;
  const plain = await tarOf(Object.entries(parts.files).map(([name, text]) => [name, Buffer.from(text)]));
  const rootfs = { type: 'layers', diff_ids: [digestOf(plain)] };
  const config = { architecture, os: 'linux', config: parts.config ?? {}, rootfs, history: [{ created_by: 'COPY' }] };
  const layers = [store(parts.layerType ?? TYPES.layer, gzipSync(plain))];
  const manifest = { schemaVersion: 2, mediaType: TYPES.manifest, config: store(TYPES.config, json(config)), layers };
  const image = { ...store(TYPES.manifest, json(manifest)), platform: { os: 'linux', architecture } };
  const inner = { schemaVersion: 2, mediaType: TYPES.index, manifests: [image] };
  const index = parts.nested ? { ...inner, manifests: [store(TYPES.index, json(inner))] } : inner;
  const entries: [string, Buffer][] = [
    ...[...blobs].map(([digest, bytes]): [string, Buffer] => [`blobs/sha256/${digest.slice('sha256:'.length)}`, bytes]),
    ['index.json', json(index)],
    ['oci-layout', json({ imageLayoutVersion: '1.0.0' })],
  ];
  const archive = pack();
  const writing = pipeline(archive, createWriteStream(path));
  for (const [name, bytes] of entries) {
    const change = parts.change?.(name, bytes);
    const header = { name, ...change?.header };
    if (header.type === 'symlink') archive.entry(header);
    else archive.entry(header, change?.bytes ?? bytes);
  }
  archive.finalize();
  await writing;
  return image.digest;
}

async function tarOf(files: readonly (readonly [string, Buffer])[]): Promise<Buffer> {
  const archive = pack();
  for (const [name, bytes] of files) archive.entry({ name, mode: 0o644, mtime: new Date(0) }, bytes);
  archive.finalize();
  const chunks: Buffer[] = [];
  for await (const chunk of archive) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}
