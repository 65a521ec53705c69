import { join, relative, resolve } from 'node:path';
import { shellWord } from '../config/repeat.ts';
import { EXIT } from '../errors.ts';
import { copyStarter, packageName } from '../image/starter.ts';
import { folderWith } from '../package-files.ts';
import type { CommandInput } from './input.ts';

const DEFAULT_DIR = 'worker';

/** `worker init`: a worker of the user's own to begin with. Asks nobody, calls no AWS. */
export async function workerInit({ io, flags }: CommandInput): Promise<number> {
  const folder = resolve(String(flags.own.dir ?? DEFAULT_DIR));
  const starter = join(folderWith('starter/package.json', import.meta.url), 'starter');
  const files = copyStarter(starter, folder);
  const below = relative('', folder) || '.';
  const dir = shellWord(below.startsWith('..') ? folder : below);
  io.result(
    [
      `The worker is in ${dir}; its README.md says what is what.`,
      'Next:',
      `  (cd ${dir} && npm ci && npm test)`,
      '  temporal-fargate sandbox start && temporal-fargate init --sandbox --yes',
      `  temporal-fargate worker dev --worker-dir ${dir} --task-queue ${packageName(folder)}`,
      `and for AWS: temporal-fargate init --worker-dir ${dir}`,
    ].join('\n'),
    { folder, files },
  );
  return EXIT.done;
}
