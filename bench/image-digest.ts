// `npm run bench:digest [-- FOLDER [20 22 24]]`: whether a worker's image has one digest under several versions of Node,
// each with a cache and a umask of its own. Build first; the versions of Node come from npm.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { hostNodeBase } from '../src/image/base.ts';
import { bundledWorkerSource } from '../src/image/bundled.ts';
import { workerFolderSource } from '../src/image/worker-folder.ts';

const THIS_ONE = '--this-node';
const bundled = join(import.meta.dirname, '../dist/worker');
const [folder = bundled, ...versions] = process.argv.slice(2).filter((argument) => argument !== THIS_ONE);
if (process.argv.includes(THIS_ONE)) await printDigest(resolve(folder));
else compare(versions.length > 0 ? versions : ['20', '22', '24']);

/** Builds for a task on Graviton, as most are, in a cache that nobody else uses. */
async function printDigest(dir: string): Promise<void> {
  const cacheDir = mkdtempSync(join(tmpdir(), 'image-digest-'));
  try {
    const source = dir === bundled ? bundledWorkerSource(dir, hostNodeBase) : workerFolderSource(dir, hostNodeBase);
    const { manifest, layers } = await source.build('linux/arm64', { cacheDir, note: () => undefined });
    const parts = layers.map(({ digest, size }) => `${digest.slice(7, 19)} ${(size / 1e6).toFixed(2)} MB`);
    process.stdout.write(`${manifest.digest} (${parts.join(', ')})\n`);
  } finally {
    rmSync(cacheDir, { recursive: true });
  }
}

function compare(nodes: readonly string[]): void {
  const digests = nodes.map((version, index) => {
    const umask = ['022', '077', '002'][index % 3] ?? '022';
    const script = `umask ${umask}; node --version; npm --version; exec node --import tsx "$0" "$@"`;
    const again = [import.meta.filename, THIS_ONE, folder];
    const args = ['--yes', '--package', `node@${version}`, '--', 'sh', '-c', script, ...again];
    const { stdout, stderr, status } = spawnSync('npx', args, {
      encoding: 'utf8',
      cwd: join(import.meta.dirname, '..'),
    });
    if (status !== 0) throw new Error(stderr);
    const [node, npm, digest = ''] = stdout.trim().split('\n');
    process.stdout.write(`Node ${node}, npm ${npm}, umask ${umask}: ${digest}\n`);
    return digest;
  });
  process.stdout.write(new Set(digests).size === 1 ? 'The same digest.\n' : 'The digests differ.\n');
}
