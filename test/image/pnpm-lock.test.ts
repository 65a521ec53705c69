import { describe, expect, it } from 'vitest';
import { parsePnpmLock, pnpmClosure } from '../../src/image/pnpm-lock.ts';

/** As pnpm 10 writes it, with its ways to write keys, aliases, peers and long texts. */
const LOCK = `lockfileVersion: '9.0'

settings:
  autoInstallPeers: true

overrides:
  is-number: 7.0.0

importers:

  .:
    devDependencies:
      typescript:
        specifier: 5.9.3
        version: 5.9.3

  packages/shared:
    dependencies:
      '@scope/a':
        specifier: ^1.0.0
        version: 1.0.0(peer@2.0.0)
    devDependencies:
      vitest:
        specifier: '4'
        version: 4.0.0

  packages/web:
    dependencies:
      react:
        specifier: '19'
        version: 19.0.0

  packages/worker:
    dependencies:
      '@acme/shared':
        specifier: workspace:^
        version: link:../shared
      alias:
        specifier: npm:real@1.0.0
        version: real@1.0.0
    devDependencies:
      tools:
        specifier: workspace:*
        version: link:../../tools

  tools: {}

packages:

  '@scope/a@1.0.0':
    resolution: {integrity: sha512-a}
    deprecated: |-
      Not any more.

      Use: something else
    peerDependencies:
      peer: ^2.0.0

  peer@2.0.0:
    resolution: {integrity: sha512-p}

  react@19.0.0:
    resolution: {integrity: sha512-r}

  real@1.0.0:
    resolution: {tarball: https://example.org/real.tgz}
    engines: {node: '>=18'}

  typescript@5.9.3:
    resolution: {integrity: sha512-t}

  vitest@4.0.0:
    resolution: {integrity: sha512-v}

snapshots:

  '@scope/a@1.0.0(peer@2.0.0)':
    dependencies:
      peer: 2.0.0

  peer@2.0.0: {}

  react@19.0.0: {}

  real@1.0.0:
    optionalDependencies:
      peer: 2.0.0

  typescript@5.9.3: {}

  vitest@4.0.0: {}
`;
const lock = () => {
  const parsed = parsePnpmLock(LOCK);
  if (parsed === undefined) throw new Error('not understood');
  return parsed;
};

describe('what a workspace needs of a pnpm-lock.yaml', () => {
  const needed = pnpmClosure(lock(), 'packages/worker', 'production');

  it('are local packages, each after those that it needs, and the links between them', () => {
    expect(needed.locals).toEqual(['packages/shared', 'packages/worker']);
    expect([...needed.links]).toEqual([['packages/worker/node_modules/@acme/shared', 'packages/shared']]);
    expect(pnpmClosure(lock(), 'packages/worker', 'build').locals).toEqual([
      'packages/shared',
      'tools',
      'packages/worker',
    ]);
  });

  it('are the packages that it runs with, by whatever name, and pnpm reads the rest as it was', () => {
    const again = parsePnpmLock(needed.lock);
    expect([...(again?.importers.keys() ?? [])]).toEqual(['packages/shared', 'packages/worker']);
    expect([...(again?.packages.keys() ?? [])]).toEqual(['@scope/a@1.0.0', 'peer@2.0.0', 'real@1.0.0']);
    expect([...(again?.snapshots.keys() ?? [])]).toEqual(['@scope/a@1.0.0(peer@2.0.0)', 'peer@2.0.0', 'real@1.0.0']);
    expect(needed.lock).toContain("'overrides':\n  is-number: 7.0.0\n");
    expect(needed.lock).toContain('    deprecated: |-\n      Not any more.\n\n      Use: something else\n');
    expect(needed.lock).not.toMatch(/devDependencies|vitest|typescript|react/);
  });

  it('is the same text however often it is taken', () => {
    const again = parsePnpmLock(needed.lock);
    expect(again && pnpmClosure(again, 'packages/worker', 'production').lock).toBe(needed.lock);
  });
});

it('a pnpm-lock.yaml of pnpm 8 is not understood', () => {
  expect(parsePnpmLock(LOCK.replace("'9.0'", "'6.0'"))).toBeUndefined();
});
