// Tries the printed IAM policies on all that the tests have asked of IAM: see test/policy/proof.ts.
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { cacheDir, root, safeEnvironment } from './setup.mjs';

/** Where every emulator of a whole run writes what it asks of IAM. */
export const record = join(cacheDir, 'authorizations.jsonl');

export function forgetRecord() {
  rmSync(record, { force: true });
}

/** @returns how many tests have passed and failed */
export function prove() {
  if (!existsSync(record)) return { passed: 0, failed: 1 };
  const report = join(cacheDir, 'proof-report.json');
  rmSync(report, { force: true });
  spawnSync(
    process.execPath,
    ['node_modules/vitest/vitest.mjs', 'run', '--reporter=default', '--reporter=json', `--outputFile.json=${report}`],
    { cwd: root, stdio: 'inherit', env: { ...safeEnvironment(), AUTHORIZATION_PROOF: record } },
  );
  if (!existsSync(report)) return { passed: 0, failed: 1 };
  const { numPassedTests, numFailedTests, numFailedTestSuites } = JSON.parse(readFileSync(report, 'utf8'));
  return { passed: numPassedTests, failed: numFailedTests || Math.min(1, numFailedTestSuites) };
}
