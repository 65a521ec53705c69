import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Bug } from './errors.ts';

/**
 * The nearest folder, from that of the module upwards, that holds `path`. From source a file lies beside the module that
 * uses it; in the published bundle the module is one of the files of `dist/` or of a folder in it, and the build has
 * copied the file to the top of `dist/`.
 */
export function folderWith(path: string, moduleUrl: string): string {
  const folder = findFolderWith(path, moduleUrl);
  if (folder === undefined) throw new Bug(`${path} is not above ${fileURLToPath(moduleUrl)}`);
  return folder;
}

/** The same of what only a build makes, and that a clone may be without. */
export function findFolderWith(path: string, moduleUrl: string): string | undefined {
  for (let folder = dirname(fileURLToPath(moduleUrl)); ; folder = dirname(folder)) {
    if (existsSync(join(folder, path))) return folder;
    if (folder === dirname(folder)) return undefined;
  }
}
