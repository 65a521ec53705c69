import { existsSync, readFileSync } from 'node:fs';
import { dirname, join, relative, sep } from 'node:path';
import type { Closure, Extent } from './lock.ts';
import { badWorker, readJson, readManifest } from './manifest.ts';
import { npm } from './npm.ts';
import { type NpmLock, npmClosure, parseNpmLock } from './npm-lock.ts';
import type { PackageManager } from './package-manager.ts';
import { pnpm } from './pnpm.ts';
import { type PnpmLock, parsePnpmLock, pnpmClosure } from './pnpm-lock.ts';

/** Of each package manager, the names of its lock file; the first that is there counts. */
const LOCKS = {
  npm: ['npm-shrinkwrap.json', 'package-lock.json'],
  pnpm: ['pnpm-lock.yaml'],
  yarn: ['yarn.lock'],
  bun: ['bun.lock', 'bun.lockb'],
} as const;
type ManagerName = keyof typeof LOCKS;

/** The user's repository, as the lock file that knows the worker's package sees it. */
export interface Project {
  /** Absolute: where the lock file lies. */
  readonly root: string;
  /** Name of the lock file. */
  readonly lockName: string;
  readonly manager: PackageManager;
  /** Folder of the worker's package, relative to `root`: "" or "packages/worker". */
  readonly worker: string;
  closure(extent: Extent): Closure;
}

/**
 * Finds the lock file of a package: its own, or that of a workspace above which it belongs to.
 *
 * @param dir absolute
 * @throws UserError BAD_WORKER when it is no package, or none of npm or pnpm with a lock file
 */
export function openProject(dir: string): Project {
  readManifest(dir);
  for (let root = dir; ; root = dirname(root)) {
    const project = projectAt(root, relative(root, dir).split(sep).join('/'), dir);
    if (project !== undefined) return project;
    if (dirname(root) === root) break;
  }
  throw badWorker(
    dir,
    'it has no package-lock.json or pnpm-lock.yaml, and it is a workspace of no folder above that has one',
    'Run npm install there, which writes it.',
  );
}

function projectAt(root: string, worker: string, dir: string): Project | undefined {
  const managers = (Object.keys(LOCKS) as ManagerName[]).filter((name) => lockIn(root, name) !== undefined);
  const name = managers.length > 1 ? chosen(root, managers, dir) : managers[0];
  const lockName = name && lockIn(root, name);
  if (lockName === undefined) return undefined;
  switch (name) {
    case 'npm': {
      const lock = mustKnow(parseNpmLock(readJson(root, lockName)), dir, lockName, 'npm install with npm 9 or newer');
      const closure = (extent: Extent) => npmClosure(lock, worker, extent);
      return worker in lock ? { root, lockName, manager: npm, worker, closure } : undefined;
    }
    case 'pnpm': {
      const text = readFileSync(join(root, lockName), 'utf8');
      const lock = mustKnow(parsePnpmLock(text), dir, lockName, 'pnpm install with pnpm 10 or newer');
      const closure = (extent: Extent) => pnpmClosure(lock, worker, extent);
      return lock.importers.has(worker || '.') ? { root, lockName, manager: pnpm, worker, closure } : undefined;
    }
    default: {
      // Above the package it may be that of something else.
      if (worker !== '' && !declaresWorkspaces(root)) return undefined;
      const fix = 'Use npm or pnpm there, or build an image with Docker and give it with --image.';
      throw badWorker(dir, `its packages are locked by ${name} (${lockName}), which is not understood`, fix);
    }
  }
}

const lockIn = (root: string, manager: ManagerName): string | undefined =>
  LOCKS[manager].find((name) => existsSync(join(root, name)));

/** Several lock files in one folder: package.json may say which of them counts. */
function chosen(root: string, managers: readonly ManagerName[], dir: string): ManagerName {
  const said = existsSync(join(root, 'package.json')) ? readManifest(root).packageManager : undefined;
  const name = managers.find((manager) => said?.startsWith(`${manager}@`));
  if (name !== undefined) return name;
  const locks = managers.map((manager) => lockIn(root, manager)).join(' and ');
  throw badWorker(
    dir,
    `${root} has ${locks}, and nothing says which counts`,
    'Remove one, or write "packageManager": "npm@11.0.0" (or pnpm) into the package.json beside them.',
  );
}

const declaresWorkspaces = (root: string): boolean =>
  existsSync(join(root, 'package.json')) && readManifest(root).workspaces !== undefined;

function mustKnow<T extends NpmLock | PnpmLock>(lock: T | undefined, dir: string, name: string, how: string): T {
  if (lock !== undefined) return lock;
  throw badWorker(dir, `its ${name} is of another version`, `Run ${how} there.`);
}
