import { existsSync, readFileSync } from 'node:fs';
import { join, posix } from 'node:path';
import { entryOf, type Manifest, readManifest } from './manifest.ts';
import { npmPackedFiles } from './npm.ts';
import { folderEntries, type TarEntry } from './tar.ts';

/** What never decides what is built: installed packages, version control, notes of tools, settings of one machine. */
const NOT_SOURCE = /(^|\/)(node_modules|\.git|\.turbo|\.DS_Store|\.env(\.[^/]+)?|[^/]+\.(log|tsbuildinfo))(\/|$)/;
/** What never belongs into an image, also when no ignore file says so: other packages, and secrets. */
const NOT_SHIPPED = /(^|\/)(node_modules|\.env(\.[^/]+)?)(\/|$)/;
/** Folders that build scripts write by convention; others count when git ignores them. */
const OUTPUT = /^(dist|build|out)$/;

/** A package of the user's own: the worker, or one that is linked to it. */
export class LocalPackage {
  readonly dir: string;
  readonly manifest: Manifest;
  /** Folders in it that its build script writes. */
  private readonly outputs: readonly string[];

  /** @param dir absolute @param root where the lock file is, whose .gitignore counts too */
  constructor(dir: string, root: string) {
    this.dir = dir;
    this.manifest = readManifest(dir);
    this.outputs = this.hasBuild ? outputFolders(this.manifest, new Set([...ignored(dir), ...ignored(root)])) : [];
  }

  get hasBuild(): boolean {
    return this.manifest.scripts?.build !== undefined;
  }

  /** What it is built from, below `place`. What the build writes follows from that, and need not be there yet. */
  sources(place: string): Promise<TarEntry[]> {
    return folderEntries(this.dir, place, (path) => !NOT_SOURCE.test(path) && !this.isOutput(path));
  }

  /**
   * What an image takes of it, below `place`: what npm would publish. Without `files` in its package.json that leaves
   * out what git ignores, and with it all that was built, so what was built is added.
   */
  async shipped(place: string, signal?: AbortSignal): Promise<TarEntry[]> {
    const packed = new Set(await npmPackedFiles(this.dir, signal));
    const addOutputs = this.manifest.files === undefined;
    const entries = await folderEntries(
      this.dir,
      place,
      (path) => !NOT_SHIPPED.test(path) && (packed.has(path) || (addOutputs && this.isOutput(path))),
    );
    // A link may lead out of the package, and npm would not publish it either.
    return entries.filter(({ type }) => type !== 'symlink');
  }

  private isOutput(path: string): boolean {
    return this.outputs.some((output) => path === output || path.startsWith(`${output}/`));
  }
}

function outputFolders(manifest: Manifest, gitIgnored: ReadonlySet<string>): string[] {
  const targets = [entryOf(manifest), ...strings([manifest.main, manifest.module, manifest.types, manifest.exports])];
  const folders = new Set(targets.map((target) => posix.normalize(target).split('/')[0] ?? ''));
  return [...folders].filter((folder) => OUTPUT.test(folder) || gitIgnored.has(folder));
}

function strings(value: unknown): string[] {
  if (typeof value === 'string') return [value];
  return typeof value === 'object' && value !== null ? Object.values(value).flatMap(strings) : [];
}

/** Names that a .gitignore has by themselves, such as "dist" or "/dist/". */
function ignored(dir: string): string[] {
  const file = join(dir, '.gitignore');
  if (!existsSync(file)) return [];
  return readFileSync(file, 'utf8')
    .split(/\r?\n/)
    .map((line) =>
      line
        .trim()
        .replace(/^(\*\*)?\//, '')
        .replace(/\/$/, ''),
    );
}
