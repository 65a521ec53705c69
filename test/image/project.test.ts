import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openProject } from '../../src/image/project.ts';

let scratch: string;
beforeEach(() => {
  scratch = mkdtempSync(join(tmpdir(), 'project-'));
});
afterEach(() => rmSync(scratch, { recursive: true }));

const WORKER = 'packages/worker';
const PACKAGE = '{ "name": "orders" }';
const NPM = JSON.stringify({ lockfileVersion: 3, packages: { '': {}, [WORKER]: {} } });
const PNPM = "lockfileVersion: '9.0'\n\nimporters:\n\n  .: {}\n\n  packages/worker: {}\n";

/** Opens the worker of a repository with these files. */
function open(files: Readonly<Record<string, string>>, worker = WORKER) {
  for (const [path, text] of Object.entries({ [`${WORKER}/package.json`]: PACKAGE, ...files })) {
    mkdirSync(dirname(join(scratch, path)), { recursive: true });
    writeFileSync(join(scratch, path), text);
  }
  return openProject(join(scratch, worker));
}

describe('the lock file of a worker', () => {
  it.each([
    ['beside it, of npm', { [`${WORKER}/package-lock.json`]: NPM }, 'npm', WORKER, ''],
    ['beside it, of pnpm', { [`${WORKER}/pnpm-lock.yaml`]: PNPM }, 'pnpm', WORKER, ''],
    ['that npm publishes', { [`${WORKER}/npm-shrinkwrap.json`]: NPM }, 'npm', WORKER, ''],
    ['of the npm workspaces above', { 'package-lock.json': NPM }, 'npm', '', WORKER],
    ['of the pnpm workspace above', { 'pnpm-lock.yaml': PNPM }, 'pnpm', '', WORKER],
    [
      'above one that does not know it',
      { 'package-lock.json': NPM, 'packages/package-lock.json': '{ "packages": {} }' },
      'npm',
      '',
      WORKER,
    ],
    [
      'that package.json names, of two',
      { 'package-lock.json': NPM, 'pnpm-lock.yaml': PNPM, 'package.json': '{ "packageManager": "pnpm@10.0.0" }' },
      'pnpm',
      '',
      WORKER,
    ],
  ])('may be one %s', (_what, files, manager, root, worker) => {
    const project = open(files);
    expect(project).toMatchObject({ manager: { name: manager }, root: join(scratch, root), worker });
  });

  it.each([
    ['is of yarn', { [`${WORKER}/yarn.lock`]: '' }, /locked by yarn \(yarn\.lock\)/, /--image/],
    ['is of bun', { [`${WORKER}/bun.lock`]: '' }, /locked by bun/, /Use npm or pnpm/],
    ['above is of yarn', { 'yarn.lock': '', 'package.json': '{ "workspaces": [] }' }, /locked by yarn/, /npm or pnpm/],
    [
      'is one of two',
      { 'package-lock.json': NPM, 'yarn.lock': '' },
      /package-lock\.json and yarn\.lock/,
      /packageManager/,
    ],
    ['is of npm 6', { 'package-lock.json': '{ "lockfileVersion": 1 }' }, /of another version/, /npm 9 or newer/],
    ['is of pnpm 8', { 'pnpm-lock.yaml': "lockfileVersion: '6.0'\n" }, /of another version/, /pnpm 10 or newer/],
    ['does not know it', { 'package-lock.json': '{ "packages": {} }' }, /workspace of no folder above/, /npm install/],
  ])('that %s is refused with the way out', (_what, files, problem, fix) => {
    expect(() => open(files)).toThrow(
      expect.objectContaining({
        code: 'BAD_WORKER',
        message: expect.stringMatching(problem),
        fix: expect.stringMatching(fix),
      }),
    );
  });
});
