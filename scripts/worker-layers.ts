// Part of the set-up of `npm test`: what npm downloads for the workers that the pages of docs deploy. Runs through tsx.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { BlobStore } from '../src/image/blob.ts';
import { dependencyLayer } from '../src/image/dependencies.ts';
import { installationOf } from '../src/image/installation.ts';
import { hostPlatform } from '../src/image/platform.ts';
import { openProject } from '../src/image/project.ts';
import { copyStarter } from '../src/image/starter.ts';
import { cacheDir, root, say } from './setup.mjs';

const scratch = mkdtempSync(join(tmpdir(), 'temporal-fargate-layers-'));
const starter = join(scratch, 'worker');
copyStarter(join(root, 'dist/starter'), starter);
const workers = [
  { folder: starter, scripts: false },
  { folder: join(root, 'dist/worker'), scripts: true },
];
for (const { folder, scripts } of workers) {
  const options = { platform: hostPlatform(), scripts };
  await dependencyLayer(installationOf(openProject(folder)), options, new BlobStore(cacheDir), { cacheDir, note: say });
}
rmSync(scratch, { recursive: true });
