import { existsSync, readFileSync } from 'node:fs';
import { join, normalize } from 'node:path';
import * as z from 'zod';
import { type UserError, usageError } from '../errors.ts';
import type { BaseImage } from './base.ts';
import { nodeImageSource } from './node-image.ts';
import { npmBuild, npmPackedFiles } from './npm.ts';
import type { ImageSource } from './source.ts';
import { folderEntries } from './tar.ts';

const manifest = z.object({
  name: z.string().optional(),
  main: z.string().min(1),
  scripts: z.record(z.string(), z.string()).optional(),
});
const lockFile = z.object({
  packages: z.record(z.string(), z.object({ link: z.boolean().optional() })),
});

/** What never decides what is built: installed packages, version control, notes of editors and tools. */
const NOT_SOURCE = /(^|\/)(node_modules|\.git|\.DS_Store|[^/]*\.log)(\/|$)/;

/**
 * A Node package of the user's: built by its own `build` script in its own folder, then what `npm pack` would take of it
 * and its locked production dependencies. Node runs its `main`.
 *
 * @param dir folder with package.json and package-lock.json
 * @throws UserError BAD_WORKER when the folder is no such package
 */
export function workerFolderSource(dir: string, base: BaseImage): ImageSource {
  const { name = 'worker', main, scripts } = readManifest(dir);
  refuseLinks(dir);
  const entry = normalize(main).replaceAll('\\', '/');
  const built = scripts?.build === undefined ? undefined : entry.split('/')[0];
  // What the build writes follows from the rest, and need not be there yet.
  const isInput = (path: string): boolean => !NOT_SOURCE.test(path) && !(built && path.startsWith(`${built}/`));

  return nodeImageSource({
    name: `${name} of ${dir}`,
    workerDir: dir,
    base,
    inputs: () => folderEntries(dir, 'app', isInput),
    async app({ note, signal }) {
      if (built !== undefined) {
        if (!existsSync(join(dir, 'node_modules')))
          throw badWorker(dir, 'its packages are not installed, and its build needs them', 'Run npm ci there first.');
        note(`building ${name}`);
        await npmBuild(dir, signal);
      }
      if (!existsSync(join(dir, entry)))
        throw badWorker(dir, `${entry}, its "main", is not there after the build`, 'Mend "main" or the build script.');
      const files = new Set(await npmPackedFiles(dir, signal));
      return folderEntries(dir, 'app', (path) => !path.startsWith('node_modules/') && files.has(path));
    },
    command: ['.'],
  });
}

function readManifest(dir: string): z.infer<typeof manifest> {
  for (const file of ['package.json', 'package-lock.json']) {
    if (existsSync(join(dir, file))) continue;
    const fix =
      file === 'package.json' ? 'Name the folder of a Node package.' : 'Run npm install there, which writes it.';
    throw badWorker(dir, `it has no ${file}`, fix);
  }
  const parsed = manifest.safeParse(json(dir, 'package.json'));
  if (parsed.success) return parsed.data;
  throw badWorker(
    dir,
    'its package.json has no "main", the file that Node is to run',
    'Write for example "main": "dist/main.js".',
  );
}

/** A linked package lies outside of the folder: the image would hold a link to nowhere. */
function refuseLinks(dir: string): void {
  const parsed = lockFile.safeParse(json(dir, 'package-lock.json'));
  if (!parsed.success)
    throw badWorker(dir, 'its package-lock.json is of an old version', 'Run npm install with npm 9 or newer there.');
  const links = Object.entries(parsed.data.packages).flatMap(([path, { link }]) =>
    link ? [path.replace(/^node_modules\//, '')] : [],
  );
  if (links.length === 0) return;
  const fix = 'Publish them, or build an image with Docker from the whole repository.';
  throw badWorker(dir, `it depends on linked packages (${links.join(', ')}), which are not in it`, fix);
}

function json(dir: string, file: string): unknown {
  try {
    return JSON.parse(readFileSync(join(dir, file), 'utf8'));
  } catch (cause) {
    throw badWorker(
      dir,
      `its ${file} cannot be read (${(cause as Error).message})`,
      'Mend it, or name another folder.',
    );
  }
}

const badWorker = (dir: string, problem: string, fix: string): UserError =>
  usageError(`--worker-dir ${dir}: ${problem}`, fix, 'BAD_WORKER');
