import { readFile } from 'node:fs/promises';
import type { BaseImage, ResolvedBase } from './base.ts';
import { BlobStore, fileDigest, sha256 } from './blob.ts';
import { certificateEntries, certificatesFile } from './certificates.ts';
import { dependencyHash, dependencyLayer } from './dependencies.ts';
import { configJson, MEDIA_TYPE, manifestJson, type OciImage, type ProcessSettings } from './oci.ts';
import type { Platform } from './platform.ts';
import type { BuildContext, ImageSource } from './source.ts';
import { folderEntries, type TarEntry } from './tar.ts';

/** Raise it when the layout or the config below changes, so that `plan` sees a new image. */
const LAYOUT_VERSION = 2;

export interface BundledWorker {
  /** Folder with package.json and package-lock.json. */
  readonly workerDir: string;
  /** Folder with the compiled app: main.js, workflow-bundle.js, package.json. */
  readonly appDir: string;
  readonly base: BaseImage;
}

/**
 * The worker that comes with this program. From the base up: the dependencies, which change with the lock file, then
 * the app, which is small, so that a deploy mostly pushes some hundred kilobytes.
 */
export function bundledWorkerSource({ workerDir, appDir, base }: BundledWorker): ImageSource {
  const appEntries = () => folderEntries(appDir, 'app');

  const inputHash = async (platform: Platform): Promise<string> => {
    const files = (await appEntries()).sort((a, b) => (a.path < b.path ? -1 : 1)).map(entryHash);
    const dependencies = await dependencyHash(workerDir, platform);
    const certificates = await fileDigest(certificatesFile());
    const made = [LAYOUT_VERSION, base.name, platform, dependencies, certificates, ...(await Promise.all(files))];
    return sha256(JSON.stringify(made));
  };

  return {
    describe: () => 'the bundled worker',
    inputHash,
    async build(platform: Platform, context: BuildContext): Promise<OciImage> {
      const blobs = new BlobStore(context.cacheDir);
      const below = await base.resolve(platform, context);
      const dependencies = await dependencyLayer(workerDir, platform, blobs, context);
      const app = await blobs.addLayer([{ type: 'directory', path: 'app' }, ...(await appEntries())], context.signal);
      const certificates = below.lacksCertificates ? [await blobs.addLayer(certificateEntries(), context.signal)] : [];
      const layers = [...below.layers, ...certificates, dependencies, app];

      const settings = processSettings(below, base.name, await inputHash(platform));
      const history = [
        ...below.layers.map(() => base.name),
        ...certificates.map(() => 'certificate authorities'),
        'npm ci --omit=dev',
        'the compiled worker',
      ];
      const diffIds = layers.map((layer) => layer.diffId);
      const config = await blobs.addBytes(configJson(platform, settings, diffIds, history), MEDIA_TYPE.config);
      const bytes = manifestJson(config, layers);
      return { manifest: { bytes, digest: sha256(bytes), mediaType: MEDIA_TYPE.manifest }, config, layers, platform };
    },
  };
}

function processSettings(below: ResolvedBase, baseName: string, hash: string): ProcessSettings {
  return {
    user: '1000:1000',
    env: [...below.env, 'NODE_ENV=production'],
    entrypoint: ['node'],
    cmd: ['main.js'],
    workingDir: '/app',
    stopSignal: 'SIGTERM',
    labels: {
      'org.opencontainers.image.title': 'temporal-fargate worker',
      'org.opencontainers.image.base.name': baseName,
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
