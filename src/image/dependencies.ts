import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { copyFile, mkdir, readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type BlobStore, sha256 } from './blob.ts';
import { npmCi } from './npm.ts';
import type { Layer } from './oci.ts';
import { npmPlatformFlags, type Platform } from './platform.ts';
import { isNeededAtRuntime, PRUNING_VERSION } from './prune.ts';
import type { BuildContext } from './source.ts';
import { folderEntries } from './tar.ts';

const MANIFESTS = ['package.json', 'package-lock.json'] as const;
const HOUR_MS = 3_600_000;

/** `sha256:<hex>` of all that decides what a dependency layer holds. */
export async function dependencyHash(workerDir: string, platform: Platform): Promise<string> {
  const manifests = await Promise.all(MANIFESTS.map((name) => readFile(join(workerDir, name), 'utf8')));
  return sha256(JSON.stringify([PRUNING_VERSION, platform, ...manifests]));
}

/**
 * The layer with /app/node_modules: installed from the folder's lock file for the platform, less what is never loaded.
 * It is made once per hash; later calls need neither npm nor a network.
 */
export async function dependencyLayer(
  workerDir: string,
  platform: Platform,
  blobs: BlobStore,
  { cacheDir, note, signal }: BuildContext,
): Promise<Layer> {
  const hash = await dependencyHash(workerDir, platform);
  const record = join(cacheDir, `worker-deps-${hash.slice('sha256:'.length)}.json`);
  const cached = await readRecord(record, blobs);
  if (cached !== undefined) return cached;

  note(`installing the worker's dependencies for ${platform}`);
  const folder = await workFolder(cacheDir);
  try {
    for (const name of [...MANIFESTS, '.npmrc']) {
      if (existsSync(join(workerDir, name))) await copyFile(join(workerDir, name), join(folder, name));
    }
    await npmCi(folder, npmPlatformFlags(platform), signal);
    // npm makes no folder for a worker without dependencies.
    await mkdir(join(folder, 'node_modules'), { recursive: true });
    note('compressing the dependencies into a layer');
    const entries = await folderEntries(join(folder, 'node_modules'), 'app/node_modules', (path) =>
      isNeededAtRuntime(path, platform),
    );
    const layer = await blobs.addLayer(
      [{ type: 'directory', path: 'app' }, { type: 'directory', path: 'app/node_modules' }, ...entries],
      signal,
    );
    await writeFile(join(folder, 'record.json'), JSON.stringify({ digest: layer.digest, diffId: layer.diffId }));
    await rename(join(folder, 'record.json'), record);
    return layer;
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** The record names a blob, which is checked: a cache that was cleared or damaged is made again. */
async function readRecord(path: string, blobs: BlobStore): Promise<Layer | undefined> {
  try {
    return await blobs.findLayer(JSON.parse(await readFile(path, 'utf8')) as Pick<Layer, 'digest' | 'diffId'>);
  } catch {
    return undefined;
  }
}

/** A folder of this run's own; those that killed runs left are removed. */
async function workFolder(cacheDir: string): Promise<string> {
  const prefix = 'npm-ci-';
  await mkdir(cacheDir, { recursive: true });
  for (const name of await readdir(cacheDir)) {
    const path = join(cacheDir, name);
    if (!name.startsWith(prefix) || Date.now() - (await stat(path)).mtimeMs < HOUR_MS) continue;
    await rm(path, { recursive: true, force: true });
  }
  const folder = join(cacheDir, `${prefix}${randomBytes(6).toString('hex')}`);
  await mkdir(folder);
  return folder;
}
