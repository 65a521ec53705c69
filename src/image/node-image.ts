import { readFile } from 'node:fs/promises';
import type { BaseImage, ResolvedBase } from './base.ts';
import { BlobStore, fileDigest, sha256 } from './blob.ts';
import { certificateEntries, certificatesFile } from './certificates.ts';
import { dependencyHash, dependencyLayer } from './dependencies.ts';
import { configJson, MEDIA_TYPE, manifestJson, type OciImage, type ProcessSettings } from './oci.ts';
import type { Platform } from './platform.ts';
import type { BuildContext, ImageSource } from './source.ts';
import type { TarEntry } from './tar.ts';

/** Raise it when the layout or the config below changes, so that `plan` sees a new image. */
const LAYOUT_VERSION = 2;

/** A worker that is a Node package. */
export interface NodeWorker {
  /** For people: "the bundled worker". */
  readonly name: string;
  /** Folder with the package.json and package-lock.json that node_modules is installed from. */
  readonly workerDir: string;
  readonly base: BaseImage;
  /** All that decides what `app` answers, besides the lock file. Quick; builds nothing. */
  inputs(): Promise<readonly TarEntry[]>;
  /** What lies in /app beside node_modules. */
  app(context: BuildContext): Promise<readonly TarEntry[]>;
  /** What Node runs in /app: ["main.js"]. */
  readonly command: readonly string[];
}

/**
 * From the base up: certificate authorities where it has none; the dependencies, which change with the lock file; the
 * app, which is small, so that a deploy mostly pushes some hundred kilobytes.
 */
export function nodeImageSource(worker: NodeWorker): ImageSource {
  const { workerDir, base } = worker;

  const inputHash = async (platform: Platform): Promise<string> => {
    const files = [...(await worker.inputs())].sort((a, b) => (a.path < b.path ? -1 : 1)).map(entryHash);
    const dependencies = await dependencyHash(workerDir, platform);
    const certificates = await fileDigest(certificatesFile());
    const made = [LAYOUT_VERSION, base.name, platform, dependencies, certificates, ...(await Promise.all(files))];
    return sha256(JSON.stringify([...made, ...worker.command]));
  };

  return {
    describe: () => worker.name,
    inputHash,
    async build(platform: Platform, context: BuildContext): Promise<OciImage> {
      const blobs = new BlobStore(context.cacheDir);
      const hash = await inputHash(platform);
      const below = await base.resolve(platform, context);
      const entries = await worker.app(context);
      const dependencies = await dependencyLayer(workerDir, platform, blobs, context);
      const app = await blobs.addLayer([{ type: 'directory', path: 'app' }, ...entries], context.signal);
      const certificates = below.lacksCertificates ? [await blobs.addLayer(certificateEntries(), context.signal)] : [];
      const layers = [...below.layers, ...certificates, dependencies, app];

      const settings = processSettings(worker, below, hash);
      const history = [
        ...below.layers.map(() => base.name),
        ...certificates.map(() => 'certificate authorities'),
        'npm ci --omit=dev',
        'the worker',
      ];
      const diffIds = layers.map((layer) => layer.diffId);
      const config = await blobs.addBytes(configJson(platform, settings, diffIds, history), MEDIA_TYPE.config);
      const bytes = manifestJson(config, layers);
      return { manifest: { bytes, digest: sha256(bytes), mediaType: MEDIA_TYPE.manifest }, config, layers, platform };
    },
  };
}

function processSettings({ base, command }: NodeWorker, below: ResolvedBase, hash: string): ProcessSettings {
  return {
    user: '1000:1000',
    env: [...below.env, 'NODE_ENV=production'],
    entrypoint: ['node'],
    cmd: command,
    workingDir: '/app',
    stopSignal: 'SIGTERM',
    labels: {
      'org.opencontainers.image.title': 'temporal-fargate worker',
      'org.opencontainers.image.base.name': base.name,
      ...(below.digest && { 'org.opencontainers.image.base.digest': below.digest }),
      'temporal-fargate.input-hash': hash,
    },
  };
}

async function entryHash(entry: TarEntry): Promise<readonly string[]> {
  if (entry.type === 'file') {
    const bytes = entry.content instanceof Uint8Array ? entry.content : await readFile(entry.content.file);
    return [entry.path, String(entry.executable), sha256(bytes)];
  }
  return [entry.path, entry.type === 'symlink' ? entry.target : ''];
}
