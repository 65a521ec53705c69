import { afterAll } from 'vitest';
import type { CliResult } from './cli.ts';
import { WarmProgram } from './warm-program.ts';

/** Runs one command line to its end, in a process that has loaded the program and runs nothing else meanwhile. */
export type WarmRun = (args: readonly string[], env: NodeJS.ProcessEnv) => Promise<CliResult>;

/**
 * For all tests of a file as many processes as it runs commands side by side. They outlive what they run: a command whose
 * process has to be gone afterwards, or that is told something which is read only when a process starts, wants one of its
 * own (`startCli`).
 */
export function useWarmPrograms(bin: () => string): WarmRun {
  const programs: WarmProgram[] = [];
  const idle: WarmProgram[] = [];
  afterAll(() => Promise.all(programs.map((program) => program.stop())));
  return async (args, env) => {
    const program = idle.pop() ?? new WarmProgram(env, bin());
    if (!programs.includes(program)) programs.push(program);
    try {
      return await program.run(args, env);
    } finally {
      idle.push(program);
    }
  };
}
