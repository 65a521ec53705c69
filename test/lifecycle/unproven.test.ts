import { describe, expect, it } from 'vitest';
import { useSandbox } from '../helpers/temporal.ts';

const sandbox = useSandbox({ tasks: 'simulated' });

describe('a stack whose tasks run and never poll', () => {
  it('is not called done by a second init that finds nothing to change', async () => {
    for (const attempt of ['first', 'second']) {
      const run = sandbox.start(['init', '--yes']);
      await run.waitFor('none of them polls test-queue yet');
      run.child.kill('SIGINT');
      expect({ attempt, code: (await run.result).code }).toEqual({ attempt, code: 130 });
    }
  });

  it('is done once a run has proven it, and then stays so', async () => {
    const proven = await sandbox.run(['init', '--yes', '--verify', 'health']);
    expect(proven.code).toBe(0);
    expect(proven.stdout).toMatch(/^Stack dev is as configured\. Nothing was changed\. worker: task \w+ is healthy\./);
    const known = await sandbox.run(['init', '--yes']);
    expect(known).toMatchObject({ code: 0, stdout: 'Stack dev is as configured. Nothing was changed.\n' });
  });
});
