import { createHash } from 'node:crypto';
import { posix } from 'node:path';
import { Readable } from 'node:stream';
import { gunzipSync } from 'node:zlib';
import { BatchGetImageCommand, type ECRClient, GetDownloadUrlForLayerCommand } from '@aws-sdk/client-ecr';
import { extract, type Header } from 'tar-stream';
import * as z from 'zod';

/** OCI image specification 1.1, as strictly as it can be read; Docker's own names for the same things are none of it. */
const descriptor = (mediaType: string) =>
  z.strictObject({
    mediaType: z.literal(mediaType),
    digest: z.string().regex(/^sha256:[0-9a-f]{64}$/),
    size: z.int().positive(),
  });

const manifest = z.strictObject({
  schemaVersion: z.literal(2),
  mediaType: z.literal('application/vnd.oci.image.manifest.v1+json'),
  config: descriptor('application/vnd.oci.image.config.v1+json'),
  layers: z.array(descriptor('application/vnd.oci.image.layer.v1.tar+gzip')).min(1),
});

const date = z.iso.datetime();

const config = z.strictObject({
  created: date,
  architecture: z.enum(['amd64', 'arm64']),
  os: z.literal('linux'),
  config: z.strictObject({
    User: z.string().regex(/^[1-9]\d*:[1-9]\d*$/),
    Env: z.array(z.string().regex(/^[A-Z_][A-Z0-9_]*=/)),
    Entrypoint: z.array(z.string()).min(1),
    Cmd: z.array(z.string()),
    WorkingDir: z.string().startsWith('/'),
    StopSignal: z.literal('SIGTERM'),
    Labels: z.record(z.string(), z.string()),
  }),
  rootfs: z.strictObject({ type: z.literal('layers'), diff_ids: z.array(z.string().regex(/^sha256:[0-9a-f]{64}$/)) }),
  history: z.array(
    z.strictObject({ created: date, created_by: z.string().min(1), empty_layer: z.boolean().optional() }),
  ),
});

export interface StrictImage {
  readonly digest: string;
  readonly config: z.infer<typeof config>;
  /** Of each layer, lowest first. */
  readonly layers: readonly { readonly digest: string; readonly entries: readonly Header[] }[];
}

/**
 * Reads an image that a repository of ECR holds as a container runtime would, trusting nothing, with no code in common
 * with what wrote it. Throws at the first thing that the specification does not allow, or a runtime would not take.
 */
export async function readStrictly(ecr: ECRClient, repositoryName: string, tag: string): Promise<StrictImage> {
  const { images } = await ecr.send(new BatchGetImageCommand({ repositoryName, imageIds: [{ imageTag: tag }] }));
  const [image] = images ?? [];
  const text = image?.imageManifest ?? '';
  const digest = digestOf(Buffer.from(text));
  equal('the digest of the manifest', image?.imageId?.imageDigest, digest);
  const parts = manifest.parse(JSON.parse(text));
  equal('the media type that ECR has', image?.imageManifestMediaType, parts.mediaType);

  const blob = async (wanted: { digest: string; size: number }): Promise<Buffer> => {
    const { downloadUrl = '' } = await ecr.send(
      new GetDownloadUrlForLayerCommand({ repositoryName, layerDigest: wanted.digest }),
    );
    const bytes = Buffer.from(await (await fetch(downloadUrl)).arrayBuffer());
    equal(`the size of ${wanted.digest}`, bytes.length, wanted.size);
    equal('the digest of a blob', digestOf(bytes), wanted.digest);
    return bytes;
  };
  const settings = config.parse(JSON.parse((await blob(parts.config)).toString('utf8')));
  const { diff_ids: diffIds } = settings.rootfs;
  equal('the number of diff_ids', diffIds.length, parts.layers.length);
  equal('what history says of layers', settings.history.filter((one) => !one.empty_layer).length, diffIds.length);

  const layers: { digest: string; entries: Header[] }[] = [];
  for (const [position, layer] of parts.layers.entries()) {
    const plain = gunzipSync(await blob(layer));
    equal(`diff_id ${position}`, digestOf(plain), diffIds[position]);
    const entries = await headersOf(plain);
    refuseUnsafe(entries);
    layers.push({ digest: layer.digest, entries });
  }
  return { digest, config: settings, layers };
}

async function headersOf(archive: Buffer): Promise<Header[]> {
  const parser = extract();
  Readable.from([archive]).pipe(parser);
  const headers: Header[] = [];
  for await (const entry of parser) {
    headers.push(entry.header);
    entry.resume();
  }
  return headers;
}

function refuseUnsafe(entries: readonly Header[]): void {
  const seen = new Set<string>();
  for (const { name, type, mode = 0, linkname } of entries) {
    const path = name.replace(/\/$/, '');
    const refuse = (why: string): never => {
      throw new Error(`${name}: ${why}`);
    };
    if (path !== posix.normalize(path) || path.startsWith('/') || path.split('/').includes('..'))
      refuse('no plain path');
    if (seen.has(path)) refuse('there twice');
    seen.add(path);
    if (type !== 'file' && type !== 'directory' && type !== 'symlink') refuse(`a ${type}`);
    if ((mode & 0o7000) !== 0) refuse(`special bits in mode ${mode.toString(8)}`);
    if ((mode & 0o022) !== 0 && type !== 'symlink') refuse(`others may write: mode ${mode.toString(8)}`);
    if (type === 'symlink') {
      const target = posix.join(posix.dirname(path), linkname ?? '');
      if (linkname?.startsWith('/') || target.startsWith('..')) refuse(`a link that leaves the image: ${linkname}`);
    }
  }
}

const digestOf = (bytes: Uint8Array): string => `sha256:${createHash('sha256').update(bytes).digest('hex')}`;

function equal(what: string, actual: unknown, expected: unknown): void {
  if (actual !== expected) throw new Error(`${what} is ${actual}, not ${expected}`);
}
