import { expect, it } from 'vitest';
import type { Connection } from '../../src/commands/connect.ts';
import type { CommandInput } from '../../src/commands/input.ts';
import { verifyWorkers } from '../../src/commands/verify.ts';
import { useSteps } from '../steps/stage.ts';

const stage = useSteps();

it('a worker that never proves itself is given up with the words of its own task (stub clock: five minutes pass at once)', async () => {
  const stack = await stage.fresh();
  await stack.up();
  let now = 0;
  const clock = {
    now: () => now,
    sleep: async (ms: number) => {
      now += ms;
    },
  };
  const input = { io: { step: () => undefined }, signal: new AbortController().signal } as unknown as CommandInput;
  const connection = { clock, timeScale: 1, polling: (look: () => unknown) => look() } as unknown as Connection;
  const proof = verifyWorkers(input, connection, stack.aws, stack.config, () => 'sha256:another', undefined);
  await expect(proof).rejects.toMatchObject({
    code: 'WAIT_TIMEOUT',
    message: expect.stringMatching(
      /^waiting for worker to poll task queue test-queue: gave up after 5 minutes .*\nTask [0-9a-f]{32}: RUNNING, HEALTHY/,
    ),
    fix: 'The log lines say what the worker does; does it poll this task queue, in this namespace?',
  });
});
