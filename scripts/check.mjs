// `npm run check`: types, lint and format, arrows. Everything is run, then everything is reported.
import { spawnSync } from 'node:child_process';
import { root, say } from './setup.mjs';

const checks = [
  ['types', ['typescript/bin/tsc', '-p', '.']],
  ['types of the worker', ['typescript/bin/tsc', '-p', 'worker']],
  ['lint and format', ['@biomejs/biome/bin/biome', 'check', '--error-on-warnings', '.']],
  [
    'arrows',
    [
      'dependency-cruiser/bin/dependency-cruise.mjs',
      '--config',
      '.dependency-cruiser.cjs',
      'src',
      'state',
      'worker/main.ts',
      'worker/workflows.ts',
    ],
  ],
  ['docs that are made from the sources', ['tsx/dist/cli.mjs', 'scripts/docs.mjs', '--check']],
];
const failed = checks.filter(([name, [script, ...args]]) => {
  say(`${name} ...`);
  return spawnSync(process.execPath, [`node_modules/${script}`, ...args], { cwd: root, stdio: 'inherit' }).status !== 0;
});
say(failed.length === 0 ? 'All checks passed.' : `Failed: ${failed.map(([name]) => name).join(', ')}.`);
process.exitCode = failed.length === 0 ? 0 : 1;
