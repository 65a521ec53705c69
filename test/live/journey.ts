import type { CallShape } from '../../src/aws/call-shapes.ts';
import { type Account, Program } from './account.ts';
import { lookAt, type Place } from './out-of-band.ts';

/** The smallest stack that has everything: a quarter of a core, one NAT gateway. */
export const SMALL = ['--yes', '--cpu', '256', '--memory', '512', '--max-tasks', '2'] as const;

/** How `sweep` tells the stacks of these runs from a person's. */
export const PREFIX = 'live-';

export interface Journey {
  /** Everything that is not as it has to be, of the program and of the account itself. */
  readonly problems: readonly string[];
  readonly shapes: readonly CallShape[];
}

/**
 * From nothing to nothing: init, trigger, deploy, rollback and, whatever came before, destroy; looked at by plain clients
 * after init and after destroy.
 */
export async function travel(account: Account, place: Place): Promise<Journey> {
  const program = new Program(account);
  const problems: string[] = [];
  const which = ['--stack', place.stack];
  try {
    try {
      await program.run(['init', ...SMALL, ...which]);
      problems.push(...(await lookAt(account.clients, place)).problems);
      await program.run(['trigger', ...which]);
      await program.run(['deploy', ...which], program.nextRelease());
      await program.run(['rollback', ...which]);
    } catch (error) {
      problems.push((error as Error).message);
    } finally {
      await takeDown(program, place.stack);
    }
    const { things } = await lookAt(account.clients, place);
    problems.push(...things.map((thing) => `left after destroy: ${thing}`));
  } catch (error) {
    problems.push((error as Error).message);
  }
  const shapes = program.shapes();
  program.close();
  return { problems, shapes };
}

async function takeDown(program: Program, stack: string): Promise<void> {
  await program.run(['destroy', '--yes', '--purge', '--delete-data', '--confirm', stack, '--stack', stack]);
}

/** Removes the stacks of runs that were cut off more than so many hours ago. @returns their names */
export async function sweep(program: Program, olderThanHours: number, now = Date.now()): Promise<string[]> {
  const { stacks } = (await program.run(['list'])) as {
    stacks: { stack: string; lastChange: { at: string } | null }[];
  };
  const old = stacks.filter(
    ({ stack, lastChange }) =>
      stack.startsWith(PREFIX) && lastChange && now - Date.parse(lastChange.at) >= olderThanHours * 3_600_000,
  );
  for (const { stack } of old) await takeDown(program, stack);
  return old.map(({ stack }) => stack);
}
