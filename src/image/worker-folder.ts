import { existsSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { join, posix, resolve } from 'node:path';
import type { BaseImage } from './base.ts';
import { refuseForeignScripts } from './install-scripts.ts';
import { installationOf } from './installation.ts';
import { LocalPackage } from './local-package.ts';
import { type Closure, isOutside } from './lock.ts';
import { badWorker, entryOf, findEntry } from './manifest.ts';
import { nodeImageSource } from './node-image.ts';
import { openProject, type Project } from './project.ts';
import type { BuildContext, ImageSource } from './source.ts';
import type { TarEntry } from './tar.ts';

export interface WorkerFolderOptions {
  /** Whether the packages that it depends on may run their install scripts. */
  readonly installScripts?: boolean | undefined;
}

/**
 * A Node package of the user's, and the packages of the same repository that are linked to it: built by their own
 * `build` scripts in their own folders, then what `npm pack` would take of each, and the locked production dependencies.
 * Node runs the worker's `main`. In the image everything lies as in the repository, with the lock file's folder as /app.
 *
 * @param dir folder of the package; see `openProject`
 * @throws UserError BAD_WORKER when the folder is no such package
 */
export function workerFolderSource(
  dir: string,
  base: BaseImage,
  { installScripts = false }: WorkerFolderOptions = {},
): ImageSource {
  const project = openProject(resolve(dir));
  const { root, worker: folder } = project;
  const toBuild = localPackages(project, project.closure('build'));
  const toShip = localPackages(project, project.closure('production'));
  const worker = new LocalPackage(join(root, folder), root);
  const { name = 'worker' } = worker.manifest;
  const entry = entryOf(worker.manifest);

  return nodeImageSource({
    name: `${name} of ${dir}`,
    installation: installationOf(project),
    installScripts,
    base,
    async inputs(platform) {
      if (installScripts) refuseForeignScripts(dir, platform);
      return [
        ...(await Promise.all([...toBuild].map(([place, local]) => local.sources(posix.join('app', place))))).flat(),
        ...(folder === '' ? [] : await sharedSettings(root)),
        lockedTools(project),
      ];
    },
    async app(context) {
      await build(project, [...toBuild.values()], context);
      mustBeBuilt(dir, worker);
      const shipped = [...toShip].map(([place, local]) => local.shipped(posix.join('app', place), context.signal));
      return (await Promise.all(shipped)).flat();
    },
    folder,
    command: [entry],
  });
}

/** A worker's package as it lies in the user's repository. */
export interface WorkerInPlace {
  /** Absolute: of the package, and of those that are linked to it. */
  readonly folders: readonly string[];
  /** Builds them. @returns absolute path of the file that Node runs. @throws UserError BAD_WORKER, WORKER_NOT_BUILT */
  build(context: BuildContext): Promise<string>;
}

/** The same package to be run where it is, without an image. @throws UserError BAD_WORKER */
export function workerInPlace(dir: string): WorkerInPlace {
  const project = openProject(resolve(dir));
  const locals = [...localPackages(project, project.closure('build')).values()];
  const worker = new LocalPackage(join(project.root, project.worker), project.root);
  return {
    folders: [...new Set([worker.dir, ...locals.map((local) => local.dir)])],
    async build(context) {
      await build(project, locals, context);
      return join(worker.dir, mustBeBuilt(dir, worker));
    },
  };
}

/** The worker's entry, as Node finds it. */
function mustBeBuilt(dir: string, { dir: folder, manifest }: LocalPackage): string {
  const entry = entryOf(manifest);
  const found = findEntry(folder, entry);
  if (found !== undefined) return found;
  throw badWorker(dir, `${entry}, its "main", is not there after the build`, 'Mend "main" or the build script.');
}

/** By their places in the image, each after those that it needs. One from outside of the root lies where it is linked. */
function localPackages({ root }: Project, { locals, links }: Closure): ReadonlyMap<string, LocalPackage> {
  const linkedAt = new Map([...links].map(([place, target]) => [target, place]));
  return new Map(
    locals.map((folder) => {
      const place = isOutside(folder) ? (linkedAt.get(folder) ?? folder) : folder;
      return [place, new LocalPackage(join(root, folder), root)];
    }),
  );
}

async function build(
  { root, worker, manager }: Project,
  locals: readonly LocalPackage[],
  { note, signal }: BuildContext,
): Promise<void> {
  const toBuild = locals.filter(({ hasBuild }) => hasBuild);
  const installed = [root, join(root, worker)].some((dir) => existsSync(join(dir, 'node_modules')));
  if (toBuild.length > 0 && !installed) {
    const how = manager.name === 'npm' ? 'npm ci' : 'pnpm install';
    throw badWorker(
      join(root, worker),
      'its packages are not installed, and its build needs them',
      `Run ${how} there first.`,
    );
  }
  for (const { dir, manifest } of toBuild) {
    note(`building ${manifest.name ?? dir}`);
    await manager.build(dir, signal);
  }
}

/** Files of the root itself may decide how its workspaces are built: tsconfig.base.json. Pages to read do not. */
async function sharedSettings(root: string): Promise<TarEntry[]> {
  const files = (await readdir(root, { withFileTypes: true })).filter((file) => file.isFile());
  return files.flatMap(({ name }) =>
    /\.(json|jsonc|js|mjs|cjs|ts|mts|cts)$/.test(name) && name !== 'package-lock.json'
      ? [{ type: 'file' as const, path: `root/${name}`, executable: false, content: { file: join(root, name) } }]
      : [],
  );
}

/** The compilers and bundlers that the lock file has for the build. */
const lockedTools = (project: Project): TarEntry => ({
  type: 'file',
  path: 'lock',
  executable: false,
  content: Buffer.from(JSON.stringify(project.closure('build').lock)),
});
