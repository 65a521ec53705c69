import { pbkdf2Sync } from 'node:crypto';

/** About 10 ms of processor time, between which other work of the process has its turn. */
const ROUND = 20_000;

/** Takes the place of the worker's own activities: `burn 10` is ten rounds of work for the processor, and then done. */
export function createActivities() {
  return {
    async writeMessage({ message }: { readonly message: string }): Promise<string> {
      const rounds = Number(/^burn (\d+)$/.exec(message)?.[1] ?? 0);
      for (let round = 0; round < rounds; round += 1) {
        pbkdf2Sync(message, 'salt', ROUND, 32, 'sha256');
        await new Promise((resolve) => setImmediate(resolve));
      }
      return message;
    },
  };
}
