import type { StackConfig, WorkerConfig } from '../config/schema.ts';
import { mustBeOneOf } from '../config/several-workers.ts';
import type { CommandInput } from './input.ts';

/** The workers that a command is about: that of --worker, or all. Throws a usage error when there is none such. */
export function workersAsked(
  { flags }: Pick<CommandInput, 'flags'>,
  { workers }: StackConfig,
): readonly WorkerConfig[] {
  const { worker } = flags.own;
  if (worker === undefined) return workers;
  const names = workers.map(({ name }) => name);
  mustBeOneOf(String(worker), names);
  return workers.filter(({ name }) => name === worker);
}
