import { execFileSync, spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { homedir, tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { cliEnvironment } from '../helpers/cli.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const LARGEST_MB = 6;

const folder = mkdtempSync(join(tmpdir(), 'temporal-fargate-package-'));
const project = join(folder, 'project');
const home = join(folder, 'home');
const env = cliEnvironment(undefined, { TEMPORAL_FARGATE_HOME: home });

let tarball: string;
let files: string[];
let installed: string;

beforeAll(() => {
  // Built already, by what has set up these tests; other files of the suite run what lies there.
  const args = ['pack', '--json', '--ignore-scripts', '--pack-destination', folder];
  const [packed] = JSON.parse(execFileSync('npm', args, { cwd: ROOT, encoding: 'utf8', stdio: 'pipe' })) as [
    { filename: string; files: { path: string }[] },
  ];
  tarball = join(folder, packed.filename);
  files = packed.files.map(({ path }) => path);
  mkdirSync(project);
  writeFileSync(join(project, 'package.json'), '{ "private": true }\n');
  execFileSync('npm', ['install', '--offline', '--no-audit', '--no-fund', tarball], { cwd: project, stdio: 'pipe' });
  installed = join(project, 'node_modules/temporal-fargate');
});

afterAll(() => {
  rmSync(folder, { recursive: true, force: true });
});

/** What `npx temporal-fargate` runs in a project that has the package. */
function npx(...args: string[]): string {
  const bin = join(project, 'node_modules/.bin/temporal-fargate');
  const { status, stdout, stderr } = spawnSync(process.execPath, [bin, ...args], {
    cwd: project,
    env,
    encoding: 'utf8',
    timeout: 240_000,
  });
  expect(status, `temporal-fargate ${args.join(' ')}:\n${stderr}`).toBe(0);
  return stdout;
}

describe('the package as npm publishes it', () => {
  it(`has at most ${LARGEST_MB} MB, and installs nothing else`, () => {
    const megabytes = statSync(tarball).size / 1e6;
    process.stdout.write(`The package has ${megabytes.toFixed(2)} MB.\n`);
    expect(megabytes).toBeLessThan(LARGEST_MB);
    expect(readdirSync(join(project, 'node_modules')).filter((name) => !name.startsWith('.'))).toEqual([
      'temporal-fargate',
    ]);
  });

  it('has no test, no source map and no path of the machine that built it', () => {
    // The starter's own tests belong to what a user copies.
    const strangers = files.filter((path) => /(^|\/)test\/|\.test\.|\.map$|__pycache__/.test(path));
    expect(strangers.filter((path) => !path.startsWith('dist/starter/test/'))).toEqual([]);
    for (const path of files) {
      const text = readFileSync(join(installed, path), 'latin1');
      for (const machine of [ROOT, `${homedir()}/`])
        expect(text.includes(machine), `${machine} in ${path}`).toBe(false);
    }
  });

  it('names the licence of everything that is bundled in it', () => {
    const text = readFileSync(join(installed, 'dist/THIRD-PARTY-LICENSES.txt'), 'utf8');
    for (const name of ['@aws-sdk/client-ec2', '@temporalio/client', '@temporalio/worker', 'commander', 'ora', 'zod'])
      expect(text).toMatch(new RegExp(`^${name} \\d+\\.\\d+\\.\\d+ \\((MIT|Apache-2\\.0)\\)$`, 'm'));
    expect(text).toContain('Apache License');
    expect(text).not.toMatch(/\((A?GPL|UNLICENSED|undefined)/);
  });

  it('shows its help and its version', () => {
    expect(npx('--help')).toContain('temporal-fargate [options] [command]');
    const { version } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as { version: string };
    expect(npx('--version').trim()).toBe(version);
  });

  it('writes a worker with the files that npm leaves out of packages', () => {
    npx('worker', 'init', 'mine');
    expect(readFileSync(join(project, 'mine/.gitignore'), 'utf8')).toContain('node_modules');
    expect(readdirSync(join(project, 'mine'))).toEqual(expect.arrayContaining(['package.json', 'workflows.ts']));
  });

  it('does the main job: init, trigger, destroy, on a sandbox of its own', { timeout: 600_000 }, () => {
    try {
      npx('sandbox', 'start');
      expect(npx('init', '--sandbox', '--yes')).toContain('as a poller of');
      expect(npx('trigger', '--sandbox')).toMatch(/^s3:\/\//);
      expect(npx(...'destroy --sandbox --yes --purge --delete-data --confirm dev'.split(' '))).toContain('0 left');
    } finally {
      npx('sandbox', 'stop');
    }
  });
});
