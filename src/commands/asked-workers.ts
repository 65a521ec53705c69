import type { StackConfig, WorkerConfig } from '../config/schema.ts';
import { mustBeOneOf } from '../config/several-workers.ts';
import { usageError } from '../errors.ts';
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

/** The same where it has to be one. */
export function workerAsked(input: Pick<CommandInput, 'flags'>, config: StackConfig): WorkerConfig {
  const [worker, ...others] = workersAsked(input, config);
  if (worker && others.length === 0) return worker;
  const names = config.workers.map(({ name }) => name).join(', ');
  throw usageError(`stack ${config.stack} has several workers`, `Say which one with --worker: ${names}.`);
}
