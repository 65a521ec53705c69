import { defineConfig } from 'vitest/config';
import { LongestFirst } from './test/helpers/longest-first.ts';

/** Set for the one file that judges what all others have recorded: see scripts/proof.mjs. */
const proof = process.env.AUTHORIZATION_PROOF !== undefined;

export default defineConfig({
  test: {
    include: [proof ? 'test/policy/proof.ts' : 'test/**/*.test.ts'],
    // An assertion that never ran proves nothing.
    expect: { requireAssertions: true },
    env: { AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED: 'true' },
    // Two processors, and test files that wait for emulators more than half of their time.
    maxWorkers: 5,
    globalSetup: proof ? [] : ['test/helpers/lean-program.ts', 'test/helpers/emulator-nursery.ts'],
    // Files share nothing but modules; loading the SDK anew for each would take a second of processor time.
    isolate: false,
    // Real processes on a busy machine: once more in CI, where vitest's report names what needed it; never at home.
    retry: process.env.CI ? 1 : 0,
    testTimeout: 60_000,
    hookTimeout: 120_000,
    sequence: { shuffle: { files: true, tests: false }, sequencer: LongestFirst },
  },
});
