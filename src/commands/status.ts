import { EXIT } from '../errors.ts';
import { formatStatus } from '../ui/format-status.ts';
import type { StackStatus } from '../ui/stack-status.ts';
import { withExistingStack } from './existing-stack.ts';
import type { CommandInput } from './input.ts';
import { StatusReader } from './stack-status.ts';
import { watch } from './watch.ts';

/**
 * `status`: what runs, what Temporal says of it, and what was written last. Fails when a worker does not poll; with
 * `--watch` it goes on looking until it is interrupted, which is no failure.
 */
export async function status(input: CommandInput): Promise<number> {
  return withExistingStack(input, async (stack) => {
    const reader = new StatusReader(input, stack);
    try {
      if (input.flags.own.watch === true) return await watch(input, stack.connection, reader);
      const [seen, drift] = await Promise.all([reader.look(), reader.drift()]);
      const all = { ...seen, drift };
      input.io.result(formatStatus(all), all);
      return all.workers.every(polls) ? EXIT.done : EXIT.failed;
    } finally {
      await reader.close();
    }
  });
}

/** Whether a task of the worker polls. Where Temporal cannot be asked, its health check stands in, which knows. */
function polls({ service, pollers }: StackStatus['workers'][number]): boolean {
  if (!service) return false;
  if (service.desired === 0) return true;
  if (!pollers) return service.tasks.some(({ health }) => health === 'HEALTHY');
  const tasks = new Set(service.tasks.map(({ id }) => id));
  return pollers.some(({ identity }) => tasks.has(identity.split('/')[1] ?? ''));
}
