import { existsSync } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { badWorker } from './manifest.ts';
import { hostPlatform, type Platform } from './platform.ts';

/** What a package may run when it is installed. With a binding.gyp, npm compiles without being told. */
const SCRIPTS = ['preinstall', 'install', 'postinstall'];
/** Their scripts only print something. */
const ONLY_PRINTS = new Set(['protobufjs', 'core-js', 'core-js-pure']);

interface InstalledManifest {
  readonly name?: string;
  readonly version?: string;
  readonly scripts?: Readonly<Record<string, string>>;
  readonly optionalDependencies?: Readonly<Record<string, string>>;
}

/**
 * The packages that were installed without the script that would have made them whole: compiled or downloaded something.
 * One that brings its native code, inside or in a package for the platform, needs no script.
 *
 * @param folders those that have a node_modules, relative to `root`
 * @returns "name@version", sorted
 */
export async function packagesWithScripts(root: string, folders: readonly string[]): Promise<string[]> {
  const found = new Set<string>();
  for (const folder of folders) {
    for await (const dir of packagesIn(join(root, folder, 'node_modules'))) {
      const manifest = await installedManifest(dir);
      if (manifest?.name === undefined || ONLY_PRINTS.has(manifest.name)) continue;
      if (hasScript(dir, manifest) && !hasPlatformPackage(dir, manifest) && !(await hasNativeCode(dir)))
        found.add(`${manifest.name}@${manifest.version}`);
    }
  }
  return [...found].sort();
}

/** Scripts compile for the machine they run on. */
export function refuseForeignScripts(dir: string, platform: Platform, host: string = thisMachine()): void {
  if (platform === host) return;
  const problem = `its install scripts would make native code for ${host}, and the tasks are ${platform}`;
  const fix = 'Leave --allow-install-scripts out, run this on such a machine, or choose its --architecture.';
  throw badWorker(dir, problem, fix);
}

/** What is compiled here needs the C library of here; that of the tasks is glibc. */
function thisMachine(): string {
  const { header } = process.report.getReport() as unknown as { header: { glibcVersionRuntime?: string } };
  const host = hostPlatform();
  return host.startsWith('linux/') && header.glibcVersionRuntime === undefined ? `${host} with musl` : host;
}

const hasScript = (dir: string, { scripts }: InstalledManifest): boolean =>
  SCRIPTS.some((name) => scripts?.[name] !== undefined) || existsSync(join(dir, 'binding.gyp'));

/** esbuild, @swc/core: the native code is an optional dependency of its own for each platform. */
function hasPlatformPackage(dir: string, { optionalDependencies }: InstalledManifest): boolean {
  const around = [join(dir, 'node_modules'), dir.slice(0, dir.lastIndexOf('node_modules') + 'node_modules'.length)];
  return Object.keys(optionalDependencies ?? {}).some((name) => around.some((place) => existsSync(join(place, name))));
}

async function hasNativeCode(dir: string): Promise<boolean> {
  const files = await readdir(dir, { recursive: true });
  return files.some((path) => path.endsWith('.node'));
}

async function* packagesIn(nodeModules: string): AsyncGenerator<string> {
  if (!existsSync(nodeModules)) return;
  for (const entry of await readdir(nodeModules, { withFileTypes: true })) {
    if (!entry.isDirectory() || entry.name.startsWith('.')) continue;
    const dir = join(nodeModules, entry.name);
    if (entry.name.startsWith('@')) yield* packagesIn(dir);
    else {
      yield dir;
      yield* packagesIn(join(dir, 'node_modules'));
    }
  }
}

async function installedManifest(dir: string): Promise<InstalledManifest | undefined> {
  try {
    return JSON.parse(await readFile(join(dir, 'package.json'), 'utf8')) as InstalledManifest;
  } catch {
    return undefined;
  }
}
