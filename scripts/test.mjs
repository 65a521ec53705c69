// `npm test`: sets up what is missing and runs every test. Arguments are passed on to vitest.
// `--kill-matrix`: runs every cell of the kill matrix and nothing else; see test/faults.
import { spawnSync } from 'node:child_process';
import { mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { cacheDir, root, run, safeEnvironment, say, setUp } from './setup.mjs';

setUp();
// So that no test needs a network.
run(process.execPath, ['node_modules/tsx/dist/cli.mjs', 'scripts/python-worker.ts']);
mkdirSync(cacheDir, { recursive: true });
const report = join(cacheDir, 'test-report.json');
const killMatrix = process.argv.includes('--kill-matrix');
const args = process.argv.slice(2).filter((arg) => arg !== '--kill-matrix');
say(killMatrix ? 'Running the kill matrix (usually 15 minutes) ...' : 'Running the tests (usually 9 minutes) ...');
const { status } = spawnSync(
  process.execPath,
  [
    'node_modules/vitest/vitest.mjs',
    'run',
    '--reporter=default',
    '--reporter=json',
    `--outputFile.json=${report}`,
    ...(killMatrix ? ['test/faults/kill-'] : []),
    ...args,
  ],
  { cwd: root, stdio: 'inherit', env: { ...safeEnvironment(), ...(killMatrix ? { KILL_MATRIX: 'whole' } : {}) } },
);
const { numPassedTests, numFailedTests, numFailedTestSuites } = JSON.parse(readFileSync(report, 'utf8'));
// A file that could not even be loaded has no failed test, but it has failed.
const failed = numFailedTests || (status === 0 ? 0 : Math.max(1, numFailedTestSuites));
process.stdout.write(`${numPassedTests} passed, ${failed} failed\n`);
process.exitCode = status ?? 1;
