// `npm test`: sets up what is missing and runs every test. Arguments are passed on to vitest.
// `--kill-matrix`, `--docs`: run one room and nothing else, and more of it than `npm test` does.
import { spawnSync } from 'node:child_process';
import { mkdirSync, readFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { forgetRecord, prove, record } from './proof.mjs';
import { cacheDir, root, run, safeEnvironment, say, setUp } from './setup.mjs';

/** How many files are named at the end with the time they took. */
const SLOWEST = 10;

/** The whole matrix of faults is `npm run faults`. */
const ROOMS = {
  '--kill-matrix': { says: 'the kills (usually 10 minutes)', files: 'test/faults/', env: { KILL_MATRIX: 'whole' } },
  '--docs': { says: 'all pages (usually 10 minutes)', files: 'test/docs/', env: { DOCS_RUN: 'whole' } },
};

setUp();
// So that no test needs a network.
for (const script of ['python-worker', 'worker-layers']) {
  run(process.execPath, ['node_modules/tsx/dist/cli.mjs', `scripts/${script}.ts`]);
}
mkdirSync(cacheDir, { recursive: true });
const report = join(cacheDir, 'test-report.json');
const room = Object.entries(ROOMS).find(([flag]) => process.argv.includes(flag))?.[1];
const args = process.argv.slice(2).filter((arg) => !(arg in ROOMS));
say(`Running ${room?.says ?? 'the tests (usually 9 minutes)'} ...`);
// Only all tests together need every permission that is printed.
const whole = room === undefined && args.length === 0;
if (whole) forgetRecord();
const { status } = spawnSync(
  process.execPath,
  [
    'node_modules/vitest/vitest.mjs',
    'run',
    '--reporter=default',
    '--reporter=json',
    `--outputFile.json=${report}`,
    ...(room ? [room.files] : []),
    ...args,
  ],
  {
    cwd: root,
    stdio: 'inherit',
    env: {
      ...safeEnvironment(),
      ...room?.env,
      ...(whole ? { AUTHORIZATION_RECORD: record } : {}),
    },
  },
);
const { numPassedTests, numFailedTests, numFailedTestSuites, testResults } = JSON.parse(readFileSync(report, 'utf8'));
if (testResults.length > SLOWEST) {
  const seconds = ({ startTime, endTime }) => Math.round((endTime - startTime) / 1000);
  const slowest = testResults.toSorted((a, b) => seconds(b) - seconds(a)).slice(0, SLOWEST);
  const lines = slowest.map((file) => `${String(seconds(file)).padStart(5)} s  ${relative(root, file.name)}\n`);
  process.stdout.write(`Slowest files:\n${lines.join('')}`);
}
// In CI a test that fails gets a second try, and passes by it: what failed first stays in the report.
for (const { name, assertionResults } of testResults) {
  for (const { status, fullName, failureMessages } of assertionResults) {
    if (status !== 'passed' || failureMessages.length === 0) continue;
    const [why] = failureMessages[0].split('\n');
    process.stdout.write(`Passed at the second try only: ${relative(root, name)}: ${fullName}: ${why}\n`);
  }
}
// A file that could not even be loaded has no failed test, but it has failed.
const failed = numFailedTests || (status === 0 ? 0 : Math.max(1, numFailedTestSuites));
const proof = whole ? prove() : { passed: 0, failed: 0 };
process.stdout.write(`${numPassedTests + proof.passed} passed, ${failed + proof.failed} failed\n`);
process.exitCode = status || Math.min(1, proof.failed);
