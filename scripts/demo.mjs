// `npm run demo`: the product's main job from beginning to end on a sandbox. No AWS account, no Docker.
import { spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { root, safeEnvironment, say, setUp } from './setup.mjs';

setUp();

const home = mkdtempSync(join(tmpdir(), 'temporal-fargate-demo-'));
const env = {
  ...safeEnvironment(),
  TEMPORAL_FARGATE_HOME: home,
  // A key like a real one: it travels through the secret store to the worker, and nowhere else.
  TEMPORAL_API_KEY: randomBytes(24).toString('base64url'),
};

/** Shows a command and runs it as a person would. */
function show(why, ...args) {
  say(`\n# ${why}\n$ npx temporal-fargate ${args.join(' ')}`);
  const { status, signal } = spawnSync(process.execPath, [join(root, 'dist/bin.js'), ...args], {
    cwd: root,
    env,
    stdio: ['ignore', 'inherit', 'inherit'],
  });
  if (signal) throw new Error(`stopped by ${signal}`);
  if (status !== 0) throw new Error(`temporal-fargate ${args[0]} ended with exit code ${status}`);
}

// Ctrl-C reaches the command that runs; this process lives on to stop the sandbox.
process.on('SIGINT', () => undefined);
const startedAt = Date.now();
try {
  show('An AWS emulator that runs the tasks of ECS as processes, and a Temporal server', 'sandbox', 'start');
  show('The whole stack: network, image, secret, roles, service, scaling', 'init', '--sandbox', '--yes');
  show('What runs, and what Temporal says of it', 'status', '--sandbox');
  show('A workflow on the deployed worker; its result is the file that it wrote', 'trigger', '--sandbox');
  show('Again: nothing to do', 'init', '--sandbox', '--yes');
  show(
    'Everything down, with the proof that nothing is left',
    'destroy',
    '--sandbox',
    '--yes',
    '--purge',
    '--delete-data',
    '--confirm',
    'dev',
  );
  say(`\nThe demo took ${Math.round((Date.now() - startedAt) / 1000)} s.`);
} catch (error) {
  say(`\n✖ ${error.message}`);
  process.exitCode = 1;
} finally {
  show('And the sandbox itself', 'sandbox', 'stop');
  rmSync(home, { recursive: true, force: true });
}
