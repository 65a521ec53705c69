import { describe, expect, it } from 'vitest';
import { FARGATE_SIZES, RETENTION_DAYS, sizeProblem } from '../../src/config/fargate.ts';
import { referenceConfig } from '../helpers/aws-stack.ts';

const GIB = 1024;

/** AWS's own table in its own words: CPU, smallest, largest and step of the memory in GiB. */
const TABLE: readonly [cpu: number, least: number, most: number, step: number][] = [
  [512, 1, 4, 1],
  [1024, 2, 8, 1],
  [2048, 4, 16, 1],
  [4096, 8, 30, 1],
  [8192, 16, 60, 4],
  [16384, 32, 120, 8],
];

const pairs: (readonly [cpu: number, memory: number])[] = [
  [256, 512],
  [256, 1024],
  [256, 2048],
  ...TABLE.flatMap(([cpu, least, most, step]) =>
    Array.from({ length: (most - least) / step + 1 }, (_, index) => [cpu, (least + index * step) * GIB] as const),
  ),
];

describe('task sizes', () => {
  it('are those of AWS and no others', () => {
    const known = Object.entries(FARGATE_SIZES).flatMap(([cpu, sizes]) => sizes.map((size) => [Number(cpu), size]));
    expect(known).toEqual(pairs);
  });

  it.each(pairs)('CPU %i with %i MiB is a stack', (cpu, memory) => {
    expect(sizeProblem(cpu, memory)).toBeUndefined();
    const [worker] = referenceConfig({ cpu, memory }).workers;
    expect([worker?.cpu, worker?.memory]).toEqual([cpu, memory]);
  });

  it.each([
    [256, 4096, 'choose 512, 1024, 2048 MiB'],
    [512, 512, 'choose 1024, 2048, 3072, 4096 MiB'],
    [1024, 1024, 'choose 2048, 3072, 4096, 5120, 6144, 7168, 8192 MiB'],
    [1024, 2049, 'choose 2048, 3072'],
    [2048, 2048, 'choose 4096 to 16384 in steps of 1024 MiB'],
    [8192, 17408, 'choose 16384 to 61440 in steps of 4096 MiB'],
    [16384, 36864, 'choose 32768 to 122880 in steps of 8192 MiB'],
    [1000, 2048, 'CPU 1000 does not exist on Fargate; choose one of 256, 512, 1024, 2048, 4096, 8192, 16384'],
  ])('CPU %i with %i MiB is refused with what there is: %s', (cpu, memory, says) => {
    expect(sizeProblem(cpu, memory)).toContain(says);
    expect(() => referenceConfig({ cpu, memory })).toThrow(`--cpu and --memory: ${sizeProblem(cpu, memory)}`);
  });
});

describe('log retention', () => {
  it.each(RETENTION_DAYS)('of %i days is a stack', (logRetentionDays) => {
    expect(referenceConfig({ logRetentionDays }).logRetentionDays).toBe(logRetentionDays);
  });

  it.each([0, 2, 6, 8, 364, 3654])('of %i days is refused', (logRetentionDays) => {
    expect(() => referenceConfig({ logRetentionDays })).toThrow(/logRetentionDays|log-retention-days/);
  });
});
