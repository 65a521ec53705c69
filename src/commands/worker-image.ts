import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { StateDocument } from '../../state/document.ts';
import type { WorkerImage } from '../aws/aws.ts';
import { UserError, usageError } from '../errors.ts';
import { type BaseImage, hostNodeBase } from '../image/base.ts';
import { bundledWorkerSource } from '../image/bundled.ts';
import { hostPlatform, type Platform } from '../image/platform.ts';
import { DEFAULT_BASE, registryBase } from '../image/registry-base.ts';
import type { BuildContext, ImageSource } from '../image/source.ts';
import { workerFolderSource } from '../image/worker-folder.ts';
import type { Configured } from './configuring.ts';
import type { Connection } from './connect.ts';
import type { CommandInput } from './input.ts';
import { cacheDirOf } from './sandbox-home.ts';

/**
 * The image that this run deploys, for the stack's architecture: of the bundled worker, or of the user's folder.
 * `undefined`: what is deployed stays, because this run was not told the folder.
 */
export async function workerImageFor(
  input: CommandInput,
  connection: Connection,
  { config, answers }: Pick<Configured, 'config' | 'answers'>,
  before: StateDocument | undefined,
): Promise<WorkerImage | undefined> {
  const [worker] = config.workers;
  const folder = worker?.source === 'folder' ? String(answers.workerDir ?? '') : undefined;
  if (folder === '') {
    if (before?.steps['image/worker-image']?.id) return undefined;
    const fix = 'Give --worker-dir, or --worker-source bundled for the sample worker.';
    throw usageError(
      'the worker of this stack is your own, and nothing says where its folder is',
      fix,
      'MISSING_ANSWERS',
    );
  }
  // Tasks of an emulator are processes of this machine, and nothing is to be downloaded for them unless it is asked for.
  const onHost = connection.emulator !== undefined && worker?.baseImage === undefined;
  const os = onHost && process.platform === 'darwin' ? 'darwin' : 'linux';
  const platform: Platform = `${os}/${worker?.architecture === 'arm64' ? 'arm64' : 'amd64'}`;
  const base = onHost ? hostNodeBase : registryBase(worker?.baseImage ?? DEFAULT_BASE);
  const source = folder === undefined ? bundledSource(base) : workerFolderSource(resolve(folder), base);
  const hash = await source.inputHash(platform);
  return {
    // A tag of a registry may not contain a colon.
    inputHash: `from-${hash.replace(/^sha256:/, '').slice(0, 32)}`,
    build: () => source.build(platform, buildContext(input)),
  };
}

/** Builds the sandbox's image into the cache, so that `init --sandbox` needs no network later. */
export async function prepareSandboxImage(input: CommandInput): Promise<void> {
  await bundledSource(hostNodeBase).build(hostPlatform(), buildContext(input));
}

function bundledSource(base: BaseImage): ImageSource {
  return bundledWorkerSource(bundledWorkerFolder(), base);
}

const buildContext = ({ env, io, signal }: CommandInput): BuildContext => ({
  cacheDir: cacheDirOf(env),
  note: (text) => io.note(text),
  signal,
});

/** Beside the bundle in a package; in the repository the same folder is made by the build. */
function bundledWorkerFolder(): string {
  const candidates = ['./worker', '../worker', '../../dist/worker'];
  for (const candidate of candidates) {
    const path = fileURLToPath(new URL(candidate, import.meta.url));
    if (existsSync(`${path}/dist/main.js`)) return path;
  }
  throw new UserError({
    code: 'WORKER_MISSING',
    message: 'the bundled worker is not in this installation',
    fix: 'Install the package again; in a clone of the repository run npm run build.',
  });
}
