const range = (from: number, to: number, step: number): number[] =>
  Array.from({ length: Math.floor((to - from) / step) + 1 }, (_, index) => from + index * step);

/**
 * Memory sizes (MiB) that Fargate has for each CPU size (1024 units = 1 vCPU), Linux, platform 1.4.0.
 * Source: Amazon ECS developer guide, "Task size" (2026-11).
 */
export const FARGATE_SIZES: Readonly<Record<number, readonly number[]>> = {
  256: [512, 1024, 2048],
  512: range(1024, 4096, 1024),
  1024: range(2048, 8192, 1024),
  2048: range(4096, 16384, 1024),
  4096: range(8192, 30720, 1024),
  8192: range(16384, 61440, 4096),
  16384: range(32768, 122880, 8192),
};

export const CPU_SIZES: readonly number[] = Object.keys(FARGATE_SIZES).map(Number);

/** MiB: the smallest memory of any CPU size, and the largest. */
export const MEMORY_RANGE = [
  Math.min(...Object.values(FARGATE_SIZES).flat()),
  Math.max(...Object.values(FARGATE_SIZES).flat()),
] as const;

export const noSuchCpu = (cpu: unknown): string =>
  `CPU ${cpu} does not exist on Fargate; choose one of ${CPU_SIZES.join(', ')}`;

/** `undefined` when the pair exists, else one sentence that names those that do. */
export function sizeProblem(cpu: number, memory: number): string | undefined {
  const sizes = FARGATE_SIZES[cpu];
  if (!sizes) return noSuchCpu(cpu);
  if (sizes.includes(memory)) return undefined;
  const list =
    sizes.length > 8
      ? `${sizes[0]} to ${sizes.at(-1)} in steps of ${(sizes[1] ?? 0) - (sizes[0] ?? 0)}`
      : sizes.join(', ');
  return `memory ${memory} does not go with CPU ${cpu}; choose ${list} MiB`;
}

/** Days that CloudWatch Logs accepts as a retention. Source: PutRetentionPolicy, API reference. */
export const RETENTION_DAYS = [
  1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653,
] as const;
