import type { StackConfig } from './schema.ts';

/** The config with those workers paused that are so in `before`: answers say what a stack is to be when it runs. */
export function keepPaused(config: StackConfig, before: StackConfig | undefined): StackConfig {
  const names = new Set(before?.workers.flatMap(({ name, paused }) => (paused ? name : [])));
  return withPaused(config, (name) => names.has(name));
}

/** The config in which exactly these workers are paused. */
export function withPaused(config: StackConfig, isPaused: (worker: string) => boolean): StackConfig {
  const workers = config.workers.map(({ paused: _was, ...worker }) =>
    isPaused(worker.name) ? { ...worker, paused: true as const } : worker,
  );
  return { ...config, workers };
}
