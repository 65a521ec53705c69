import { fileURLToPath } from 'node:url';

/** The built program, as it is published. */
export const BIN = fileURLToPath(new URL('../../dist/bin.js', import.meta.url));

/** Where tests keep what is made once, so that only the first run downloads it: Python environment, image layers. */
export const testCacheDir = fileURLToPath(new URL('../../.cache', import.meta.url));
