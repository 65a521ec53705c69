import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { copyFile, mkdir, readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { dirname, join, posix } from 'node:path';
import * as z from 'zod';
import { type BlobStore, sha256 } from './blob.ts';
import { packagesWithScripts } from './install-scripts.ts';
import type { Installation } from './installation.ts';
import type { Layer } from './oci.ts';
import type { Platform } from './platform.ts';
import { isNeededAtRuntime, PRUNING_VERSION } from './prune.ts';
import type { BuildContext } from './source.ts';
import { folderEntries, type TarEntry, tree } from './tar.ts';

const HOUR_MS = 3_600_000;

export interface DependencyOptions {
  readonly platform: Platform;
  /** Whether the packages may run their install scripts. */
  readonly scripts: boolean;
}

/** `sha256:<hex>` of all that decides what a dependency layer holds. */
export function dependencyHash({ files, links }: Installation, { platform, scripts }: DependencyOptions): string {
  return sha256(JSON.stringify([PRUNING_VERSION, platform, scripts, ...[...files].sort(), ...[...links].sort()]));
}

/**
 * The layer with every node_modules below /app: installed from the lock file for the platform, less what is never
 * loaded. It is made once per hash; later calls need neither a package manager nor a network.
 */
export async function dependencyLayer(
  installation: Installation,
  options: DependencyOptions,
  blobs: BlobStore,
  { cacheDir, note, signal }: BuildContext,
): Promise<Layer> {
  const hash = dependencyHash(installation, options);
  const record = join(cacheDir, `worker-deps-${hash.slice('sha256:'.length)}.json`);
  const cached = await readRecord(record, blobs);
  if (cached !== undefined) {
    warnOfScripts(cached.unscripted, note);
    return cached.layer;
  }

  note(`installing the worker's dependencies for ${options.platform}`);
  const folder = await workFolder(cacheDir);
  try {
    await writeFiles(installation, folder);
    await installation.manager.install(folder, { ...options, signal });
    const unscripted = options.scripts ? [] : await packagesWithScripts(folder, installation.folders);
    note('compressing the dependencies into a layer');
    const layer = await blobs.addLayer(await installedEntries(installation, folder, options.platform), signal);
    warnOfScripts(unscripted, note);
    const { digest, diffId } = layer;
    await writeFile(join(folder, 'record.json'), JSON.stringify({ digest, diffId, unscripted }));
    await rename(join(folder, 'record.json'), record);
    return layer;
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function writeFiles({ files, copies, folders }: Installation, folder: string): Promise<void> {
  for (const place of folders) await mkdir(join(folder, place), { recursive: true });
  for (const [place, text] of files) await writeFile(join(folder, place), text);
  for (const [place, path] of copies) {
    await mkdir(dirname(join(folder, place)), { recursive: true });
    await copyFile(path, join(folder, place));
  }
}

/**
 * The links among them are none of those that the package manager made: what differs between its versions, and what
 * might lead out of the image, stays behind.
 */
async function installedEntries(
  { folders, links }: Installation,
  folder: string,
  platform: Platform,
): Promise<TarEntry[]> {
  const entries: TarEntry[] = [{ type: 'directory', path: 'app/node_modules' }];
  for (const place of folders.map((local) => posix.join(local, 'node_modules'))) {
    if (!existsSync(join(folder, place))) continue;
    const installed = await folderEntries(join(folder, place), `app/${place}`, (path) =>
      isNeededAtRuntime(path, platform),
    );
    entries.push(...installed.filter(({ type }) => type === 'file'));
  }
  for (const [place, target] of links) {
    entries.push({ type: 'symlink', path: `app/${place}`, target: posix.relative(posix.dirname(place), target) });
  }
  return tree(entries);
}

function warnOfScripts(names: readonly string[], note: BuildContext['note']): void {
  if (names.length === 0) return;
  const [what, them] =
    names.length === 1 ? ['has an install script that was', 'it'] : ['have install scripts that were', 'them'];
  note(`${names.join(', ')} ${what} not run; --allow-install-scripts runs ${them}`);
}

const record = z.object({ digest: z.string(), diffId: z.string(), unscripted: z.array(z.string()).default([]) });

/** The record names a blob, which is checked: a cache that was cleared or damaged is made again. */
async function readRecord(
  path: string,
  blobs: BlobStore,
): Promise<{ layer: Layer; unscripted: readonly string[] } | undefined> {
  try {
    const { unscripted, ...digests } = record.parse(JSON.parse(await readFile(path, 'utf8')));
    const layer = await blobs.findLayer(digests);
    return layer && { layer, unscripted };
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
