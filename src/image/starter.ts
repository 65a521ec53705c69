import { randomBytes } from 'node:crypto';
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { usageError } from '../errors.ts';

/** Under this name npm publishes it; a .gitignore it would leave out. */
const GITIGNORE = 'gitignore';

/** Moved last: a folder without it is no package yet. */
const MANIFEST = 'package.json';

/**
 * Copies the starter into a folder, under a package name that follows from the folder's. The folder is made where it is
 * missing; nothing in it is ever overwritten. The files are put together under another name and then moved, so that an
 * interrupted run leaves no half of them behind.
 *
 * @param starter folder with the files, as the build collects them
 * @returns names of the files and folders that are there now, sorted
 * @throws UserError WORKER_EXISTS when something in the folder has the name of one of them
 */
export function copyStarter(starter: string, target: string): string[] {
  const names = readdirSync(starter).map(targetName).sort();
  refuseExisting(names, target);
  const isThere = existsSync(target);
  // On the same file system: in a folder that is there already, which may be a mount, else beside the one to be.
  const draft = join(isThere ? target : dirname(target), `.worker-init-${randomBytes(6).toString('hex')}`);
  try {
    mkdirSync(dirname(draft), { recursive: true });
    cpSync(starter, draft, { recursive: true });
    renameSync(join(draft, GITIGNORE), join(draft, targetName(GITIGNORE)));
    for (const file of [MANIFEST, 'package-lock.json']) writeName(join(draft, file), packageName(target));
    if (isThere) moveInto(names, draft, target);
    else renameSync(draft, target);
    return names;
  } finally {
    if (existsSync(draft)) rmSync(draft, { recursive: true });
  }
}

/** "Orders Worker" -> "orders-worker": what npm takes for a name. */
export function packageName(folder: string): string {
  const name = basename(folder)
    .toLowerCase()
    .replace(/[^a-z0-9._-]+/g, '-')
    .replace(/^[._-]+|-+$/g, '');
  return name || 'worker';
}

const targetName = (name: string): string => (name === GITIGNORE ? '.gitignore' : name);

function refuseExisting(names: readonly string[], target: string): void {
  const there = existsSync(target) ? readdirSync(target) : [];
  const taken = names.filter((name) => there.includes(name));
  if (taken.length === 0) return;
  throw usageError(
    `${target} already has ${taken.join(', ')}`,
    'Nothing was written. Name another folder: temporal-fargate worker init <dir>',
    'WORKER_EXISTS',
  );
}

/** Into a folder that has other things; what was moved goes back when one cannot be. */
function moveInto(names: readonly string[], draft: string, target: string): void {
  const moved: string[] = [];
  try {
    for (const name of [...names.filter((name) => name !== MANIFEST), MANIFEST]) {
      renameSync(join(draft, name), join(target, name));
      moved.push(name);
    }
  } catch (error) {
    for (const name of moved) rmSync(join(target, name), { recursive: true });
    throw error;
  }
}

/** A package.json says its name once, a lock file twice. */
function writeName(path: string, name: string): void {
  const content = JSON.parse(readFileSync(path, 'utf8')) as { name: string; packages?: { '': { name: string } } };
  content.name = name;
  if (content.packages) content.packages[''].name = name;
  writeFileSync(path, `${JSON.stringify(content, null, 2)}\n`);
}
