// `npm run test:properties -- --runs 100`: what may happen to a stack, in random order; see test/properties. `--seed` and
// `--path` repeat a failure that was printed; `--late` does it on an AWS whose reads lag; `--no-shrink` ends at the first.
import { spawnSync } from 'node:child_process';
import { parseArgs } from 'node:util';
import { root, safeEnvironment, setUp } from './setup.mjs';

const { values } = parseArgs({
  options: {
    runs: { type: 'string', default: '50' },
    seed: { type: 'string' },
    path: { type: 'string' },
    late: { type: 'boolean' },
    'no-shrink': { type: 'boolean' },
  },
});
setUp();
const { status } = spawnSync(
  process.execPath,
  ['node_modules/vitest/vitest.mjs', 'run', 'test/properties', ...(values.late ? ['-t', 'late'] : ['-t', 'prompt'])],
  {
    cwd: root,
    stdio: 'inherit',
    env: {
      ...safeEnvironment(),
      PROPERTY_RUNS: values.runs,
      PROPERTY_SEED: values.seed ?? String(Math.floor(Math.random() * 2 ** 31)),
      ...(values.path === undefined ? {} : { PROPERTY_PATH: values.path }),
      ...(values['no-shrink'] ? { PROPERTY_SHRINK: 'no' } : {}),
    },
  },
);
process.exitCode = status ?? 1;
