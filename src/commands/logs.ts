import { readLogs } from '../aws/worker-logs.ts';
import { realClock } from '../engine/wait.ts';
import { Cancelled, EXIT, usageError } from '../errors.ts';
import { logGroupName } from '../steps/compute/log-group.ts';
import { withExistingStack } from './existing-stack.ts';
import type { CommandInput } from './input.ts';

const FOLLOW_EVERY_MS = 2000;

/** `logs`: what the workers wrote, newest last; goes on with `--follow` until it is interrupted. */
export async function logs(input: CommandInput): Promise<number> {
  const { own } = input.flags;
  const limit = Number(own.lines ?? 100);
  if (!Number.isInteger(limit) || limit < 1)
    throw usageError(`--lines ${String(own.lines)} is not a whole number from 1 on`, 'Give one, such as --lines 100.');
  let since = new Date(Date.now() - minutes(String(own.since ?? '60m')) * 60_000);
  return withExistingStack(input, async ({ connection }) => {
    const aws = connection.aws();
    const seen = new Set<string>();
    for (;;) {
      const lines = await readLogs(aws, logGroupName(connection.stack), { since, limit });
      for (const line of lines) {
        if (seen.has(line.id)) continue;
        seen.add(line.id);
        const task = line.stream.split('/').at(-1)?.slice(0, 8) ?? '';
        input.io.result(`${line.at.toISOString()} ${task} ${line.text}`, {
          at: line.at,
          stream: line.stream,
          text: line.text,
        });
        since = line.at;
      }
      if (own.follow !== true) return EXIT.done;
      try {
        await realClock.sleep(FOLLOW_EVERY_MS, input.signal);
      } catch (error) {
        // Ctrl-C is how following ends.
        if (error instanceof Cancelled) return EXIT.done;
        throw error;
      }
    }
  });
}

/** "15m", "2h", "1d" */
function minutes(text: string): number {
  const match = /^(\d+)([mhd])$/.exec(text);
  if (!match) throw usageError(`--since ${text} is no time span`, 'Write it like 15m, 2h or 1d.');
  return Number(match[1]) * { m: 1, h: 60, d: 1440 }[match[2] as 'm' | 'h' | 'd'];
}
