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
  const start = dirname(fileURLToPath(moduleUrl));
  for (let folder = start; ; folder = dirname(folder)) {
    if (existsSync(join(folder, path))) return folder;
    if (folder === dirname(folder)) throw new Bug(`${path} is not above ${start}`);
  }
}
