import { writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Context, heartbeat, sleep as sleepUntilCancelled } from '@temporalio/activity';

const STEP_MS = 100;

/** Work of so many steps that goes on where the last heartbeat of an earlier attempt has left it. */
async function count(steps: number): Promise<string> {
  const from = Number(Context.current().info.heartbeatDetails ?? 0);
  for (let step = from; step < steps; step += 1) {
    await sleepUntilCancelled(STEP_MS);
    heartbeat(step + 1);
  }
  return `${from} to ${steps}`;
}

/**
 * Stands in for the worker's own activities in images of tests: writes the message to the file `began`, does what it asks
 * for, and then returns what came of it, else the message. But for `count` it sees no cancellation, like code that was
 * not written for Temporal.
 */
export function createActivities() {
  const secret = (): Error => new Error(`what was sent: Bearer ${process.env.TEMPORAL_API_KEY}`);
  const deeds: Record<string, (number: number) => unknown> = {
    sleep: (milliseconds) => sleep(milliseconds),
    // Nothing else of this process runs meanwhile.
    block: (milliseconds) => Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, milliseconds),
    throw: () => {
      throw secret();
    },
    crash: () =>
      setImmediate(() => {
        throw secret();
      }),
    count,
    reject: () => void Promise.reject(secret()),
  };
  return {
    async writeMessage({ message }: { readonly message: string }): Promise<string> {
      const [deed = '', number] = message.split(' ');
      writeFileSync(join(tmpdir(), 'began'), message);
      const outcome = await deeds[deed]?.(Number(number));
      return typeof outcome === 'string' ? outcome : message;
    },
  };
}
