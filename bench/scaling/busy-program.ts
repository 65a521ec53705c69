import { cpSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { BIN } from '../../test/helpers/paths.ts';
import { withActivities } from '../../test/worker/worker-process.ts';
import { bundleCode } from '../../worker/bundle-code.ts';

const ACTIVITIES = fileURLToPath(new URL('activities.ts', import.meta.url));

/** The built program with a worker in it whose activity burns processor time. @returns its bin.js */
export async function busyProgram(scratch: string): Promise<string> {
  const folder = join(scratch, 'program');
  cpSync(dirname(BIN), folder, { recursive: true });
  // The copy lies outside the package, whose package.json says that the bundle is ES modules.
  writeFileSync(join(folder, 'package.json'), '{"type":"module"}');
  // The workflows stay as they are, and so does their bundle.
  await bundleCode(withActivities(scratch, ACTIVITIES), join(folder, 'worker/dist'));
  return join(folder, 'bin.js');
}
