import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    // An assertion that never ran proves nothing.
    expect: { requireAssertions: true },
    env: { AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED: 'true' },
    // Test files mostly wait for emulators; more of them at once would only compete for the processor.
    maxWorkers: 2,
    // Real processes on a busy machine: once more in CI, where vitest's report names what needed it; never at home.
    retry: process.env.CI ? 1 : 0,
    testTimeout: 60_000,
    hookTimeout: 120_000,
    sequence: { shuffle: { files: true, tests: false } },
  },
});
