import { describe, expect, it } from 'vitest';
import { type NpmLock, npmClosure, parseNpmLock } from '../../src/image/npm-lock.ts';

/** A repository with a worker, what it links to for running and for building, and what is none of its business. */
const LOCK: NpmLock = {
  '': { workspaces: ['packages/*'], dependencies: { rooted: '1' }, devDependencies: { typescript: '5' } },
  'packages/worker': {
    dependencies: { '@acme/shared': '^1.0.0', ms: '1', outside: 'file:../../../outside' },
    devDependencies: { tools: '1', tsx: '4' },
    optionalDependencies: { fsevents: '2', gone: '1' },
    peerDependencies: { peer: '1', maybe: '1' },
    peerDependenciesMeta: { maybe: { optional: true } },
  },
  'packages/shared': { dependencies: { ms: '2' }, devDependencies: { vitest: '4' } },
  'packages/tools': { dependencies: { zod: '4' } },
  'packages/web': { dependencies: { react: '19' } },
  '../outside': { peerDependencies: { peer: '1' } },
  'node_modules/@acme/shared': { resolved: 'packages/shared', link: true },
  'node_modules/worker': { resolved: 'packages/worker', link: true },
  'node_modules/tools': { resolved: 'packages/tools', link: true },
  'node_modules/web': { resolved: 'packages/web', link: true },
  'node_modules/outside': { resolved: '../outside', link: true },
  'node_modules/ms': { version: '2' },
  'packages/worker/node_modules/ms': { version: '1', dependencies: { deep: '1' } },
  'packages/worker/node_modules/ms/node_modules/deep': { version: '1', dependencies: { loop: '1' } },
  'node_modules/deep': { version: '9' },
  'node_modules/loop': { version: '1', dependencies: { loop2: '1' } },
  'node_modules/loop2': { version: '1', dependencies: { loop: '1' } },
  'node_modules/fsevents': { version: '2', optional: true, os: ['darwin'] },
  'node_modules/peer': { version: '1' },
  'node_modules/maybe': { version: '1', dev: true },
  ...Object.fromEntries(
    ['rooted', 'typescript', 'tsx', 'vitest', 'zod', 'react'].map((name) => [`node_modules/${name}`, { version: '1' }]),
  ),
};
const places = (lock: unknown) => Object.keys(lock as NpmLock);

describe('what a workspace needs of a package-lock.json', () => {
  const { locals, links, unmet, lock } = npmClosure(LOCK, 'packages/worker', 'production');

  it('are the packages that Node finds from it, each where it lies, and no tools', () => {
    expect(places(lock)).toEqual([
      '../outside',
      'node_modules/@acme/shared',
      'node_modules/fsevents',
      'node_modules/loop',
      'node_modules/loop2',
      'node_modules/ms',
      'node_modules/outside',
      'node_modules/peer',
      'node_modules/worker',
      'packages/shared',
      'packages/worker',
      'packages/worker/node_modules/ms',
      'packages/worker/node_modules/ms/node_modules/deep',
    ]);
    expect((lock as NpmLock)['packages/worker']).not.toHaveProperty('devDependencies');
  });

  it('are local packages, each after those that it needs', () => {
    expect(locals.at(-1)).toBe('packages/worker');
    expect([...locals].sort()).toEqual(['../outside', 'packages/shared', 'packages/worker']);
    expect(links.get('node_modules/@acme/shared')).toBe('packages/shared');
    expect(unmet.size).toBe(0);
  });

  it('for building it are also its tools, and those of what it links to', () => {
    const built = npmClosure(LOCK, 'packages/worker', 'build');
    expect(built.locals).toContain('packages/tools');
    const all = places(built.lock);
    expect(all).toEqual(expect.arrayContaining(['node_modules/tsx', 'node_modules/vitest', 'node_modules/zod']));
    for (const foreign of ['node_modules/react', 'node_modules/rooted', 'packages/web', 'node_modules/maybe'])
      expect(all).not.toContain(foreign);
  });

  it('and nobody installs is named', () => {
    const lacking = { ...LOCK, '../outside': { dependencies: { ms: '2', pg: '8' }, optionalDependencies: { x: '1' } } };
    expect(npmClosure(lacking, 'packages/worker', 'production').unmet).toEqual(new Map([['../outside', ['pg']]]));
  });
});

it('a package-lock.json of npm 6 is not understood', () => {
  expect(parseNpmLock({ lockfileVersion: 1, dependencies: {} })).toBeUndefined();
  expect(parseNpmLock({ lockfileVersion: 3, packages: LOCK })).toEqual(LOCK);
});
