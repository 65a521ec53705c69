import { Cancelled, EXIT } from '../errors.ts';
import { formatStatus } from '../ui/format-status.ts';
import type { Io } from '../ui/io.ts';
import type { StackStatus } from '../ui/stack-status.ts';
import { type Facts, factsOf, newsOf } from '../ui/status-news.ts';
import type { Connection } from './connect.ts';
import { passing, pauseOf } from './looking.ts';
import type { Drift, StatusReader } from './stack-status.ts';

/** A look takes about a dozen calls: so often that nobody waits, so seldom that AWS does not throttle. */
const LOOK_EVERY_MS = 5000;

/** Looking for drift takes as many calls as a plan. */
const DRIFT_EVERY_MS = 60_000;

/** `status --watch`: shows the status again and again until it is interrupted, which is how watching ends. */
export async function watch(
  { io, signal }: { readonly io: Pick<Io, 'look'>; readonly signal: AbortSignal },
  connection: Pick<Connection, 'clock' | 'timeScale'>,
  reader: Pick<StatusReader, 'look' | 'drift'>,
): Promise<number> {
  const { clock } = connection;
  const pause = pauseOf(LOOK_EVERY_MS, connection);
  const driftPause = pauseOf(DRIFT_EVERY_MS, connection);
  const hint = (): string => `${new Date().toISOString()}, every ${pause / 1000} s. Ctrl-C ends.`;
  let facts: Facts = new Map();
  let last: StackStatus | undefined;
  let drift: Drift | null = null;
  let driftDueAt = clock.now();
  for (;;) {
    if (clock.now() >= driftDueAt) {
      driftDueAt = clock.now() + driftPause;
      // It takes longer than a look: the pictures do not wait for it. It never throws.
      void reader.drift().then((found) => {
        drift = found;
      });
    }
    try {
      last = { ...(await reader.look()), drift };
      const now = factsOf(last);
      io.look({ picture: `${hint()}\n\n${formatStatus(last)}`, news: newsOf(facts, now), data: last });
      facts = now;
    } catch (error) {
      const problem = passing(error);
      const picture = [`${hint()} ${problem}`, '', ...(last ? [formatStatus(last)] : [])].join('\n');
      const now = new Map([...facts, ['status', problem]]);
      io.look({ picture, news: newsOf(facts, now), data: { problem } });
      facts = now;
    }
    try {
      await clock.sleep(pause, signal);
    } catch (error) {
      if (error instanceof Cancelled) return EXIT.done;
      throw error;
    }
  }
}
