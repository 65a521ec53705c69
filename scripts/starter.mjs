// What `worker init` copies: the sources of the bundled worker, as a package of their own.
import { cpSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { root } from './setup.mjs';

const worker = join(root, 'worker');
const NOT_COPIED = ['node_modules', 'dist'];

/** Fills `folder`. */
export function collectStarter(folder) {
  mkdirSync(folder, { recursive: true });
  for (const name of readdirSync(worker)) {
    if (NOT_COPIED.includes(name)) continue;
    // npm takes .gitignore files for its own instructions and leaves them out of what it publishes.
    cpSync(join(worker, name), join(folder, name === '.gitignore' ? 'gitignore' : name), { recursive: true });
  }
  writeFileSync(join(folder, 'Dockerfile'), ownDockerfile(readFileSync(join(root, 'Dockerfile'), 'utf8')));
}

/** The repository's Dockerfile builds the worker from the folder above it; in a package of its own it is that folder. */
function ownDockerfile(text) {
  return text.replaceAll('COPY worker/ ', 'COPY . ').replaceAll('worker/', '');
}
