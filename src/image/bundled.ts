import { join } from 'node:path';
import type { BaseImage } from './base.ts';
import { installationOf } from './installation.ts';
import { nodeImageSource } from './node-image.ts';
import { openProject } from './project.ts';
import type { ImageSource } from './source.ts';
import { folderEntries } from './tar.ts';

/**
 * The worker that comes with this program, built when the program was.
 *
 * @param workerDir with package.json, package-lock.json and `dist`: main.js, workflow-bundle.js, package.json
 */
export function bundledWorkerSource(workerDir: string, base: BaseImage): ImageSource {
  const app = () => folderEntries(join(workerDir, 'dist'), 'app');
  const installation = installationOf(openProject(workerDir));
  return nodeImageSource({ name: 'the bundled worker', installation, base, inputs: app, app, command: ['main.js'] });
}
