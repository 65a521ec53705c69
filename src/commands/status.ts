import { EXIT } from '../errors.ts';
import { formatStatus, type StackStatus } from '../ui/format-status.ts';
import { withExistingStack } from './existing-stack.ts';
import type { CommandInput } from './input.ts';
import { StatusReader } from './stack-status.ts';

/** `status`: what runs, what Temporal says of it, and what was written last. Fails when a worker does not poll. */
export async function status(input: CommandInput): Promise<number> {
  return withExistingStack(input, async (stack) => {
    const reader = new StatusReader(input, stack);
    try {
      const [seen, drift] = await Promise.all([reader.look(), reader.drift()]);
      const all = { ...seen, drift };
      input.io.result(formatStatus(all), all);
      return all.workers.every(polls) ? EXIT.done : EXIT.failed;
    } finally {
      await reader.close();
    }
  });
}

/** Whether a task of the worker polls, as far as Temporal could be asked. */
function polls({ service, pollers }: StackStatus['workers'][number]): boolean {
  if (!service) return false;
  const tasks = new Set(service.tasks.map(({ id }) => id));
  return service.desired === 0 || !pollers || pollers.some(({ identity }) => tasks.has(identity.split('/')[1] ?? ''));
}
