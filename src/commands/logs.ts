import { LogReader } from '../aws/worker-logs.ts';
import type { WorkerConfig } from '../config/schema.ts';
import { Cancelled, EXIT, usageError } from '../errors.ts';
import { logGroupName } from '../steps/compute/log-group.ts';
import { workersAsked } from './asked-workers.ts';
import { type ExistingStack, withExistingStack } from './existing-stack.ts';
import type { CommandInput } from './input.ts';
import { passing, pauseOf } from './looking.ts';

/** CloudWatch lets an account search its logs five times a second in a region; others do so too. */
const FOLLOW_EVERY_MS = 2000;

/** `logs`: what the workers wrote, newest last; goes on with `--follow` until it is interrupted. */
export async function logs(input: CommandInput): Promise<number> {
  const { own } = input.flags;
  const limit = Number(own.lines ?? 100);
  if (!Number.isInteger(limit) || limit < 1)
    throw usageError(`--lines ${String(own.lines)} is not a whole number from 1 on`, 'Give one, such as --lines 100.');
  const since = moment(String(own.since ?? '60m'));
  const pattern = own.filter === undefined ? undefined : String(own.filter);
  const task = own.task === undefined ? '' : taskId(String(own.task));
  return withExistingStack(input, async (stack) => {
    const readers = readersOf(stack, { since, pattern }, workersAsked(input, stack.config), task);
    const lines = (await Promise.all(readers.map((reader) => reader.next(limit)))).flat();
    const shown = lines.sort((a, b) => a.at.getTime() - b.at.getTime()).slice(-limit);
    if (shown.length === 0) input.io.note(`No lines since ${since.toISOString()}.`);
    for (const line of shown) input.io.log(line);
    return own.follow === true ? follow(input, stack, readers) : EXIT.done;
  });
}

/** One for everything, or one for each worker that is asked for or may have this task. */
function readersOf(
  { connection, config }: ExistingStack,
  query: { readonly since: Date; readonly pattern: string | undefined },
  workers: readonly WorkerConfig[],
  task: string,
): LogReader[] {
  const isAll = task === '' && workers.length === config.workers.length;
  const prefixes = isAll ? [undefined] : workers.map(({ name }) => `worker/${name}/${task}`);
  const group = logGroupName(connection.stack);
  return prefixes.map((streams) => new LogReader(connection.aws(), group, { ...query, streams }));
}

/** Ctrl-C is how following ends. */
async function follow(
  { io, signal }: CommandInput,
  { connection }: ExistingStack,
  readers: readonly LogReader[],
): Promise<number> {
  let problem = '';
  for (;;) {
    try {
      await connection.clock.sleep(pauseOf(FOLLOW_EVERY_MS, connection), signal);
    } catch (error) {
      if (error instanceof Cancelled) return EXIT.done;
      throw error;
    }
    try {
      for (const reader of readers) for (const line of await reader.next()) io.log(line);
      problem = '';
    } catch (error) {
      const before = problem;
      problem = passing(error);
      if (problem !== before) io.warn(`${problem}. What is written meanwhile will follow.`);
    }
  }
}

const UNITS = { s: 1, m: 60, h: 3600, d: 86_400 } as const;

/** "15m", "2h", "1d" ago, or a time such as 2026-11-25T09:30:00Z */
function moment(text: string): Date {
  const match = /^(\d+)([smhd])$/.exec(text);
  if (match) return new Date(Date.now() - Number(match[1]) * UNITS[match[2] as keyof typeof UNITS] * 1000);
  const time = /^\d{4}-\d\d-\d\d/.test(text) ? Date.parse(text) : Number.NaN;
  if (!Number.isNaN(time)) return new Date(time);
  throw usageError(
    `--since ${text} is no time span`,
    'Write it like 15m, 2h or 1d, or give a time such as 2026-11-25T09:30:00Z.',
  );
}

/** A task by the beginning of its id, as `status` and `logs` show it. */
function taskId(text: string): string {
  if (/^[0-9a-f]{1,32}$/.test(text)) return text;
  throw usageError(
    `--task ${text} is no task id`,
    'Give the id, or its beginning as status shows it: --task 0f3a9c12.',
  );
}
