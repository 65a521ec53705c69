import { existsSync, readFileSync, statSync } from 'node:fs';
import { join, posix } from 'node:path';
import * as z from 'zod';
import { type UserError, usageError } from '../errors.ts';

const specs = z.record(z.string(), z.string()).optional();
const manifest = z.looseObject({
  name: z.string().optional(),
  version: z.string().optional(),
  main: z.string().optional(),
  exports: z.unknown().optional(),
  scripts: specs,
  packageManager: z.string().optional(),
  dependencies: specs,
  optionalDependencies: specs,
  peerDependencies: specs,
});
/** A package.json, as far as it matters here. */
export type Manifest = z.infer<typeof manifest>;

/** @throws UserError BAD_WORKER when there is none, or one that is no JSON object */
export function readManifest(dir: string): Manifest {
  const file = join(dir, 'package.json');
  if (!existsSync(file)) throw badWorker(dir, 'it has no package.json', 'Name the folder of a Node package.');
  const parsed = manifest.safeParse(readJson(dir, 'package.json'));
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  throw badWorker(
    dir,
    `its package.json has a wrong "${issue?.path.join('.')}" (${issue?.message})`,
    'Mend it; npm pkg fix may do so.',
  );
}

/** @throws UserError BAD_WORKER when the file is not JSON */
export function readJson(dir: string, file: string): unknown {
  try {
    return JSON.parse(readFileSync(join(dir, file), 'utf8'));
  } catch (cause) {
    const problem = `its ${file} cannot be read (${(cause as Error).message})`;
    throw badWorker(dir, problem, 'Mend it, or name another folder.');
  }
}

/**
 * The file that Node runs, relative to the package: "main", else what "exports" has for ".", else index.js. It need not
 * be there before the build.
 */
export function entryOf({ main, exports }: Manifest): string {
  const named = main || exported(exports) || 'index.js';
  return posix.normalize(named.replaceAll('\\', '/'));
}

/** As Node would find it: with the extension, or the index.js of a folder, left out. */
export function findEntry(dir: string, entry: string): string | undefined {
  const isFile = (path: string) => statSync(join(dir, path), { throwIfNoEntry: false })?.isFile() ?? false;
  return [entry, `${entry}.js`, posix.join(entry, 'index.js')].find(isFile);
}

/** Under these conditions a program that Node starts is looked up; the first in the order of the object wins. */
const CONDITIONS = new Set(['.', 'node', 'import', 'module-sync', 'require', 'default']);

function exported(exports: unknown): string | undefined {
  if (typeof exports === 'string') return exports;
  if (typeof exports !== 'object' || exports === null) return undefined;
  const targets = Array.isArray(exports) ? exports : withoutOtherConditions(exports);
  return targets.map(exported).find((target) => target !== undefined);
}

const withoutOtherConditions = (targets: object): unknown[] =>
  Object.entries(targets).flatMap(([condition, target]) => (CONDITIONS.has(condition) ? [target] : []));

export const badWorker = (dir: string, problem: string, fix: string): UserError =>
  usageError(`--worker-dir ${dir}: ${problem}`, fix, 'BAD_WORKER');
