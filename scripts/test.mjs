// `npm test`: sets up what is missing and runs every test. Arguments are passed on to vitest.
import { spawnSync } from 'node:child_process';
import { mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { cacheDir, root, safeEnvironment, say, setUp } from './setup.mjs';

setUp();
mkdirSync(cacheDir, { recursive: true });
const report = join(cacheDir, 'test-report.json');
say('Running the tests (usually 5 minutes) ...');
const { status } = spawnSync(
  process.execPath,
  [
    'node_modules/vitest/vitest.mjs',
    'run',
    '--reporter=default',
    '--reporter=json',
    `--outputFile.json=${report}`,
    ...process.argv.slice(2),
  ],
  { cwd: root, stdio: 'inherit', env: safeEnvironment() },
);
const { numPassedTests, numFailedTests, numFailedTestSuites } = JSON.parse(readFileSync(report, 'utf8'));
// A file that could not even be loaded has no failed test, but it has failed.
const failed = numFailedTests || (status === 0 ? 0 : Math.max(1, numFailedTestSuites));
process.stdout.write(`${numPassedTests} passed, ${failed} failed\n`);
process.exitCode = status ?? 1;
