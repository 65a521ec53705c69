import { createHash } from 'node:crypto';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { gzipSync } from 'node:zlib';
import { type Header, pack } from 'tar-stream';

const sha256 = (bytes: Uint8Array): string => `sha256:${createHash('sha256').update(bytes).digest('hex')}`;

const TYPES = {
  index: 'application/vnd.oci.image.index.v1+json',
  manifest: 'application/vnd.docker.distribution.manifest.v2+json',
  layer: 'application/vnd.docker.image.rootfs.diff.tar.gzip',
};

export interface ImageParts {
  readonly architecture?: string;
  readonly os?: string;
  /** Files of its layers, path to content, lowest first. */
  readonly layers: readonly Readonly<Record<string, string>>[];
  readonly env?: readonly string[];
  readonly history?: readonly string[];
  readonly layerType?: string;
}

/**
 * A public registry on this machine: the reading half of the OCI distribution specification 1.1, as Amazon's public
 * gallery has it - a token for everybody, indexes, ranges. Its limits: no uploads, no redirects to a store of bytes.
 */
export class TestRegistry {
  readonly requests: string[] = [];
  /** Breaks the connection of the next blob downloads after so many bytes. */
  readonly breakAfter: number[] = [];
  /** Answers with other bytes than those of the digest. */
  damaged = false;
  ranges = true;
  /** What every request for a token or an image is answered with, when set. */
  refuses: number | undefined;
  readonly #blobs = new Map<string, Buffer>();
  readonly #manifests = new Map<string, { type: string; bytes: Buffer }>();
  readonly #server: Server;
  #address = '';

  constructor() {
    this.#server = createServer((request, response) => this.#answer(request, response));
  }

  async listen(): Promise<void> {
    await new Promise<void>((resolve) => this.#server.listen(0, '127.0.0.1', resolve));
    this.#address = `127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  /** Stores an index of these images under the tag. @returns the reference to it, and the digest of each image */
  async add(tag: string, images: readonly ImageParts[]): Promise<{ name: string; digests: string[] }> {
    const manifests = await Promise.all(images.map((image) => this.#image(image)));
    const attestation = { ...this.#put({ attestation: true }), platform: { os: 'unknown', architecture: 'unknown' } };
    const index = { schemaVersion: 2, mediaType: TYPES.index, manifests: [attestation, ...manifests] };
    const bytes = Buffer.from(JSON.stringify(index));
    for (const name of [tag, sha256(bytes)]) this.#manifests.set(name, { type: TYPES.index, bytes });
    return { name: `${this.#address}/library/node:${tag}`, digests: manifests.map(({ digest }) => digest) };
  }

  /** The digest of what is stored under a tag. */
  digestOf(tag: string): string {
    return sha256(this.#manifests.get(tag)?.bytes ?? new Uint8Array());
  }

  async #image({ architecture = 'amd64', os = 'linux', layers, env, history, layerType }: ImageParts) {
    const archives = await Promise.all(layers.map(archive));
    const config = this.#store(
      Buffer.from(
        JSON.stringify({
          architecture,
          os,
          config: { Env: env ?? ['PATH=/usr/local/bin:/usr/bin', 'NODE_VERSION=24.0.0'] },
          rootfs: { type: 'layers', diff_ids: archives.map(sha256) },
          history: (history ?? ['debian']).map((created_by) => ({ created_by })),
        }),
      ),
    );
    const blobs = archives.map((bytes) => ({ mediaType: layerType ?? TYPES.layer, ...this.#store(gzipSync(bytes)) }));
    const manifest = {
      schemaVersion: 2,
      mediaType: TYPES.manifest,
      config: { mediaType: 'x', ...config },
      layers: blobs,
    };
    return { ...this.#put(manifest), platform: { os, architecture } };
  }

  #store(bytes: Buffer): { digest: string; size: number } {
    const digest = sha256(bytes);
    this.#blobs.set(digest, bytes);
    return { digest, size: bytes.length };
  }

  #put(manifest: object): { mediaType: string; digest: string; size: number } {
    const bytes = Buffer.from(JSON.stringify(manifest));
    this.#manifests.set(sha256(bytes), { type: TYPES.manifest, bytes });
    return { mediaType: TYPES.manifest, digest: sha256(bytes), size: bytes.length };
  }

  #answer(request: IncomingMessage, response: ServerResponse): void {
    const { url = '', headers } = request;
    this.requests.push(`${url}${headers.range ? ` ${headers.range}` : ''}`);
    if (this.refuses !== undefined) return void response.writeHead(this.refuses).end('{}');
    if (url.startsWith('/token?service=test&scope=repository%3Alibrary%2Fnode%3Apull')) {
      return void response.end(JSON.stringify({ token: 'for-everybody' }));
    }
    if (headers.authorization !== 'Bearer for-everybody') {
      const challenge = `Bearer realm="http://${this.#address}/token",service="test",scope="repository:library/node:pull"`;
      return void response.writeHead(401, { 'www-authenticate': challenge }).end();
    }
    const [, kind, name = ''] = /^\/v2\/library\/node\/(manifests|blobs)\/(.*)$/.exec(url) ?? [];
    const manifest = kind === 'manifests' ? this.#manifests.get(name) : undefined;
    if (manifest) return void response.writeHead(200, { 'content-type': manifest.type }).end(manifest.bytes);
    const blob = kind === 'blobs' ? this.#blobs.get(name) : undefined;
    if (!blob) return void response.writeHead(404).end('{"errors":[{"code":"MANIFEST_UNKNOWN"}]}');
    this.#send(blob, this.ranges ? Number(/^bytes=(\d+)-$/.exec(headers.range ?? '')?.[1] ?? 0) : 0, response);
  }

  #send(blob: Buffer, first: number, response: ServerResponse): void {
    const bytes = this.damaged ? Buffer.alloc(blob.length) : blob;
    response.writeHead(first > 0 ? 206 : 200, { 'content-length': bytes.length - first });
    // A config is too small to be broken.
    const breakAt = bytes.length > 1000 ? this.breakAfter.shift() : undefined;
    if (breakAt === undefined) return void response.end(bytes.subarray(first));
    response.write(bytes.subarray(first, first + breakAt), () => response.destroy());
  }
}

async function archive(files: Readonly<Record<string, string>>): Promise<Buffer> {
  const tarball = pack();
  for (const [name, content] of Object.entries(files)) {
    tarball.entry({ name, mode: 0o644, mtime: new Date(0) } as Header, content);
  }
  tarball.finalize();
  const chunks: Buffer[] = [];
  for await (const chunk of tarball) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}
