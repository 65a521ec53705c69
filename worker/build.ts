import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { bundleCode } from './bundle-code.ts';
import { bundleWorkflows } from './bundle-workflows.ts';

/**
 * Makes what runs in the image, so that nothing is compiled when a task starts: `main.js`, `workflow-worker-thread.js`,
 * `workflow-bundle.js` and a package.json that says which kind of module they are. The same sources give the same bytes in
 * whatever folder they lie, which is what keeps the image's digest the same.
 */
export async function buildWorker(sourceDir: string, outDir: string): Promise<void> {
  await rm(outDir, { recursive: true, force: true });
  await mkdir(outDir, { recursive: true });
  await bundleCode(sourceDir, outDir);
  await writeFile(join(outDir, 'workflow-bundle.js'), await bundleWorkflows(sourceDir));
  await writeFile(join(outDir, 'package.json'), '{ "type": "commonjs" }\n');
}

if (import.meta.filename === process.argv[1]) {
  await buildWorker(import.meta.dirname, join(import.meta.dirname, 'dist'));
}
