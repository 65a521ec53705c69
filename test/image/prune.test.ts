import { describe, expect, it } from 'vitest';
import { isNeededAtRuntime } from '../../src/image/prune.ts';

const BRIDGE = '@temporalio/core-bridge';

describe('what goes into the dependency layer for linux/arm64', () => {
  it.each([
    `${BRIDGE}/releases/aarch64-unknown-linux-gnu/index.node`,
    `${BRIDGE}/lib/index.js`,
    `${BRIDGE}/index.js`,
    `${BRIDGE}/package.json`,
    'ms/index.js',
    'ms/license.md',
    '@scope/tool/LICENSE.md',
    'tool/lib/test/helper.js',
    'outer/node_modules/inner/src/index.js',
    'protobufjs/src/index.js',
  ])('keeps %s', (path) => {
    expect(isNeededAtRuntime(path, 'linux/arm64')).toBe(true);
  });

  it.each([
    `${BRIDGE}/releases/x86_64-unknown-linux-gnu/index.node`,
    `${BRIDGE}/releases/aarch64-apple-darwin/index.node`,
    `${BRIDGE}/releases/x86_64-pc-windows-msvc/index.node`,
    `${BRIDGE}/sdk-core/crates/client/src/lib.rs`,
    `${BRIDGE}/bridge-macros/Cargo.toml`,
    `${BRIDGE}/src/lib.rs`,
    `${BRIDGE}/ts/index.ts`,
    `${BRIDGE}/Cargo.lock`,
    `outer/node_modules/${BRIDGE}/src/lib.rs`,
    '@temporalio/worker/src/worker.ts',
    '@temporalio/worker/lib/worker.d.ts',
    '@temporalio/worker/lib/worker.js.map',
    'ms/readme.md',
    'tool/test/all.js',
    '@scope/tool/__tests__/all.js',
    '.bin/tool',
    'outer/node_modules/.bin/tool',
    '.package-lock.json',
  ])('leaves out %s', (path) => {
    expect(isNeededAtRuntime(path, 'linux/arm64')).toBe(false);
  });
});
