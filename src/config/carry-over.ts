import { keepPaused } from './paused.ts';
import type { StackConfig } from './schema.ts';

/** The config of new answers with what is no answer, and stays until the command that has set it takes it back. */
export function carryOver(config: StackConfig, before: StackConfig | undefined): StackConfig {
  return { ...keepPaused(config, before), ...(before?.github && { github: before.github }) };
}
