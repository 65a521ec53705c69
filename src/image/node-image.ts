import { posix } from 'node:path';
import type { BaseImage, ResolvedBase } from './base.ts';
import { BlobStore, fileDigest, sha256 } from './blob.ts';
import { certificateEntries, certificatesFile } from './certificates.ts';
import { dependencyHash, dependencyLayer } from './dependencies.ts';
import { entryHash } from './entry-hash.ts';
import type { Installation } from './installation.ts';
import { configJson, type Layer, MEDIA_TYPE, manifestJson, type OciImage, type ProcessSettings } from './oci.ts';
import type { Platform } from './platform.ts';
import type { BuildContext, ImageSource } from './source.ts';
import { type TarEntry, tree } from './tar.ts';

/** Raise it when the layout or the config below changes, so that `plan` sees a new image. */
const LAYOUT_VERSION = 3;

/** A worker that is a Node package. */
export interface NodeWorker {
  /** For people: "the bundled worker". */
  readonly name: string;
  /** What every node_modules comes from. */
  readonly installation: Installation;
  /** Whether the packages may run their install scripts. */
  readonly installScripts?: boolean;
  readonly base: BaseImage;
  /** All that decides what `app` answers, besides the packages. Quick; builds nothing. */
  inputs(platform: Platform): Promise<readonly TarEntry[]>;
  /** What lies in /app beside node_modules. */
  app(context: BuildContext): Promise<readonly TarEntry[]>;
  /** Folder of the worker's package below /app; "" for /app itself. */
  readonly folder?: string;
  /** What Node runs there: ["main.js"]. */
  readonly command: readonly string[];
}

/**
 * From the base up: certificate authorities where it has none; the dependencies, which change with the lock file; the
 * app, which is small, so that a deploy mostly pushes some hundred kilobytes.
 */
export function nodeImageSource(worker: NodeWorker): ImageSource {
  const { installation, installScripts: scripts = false, base, folder = '' } = worker;

  const inputHash = async (platform: Platform): Promise<string> => {
    const files = [...(await worker.inputs(platform))].sort((a, b) => (a.path < b.path ? -1 : 1)).map(entryHash);
    const dependencies = dependencyHash(installation, { platform, scripts });
    const certificates = await fileDigest(certificatesFile());
    const made = [LAYOUT_VERSION, base.name, platform, dependencies, certificates, ...(await Promise.all(files))];
    return sha256(JSON.stringify([...made, folder, ...worker.command]));
  };

  return {
    describe: () => worker.name,
    inputHash,
    async build(platform: Platform, context: BuildContext): Promise<OciImage> {
      const blobs = new BlobStore(context.cacheDir);
      const hash = await inputHash(platform);
      const below = await base.resolve(platform, context);
      const entries = await worker.app(context);
      const dependencies = await dependencyLayer(installation, { platform, scripts }, blobs, context);
      const app = await blobs.addLayer(tree([{ type: 'directory', path: 'app' }, ...entries]), context.signal);
      const certificates = below.lacksCertificates ? [await blobs.addLayer(certificateEntries(), context.signal)] : [];
      const layers = [...below.layers, ...certificates, dependencies, app];

      const settings = processSettings(worker, below, hash);
      const history = [
        ...below.layers.map(() => base.name),
        ...certificates.map(() => 'certificate authorities'),
        installation.manager.installs,
        'the worker',
      ];
      const diffIds = layers.map((layer) => layer.diffId);
      const config = await blobs.addBytes(configJson(platform, settings, diffIds, history), MEDIA_TYPE.config);
      const bytes = manifestJson(config, layers);
      const digest = sha256(bytes);
      context.note(
        `built ${digest.slice(0, 'sha256:'.length + 12)}: dependencies ${size(dependencies)}, app ${size(app)}`,
      );
      return { manifest: { bytes, digest, mediaType: MEDIA_TYPE.manifest }, config, layers, platform };
    },
  };
}

/** Compressed, as it is pushed. */
const size = ({ size: bytes }: Layer): string =>
  bytes < 1e6 ? `${Math.ceil(bytes / 1e3)} kB` : `${(bytes / 1e6).toFixed(1)} MB`;

function processSettings(
  { base, command, folder = '' }: NodeWorker,
  below: ResolvedBase,
  hash: string,
): ProcessSettings {
  return {
    user: '1000:1000',
    env: [...below.env, 'NODE_ENV=production'],
    entrypoint: ['node'],
    cmd: command,
    workingDir: posix.join('/app', folder),
    stopSignal: 'SIGTERM',
    labels: {
      'org.opencontainers.image.title': 'temporal-fargate worker',
      'org.opencontainers.image.base.name': base.name,
      ...(below.digest && { 'org.opencontainers.image.base.digest': below.digest }),
      'temporal-fargate.input-hash': hash,
    },
  };
}
