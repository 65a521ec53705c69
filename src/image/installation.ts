import { existsSync, readFileSync, statSync } from 'node:fs';
import { join, posix } from 'node:path';
import { type Closure, isOutside } from './lock.ts';
import { badWorker, type Manifest, readManifest } from './manifest.ts';
import type { NpmLock } from './npm-lock.ts';
import type { PackageManager } from './package-manager.ts';
import type { Project } from './project.ts';

/**
 * A folder to install a worker's packages in, apart from the user's own: what one lock file has for that worker, and the
 * manifests of its local packages. Places are relative, with "/".
 */
export interface Installation {
  readonly manager: PackageManager;
  /** Texts that decide what is installed, by place. */
  readonly files: ReadonlyMap<string, string>;
  /** Settings of this machine, and files whose digests the lock has: place -> path. */
  readonly copies: ReadonlyMap<string, string>;
  /** Folders that may get a node_modules. */
  readonly folders: readonly string[];
  /** Links between local packages: place -> folder. */
  readonly links: ReadonlyMap<string, string>;
}

/** @throws UserError BAD_WORKER when something that the lock names cannot be taken into an image */
export function installationOf(project: Project): Installation {
  const { root, manager } = project;
  const closure = project.closure('production');
  refuseUnmet(root, closure);
  const locals = closure.locals.filter((folder) => !isOutside(folder));
  const manifests = new Map(
    locals.map((folder) => [folder, production(readManifest(join(root, folder)), outsideNames(closure))]),
  );
  const workspaces = locals.filter((folder) => folder !== '').sort();
  manifests.set('', {
    ...(manifests.get('') ?? { name: 'workspace', private: true }),
    ...(existsSync(join(root, 'package.json')) && rules(readManifest(root))),
    ...(workspaces.length > 0 && { workspaces }),
  });

  const lock = manager.name === 'npm' ? npmLock(closure, manifests.get('') ?? {}) : String(closure.lock);
  const settings = 'pnpm-workspace.yaml';
  const files = new Map([...manifests].map(([folder, content]) => [posix.join(folder, 'package.json'), json(content)]));
  files.set(manager.name === 'npm' ? 'package-lock.json' : 'pnpm-lock.yaml', lock);
  if (manager.name === 'pnpm' && existsSync(join(root, settings)))
    files.set(settings, readFileSync(join(root, settings), 'utf8'));

  refuseFolders(root, lock);
  const copies = ['.npmrc', '.pnpmfile.cjs', '.pnpmfile.mjs', ...[...files.values()].flatMap(namedFiles)];
  return {
    manager,
    files,
    copies: new Map(copies.flatMap((place) => (existsSync(join(root, place)) ? [[place, join(root, place)]] : []))),
    folders: [...manifests.keys()],
    links: new Map([...closure.links].filter(([, folder]) => !isOutside(folder))),
  };
}

/** What decides which packages are installed for it, without those that npm would only link. */
function production(manifest: Manifest, unlinked: ReadonlySet<string>): Manifest {
  const { name, version, optionalDependencies, peerDependencies, peerDependenciesMeta } = manifest;
  const dependencies =
    manifest.dependencies &&
    Object.fromEntries(
      Object.entries(manifest.dependencies).filter(([key, spec]) => !(unlinked.has(key) && spec.startsWith('file:'))),
    );
  return { name, version, dependencies, optionalDependencies, peerDependencies, peerDependenciesMeta };
}

/** What the package.json beside the lock file says about everybody's dependencies. */
function rules({ packageManager, overrides, pnpm, resolutions, ...rest }: Manifest): Manifest {
  const own = { ...rest.dependencies, ...(rest.devDependencies as Manifest['dependencies']) };
  return { packageManager, pnpm, resolutions, overrides: withoutReferences(overrides, own) };
}

/** "$react" in an override stands for what the same package.json asks of react, which is not there in the copy. */
function withoutReferences(overrides: unknown, own: Readonly<Record<string, string>>): unknown {
  if (typeof overrides === 'string') return overrides.startsWith('$') ? own[overrides.slice(1)] : overrides;
  if (typeof overrides !== 'object' || overrides === null) return undefined;
  return Object.fromEntries(Object.entries(overrides).map(([name, rule]) => [name, withoutReferences(rule, own)]));
}

const outsideNames = ({ links }: Closure): ReadonlySet<string> =>
  new Set([...links].flatMap(([place, folder]) => (isOutside(folder) ? [nameOf(place)] : [])));

/** "packages/a/node_modules/@acme/b" -> "@acme/b" */
const nameOf = (place: string): string => place.split('node_modules/').at(-1) ?? place;

function npmLock({ lock, links }: Closure, top: Manifest): string {
  const outside = outsideNames({ links } as Closure);
  const packages = Object.entries(lock as NpmLock).flatMap(([place, entry]) => {
    if (isOutside(place) || isOutside(links.get(place) ?? '')) return [];
    const local = !place.includes('node_modules/');
    return [[place, local ? production(entry as Manifest, outside) : entry] as const];
  });
  const { workspaces } = top;
  const root = { ...Object.fromEntries(packages)[''], name: top.name, version: top.version, workspaces };
  const { name, version } = top;
  return json({
    name,
    version,
    lockfileVersion: 3,
    requires: true,
    packages: { ...Object.fromEntries(packages), '': root },
  });
}

/** npm installs nothing for a package outside of its root; in the image it finds what the worker has. */
function refuseUnmet(root: string, { unmet }: Closure): void {
  for (const [folder, names] of unmet) {
    if (!isOutside(folder)) continue;
    throw badWorker(
      root,
      `it depends on ${folder}, for which nobody installs ${names.join(', ')}`,
      `Make both workspaces of one package.json above them, or add ${names.join(', ')} to this package's dependencies.`,
    );
  }
}

/** Packages that are installed as copies of a folder: their code would have to be a layer of its own. */
function refuseFolders(root: string, lock: string): void {
  const folders = [...lock.matchAll(/"resolved": ?"file:([^"]+)"|\bdirectory: ([^,}\s]+)/g)]
    .map(([, npmFolder, pnpmFolder]) => npmFolder ?? pnpmFolder ?? '')
    .filter((folder) => !statSync(join(root, folder), { throwIfNoEntry: false })?.isFile());
  if (folders.length === 0) return;
  const fix = 'Have them linked: without install-links (npm) or injected (pnpm).';
  throw badWorker(root, `its lock file has copies of folders (${folders.join(', ')})`, fix);
}

/** Archives that lie beside the lock file, and patches, which pnpm's settings name as well. */
function namedFiles(text: string): string[] {
  const archives = text.matchAll(/"resolved": ?"file:([^"]+)"|tarball: file:([^,}\s]+)/g);
  const patches = text.matchAll(/([^\s'"]+\.patch)['"]?,?$/gm);
  return [...archives, ...patches].map(([, first, second]) => first ?? second ?? '');
}

const json = (value: unknown): string => `${JSON.stringify(value, undefined, 2)}\n`;
