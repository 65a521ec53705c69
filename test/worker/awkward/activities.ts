import { writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

/**
 * Stands in for the worker's own activities in images of tests: writes the message to the file `began`, does what it asks
 * for, and then returns it. It sees no cancellation, like code that was not written for Temporal.
 */
export function createActivities() {
  const secret = (): Error => new Error(`what was sent: Bearer ${process.env.TEMPORAL_API_KEY}`);
  const deeds: Record<string, (milliseconds: number) => unknown> = {
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
    reject: () => void Promise.reject(secret()),
  };
  return {
    async writeMessage({ message }: { readonly message: string }): Promise<string> {
      const [deed = '', milliseconds] = message.split(' ');
      writeFileSync(join(tmpdir(), 'began'), message);
      await deeds[deed]?.(Number(milliseconds));
      return message;
    },
  };
}
