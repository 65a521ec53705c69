import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join, posix } from 'node:path';
import { folderEntries, type TarEntry } from './tar.ts';

/**
 * The files of a folder that Docker may put into an image. Of .dockerignore only what is certain is left out, names and
 * paths without patterns: a file too many costs a build that was not needed, one too few a build that was.
 */
export async function dockerContext(dir: string): Promise<TarEntry[]> {
  const path = join(dir, '.dockerignore');
  const isIgnored = ignoredBy(existsSync(path) ? await readFile(path, 'utf8') : '');
  return folderEntries(dir, 'context', (file) => !isIgnored(file));
}

/** @param text of a .dockerignore, whose lines are patterns of paths from the folder on */
export function ignoredBy(text: string): (path: string) => boolean {
  const lines = text
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '' && !line.startsWith('#'));
  // An exception may bring back anything.
  if (lines.some((line) => line.startsWith('!'))) return () => false;
  const anywhere = new Set<string>();
  const fromHere: string[] = [];
  for (const line of lines) {
    const pattern = posix.normalize(line).replace(/^\/+|\/+$/g, '');
    const name = pattern.replace(/^\*\*\//, '');
    if (/[*?[\\]/.test(name)) continue;
    if (name === pattern) fromHere.push(pattern);
    else if (!name.includes('/')) anywhere.add(name);
  }
  return (path) =>
    fromHere.some((start) => path === start || path.startsWith(`${start}/`)) ||
    path.split('/').some((part) => anywhere.has(part));
}
