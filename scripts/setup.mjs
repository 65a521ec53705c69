// Makes a fresh clone ready to run, with Node's built-ins only. Does nothing, and needs no network, once it is.
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const root = dirname(dirname(fileURLToPath(import.meta.url)));

/** Where tests and demo keep what is made once: the Python environment, image layers. Ignored by git. */
export const cacheDir = join(root, '.cache');

export function say(line) {
  process.stderr.write(`${line}\n`);
}

/** Runs a command to its end; throws with its name when it fails. */
export function run(command, args, options = {}) {
  const result = spawnSync(command, args, { cwd: root, stdio: ['ignore', 2, 2], ...options });
  if (result.error) throw result.error;
  if (result.status !== 0) throw new Error(`${command} ${args.join(' ')} failed with exit code ${result.status}`);
}

/** `npm ci` in `folder`, unless its node_modules was made from this very lock file. */
function install(folder, usually) {
  const lock = createHash('sha256')
    .update(readFileSync(join(root, folder, 'package-lock.json')))
    .digest('hex');
  const stamp = join(root, folder, 'node_modules', '.made-from-lock');
  if (existsSync(stamp) && readFileSync(stamp, 'utf8') === lock) return;
  say(`Installing npm packages in ${folder || '.'} (usually ${usually}) ...`);
  run('npm', ['ci', '--no-audit', '--no-fund', '--loglevel=error'], { cwd: join(root, folder) });
  writeFileSync(stamp, lock);
}

/** The environment in which tests and demo run: our own cache, no AWS settings of the person's, dummy credentials. */
export function safeEnvironment() {
  const env = Object.fromEntries(Object.entries(process.env).filter(([name]) => !/^(AWS|TEMPORAL)_/.test(name)));
  return {
    ...env,
    TEMPORAL_FARGATE_CACHE_DIR: cacheDir,
    AWS_ACCESS_KEY_ID: 'none',
    AWS_SECRET_ACCESS_KEY: 'none',
    AWS_ENDPOINT_URL: 'http://127.0.0.1:9',
    AWS_EC2_METADATA_DISABLED: 'true',
    AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED: 'true',
    AWS_CONFIG_FILE: join(cacheDir, 'no-aws-config'),
    AWS_SHARED_CREDENTIALS_FILE: join(cacheDir, 'no-aws-credentials'),
  };
}

export function setUp() {
  install('', '20 s');
  install('worker', '20 s');
  run(process.execPath, ['scripts/build.mjs']);
  run(process.execPath, ['dist/bin.js', 'sandbox', 'install'], { env: safeEnvironment() });
}
