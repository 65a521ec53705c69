import { join, resolve } from 'node:path';
import type { StateDocument } from '../../state/document.ts';
import type { WorkerImage, WorkerImages } from '../aws/aws.ts';
import { environmentFetch } from '../aws/environment-fetch.ts';
import { CODE_KEYS } from '../config/code-options.ts';
import type { Answers } from '../config/option.ts';
import type { WorkerConfig } from '../config/schema.ts';
import { UserError, usageError } from '../errors.ts';
import { type BaseImage, hostNodeBase } from '../image/base.ts';
import { bundledWorkerSource } from '../image/bundled.ts';
import { dockerSource } from '../image/docker.ts';
import { hostPlatform, type Platform } from '../image/platform.ts';
import { DEFAULT_BASE, registryBase } from '../image/registry-base.ts';
import type { BuildContext, ImageSource } from '../image/source.ts';
import { workerFolderSource } from '../image/worker-folder.ts';
import { findFolderWith } from '../package-files.ts';
import { revisionNumber } from '../steps/compute/revisions.ts';
import type { Configured } from './configuring.ts';
import type { Connection } from './connect.ts';
import type { CommandInput } from './input.ts';
import { heldRevision } from './rollback-target.ts';
import { cacheDirOf } from './sandbox-home.ts';

/**
 * The images that this run deploys, each for its worker's architecture: of the bundled worker, or of the user's folder.
 * A worker is not in it when what is deployed stays, because this run was not told the folder, or when its image is one
 * that the user has built.
 */
export async function workerImagesFor(
  input: CommandInput,
  connection: Connection,
  { config, workers }: Pick<Configured, 'config' | 'workers'>,
  before: StateDocument | undefined,
): Promise<WorkerImages> {
  const images = new Map<string, WorkerImage>();
  // Workers that are made from the same things are built and pushed together.
  const made = new Map<string, WorkerImage>();
  for (const worker of config.workers) {
    if (worker.image !== undefined || (before && stays(input, before, worker.name))) continue;
    const source = sourceOf(connection, worker, workers.find(({ name }) => name === worker.name)?.answers ?? {});
    if (source === undefined) {
      if (before?.steps[`image/worker-image/${worker.name}`]?.id) continue;
      throw unknownFolder(worker.name, config.workers.length === 1);
    }
    const platform = platformOf(connection, worker);
    const image = await imageOf(input, source, platform);
    const same = made.get(image.inputHash) ?? image;
    made.set(image.inputHash, same);
    images.set(worker.name, same);
  }
  return images;
}

/** A rollback holds until somebody says what to run instead, in so many words. */
export function stays({ io, flags }: CommandInput, before: StateDocument, worker: string): boolean {
  const to = heldRevision(before, worker);
  const isMeant = flags.own.worker === undefined || flags.own.worker === worker;
  if (to === undefined || (isMeant && CODE_KEYS.some((key) => flags.answers[key] !== undefined))) return false;
  io.note(
    `${worker} was rolled back to revision ${revisionNumber(to)} and stays there, until temporal-fargate deploy.`,
  );
  return true;
}

async function imageOf(input: CommandInput, source: ImageSource, platform: Platform): Promise<WorkerImage> {
  const hash = await source.inputHash(platform);
  return {
    // A tag of a registry may not contain a colon.
    inputHash: `from-${hash.replace(/^sha256:/, '').slice(0, 32)}`,
    build: () => source.build(platform, buildContext(input)),
  };
}

/** `undefined`: a worker of the user's, whose folder this run was not told. */
function sourceOf(connection: Connection, worker: WorkerConfig, answers: Answers): ImageSource | undefined {
  const base = runsOnHost(connection, worker) ? hostNodeBase : registryBase(worker.baseImage ?? DEFAULT_BASE);
  if (worker.source !== 'folder') return bundledSource(base);
  const folder = String(answers.workerDir ?? '');
  if (folder === '') return undefined;
  return worker.docker ? dockerSource(resolve(folder)) : workerFolderSource(resolve(folder), base, worker);
}

function platformOf(connection: Connection, worker: WorkerConfig): Platform {
  const os = runsOnHost(connection, worker) && process.platform === 'darwin' ? 'darwin' : 'linux';
  return `${os}/${worker.architecture === 'arm64' ? 'arm64' : 'amd64'}`;
}

/**
 * Tasks of an emulator are processes of this machine, and nothing is to be downloaded for them unless it is asked for.
 */
const runsOnHost = (connection: Connection, { baseImage, docker }: WorkerConfig): boolean =>
  connection.emulator !== undefined && baseImage === undefined && !docker;

const unknownFolder = (worker: string, isOnly: boolean): UserError =>
  usageError(
    `${worker} is a worker of your own, and nothing says where its folder is`,
    isOnly
      ? 'Give --worker-dir, or --worker-source bundled for the sample worker.'
      : `Give --worker-dir with --worker ${worker}, or write its "workerDir" in the config file.`,
    'MISSING_ANSWERS',
  );

/** Builds the sandbox's image into the cache, so that `init --sandbox` needs no network later. */
export async function prepareSandboxImage(input: CommandInput): Promise<void> {
  await bundledSource(hostNodeBase).build(hostPlatform(), buildContext(input));
}

function bundledSource(base: BaseImage): ImageSource {
  return bundledWorkerSource(bundledWorkerFolder(), base);
}

/** What it takes to make images, or to fetch them. */
export const buildContext = ({ env, io, signal }: CommandInput) =>
  ({
    cacheDir: cacheDirOf(env),
    note: (text: string) => io.note(text),
    signal,
    fetch: environmentFetch(env),
  }) satisfies BuildContext;

/** Beside the bundle in a package; in the repository that of the sources, built. */
function bundledWorkerFolder(): string {
  const folder = findFolderWith('worker/dist/main.js', import.meta.url);
  if (folder !== undefined) return join(folder, 'worker');
  throw new UserError({
    code: 'WORKER_MISSING',
    message: 'the bundled worker is not in this installation',
    fix: 'Install the package again; in a clone of the repository run npm run build.',
  });
}
