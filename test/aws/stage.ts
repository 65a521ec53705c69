import { tmpdir } from 'node:os';
import { afterAll, beforeAll, beforeEach } from 'vitest';
import type { Aws } from '../../src/aws/aws.ts';
import type { EmulatorOptions } from '../../src/sandbox/emulator.ts';
import { AwsStack } from '../helpers/aws-stack.ts';
import { type TestEmulator, useEmulator } from '../helpers/emulator.ts';

/** One emulator for all tests of a file, emptied before each, and the clients of the stack `dev` in it. */
export function useAws(options: Partial<EmulatorOptions> = {}): { readonly emulator: TestEmulator; readonly aws: Aws } {
  const emulator = useEmulator({ strict: ['off'], ...options });
  let stack: AwsStack;
  beforeAll(() => {
    // The folder is for images, and none is built.
    stack = new AwsStack(emulator.address, tmpdir());
  });
  afterAll(() => stack.close());
  beforeEach(() => emulator.reset());
  return {
    emulator,
    get aws() {
      return stack.aws;
    },
  };
}
