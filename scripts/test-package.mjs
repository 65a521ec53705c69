// `npm run test:package`: the tests of the published package on every Node that it supports, the oldest first.
// Each Node comes from the npm registry (package "node").
import { spawnSync } from 'node:child_process';
import { root, safeEnvironment, say, setUp } from './setup.mjs';

const VERSIONS = ['20.19.0', '22', '24'];

setUp();
const failed = VERSIONS.filter((version) => {
  say(`\nNode ${version} ...`);
  const test = ['node', 'node_modules/vitest/vitest.mjs', 'run', 'test/package'];
  const { status } = spawnSync('npx', ['--yes', '--package', `node@${version}`, ...test], {
    cwd: root,
    stdio: 'inherit',
    env: safeEnvironment(),
  });
  return status !== 0;
});
say(failed.length === 0 ? `Works on Node ${VERSIONS.join(', ')}.` : `Does not work on Node ${failed.join(', ')}.`);
process.exitCode = failed.length === 0 ? 0 : 1;
