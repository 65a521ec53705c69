import { FilterLogEventsCommand } from '@aws-sdk/client-cloudwatch-logs';
import { usageError } from '../errors.ts';
import type { Aws } from './aws.ts';
import { hasName, orUndefined } from './errors.ts';
import { pagesOf } from './paging.ts';

export interface LogLine {
  readonly at: Date;
  /** `worker/<container>/<task id>` */
  readonly stream: string;
  /** Id of the task that wrote it. */
  readonly task: string;
  readonly text: string;
  /** CloudWatch's own id of the event. */
  readonly id: string;
}

export interface LogQuery {
  readonly since: Date;
  /** CloudWatch's filter pattern. */
  readonly pattern?: string | undefined;
  /** What the names of streams begin with: `worker/<container>/<task id>`, or less of it. */
  readonly streams?: string | undefined;
}

/**
 * How long after its time a line may become known: the log driver sends what it has gathered every few seconds, and
 * CloudWatch indexes it a little later.
 */
const LATE_MS = 15_000;

/** The SDK corrects a clock that is off by more than this. */
const UNNOTICED_SKEW_MS = 5 * 60_000;

/** The log lines of all tasks, each of them once, however often it is looked. */
export class LogReader {
  private readonly aws: Aws;
  private readonly group: string;
  private readonly query: LogQuery;
  /** Ids and times of the lines that a later look finds again. */
  private readonly seen = new Map<string, number>();
  private newest: number;

  constructor(aws: Aws, group: string, query: LogQuery) {
    this.aws = aws;
    this.group = group;
    this.query = query;
    this.newest = query.since.getTime();
  }

  /**
   * Lines that were not there at the look before, oldest first; of many the newest. None when the group does not exist.
   * A look that fails may be repeated. Throws a usage error when CloudWatch cannot read the pattern.
   */
  async next(limit = Number.POSITIVE_INFINITY): Promise<LogLine[]> {
    const { clients } = this.aws;
    const since = new Date(Math.max(this.query.since.getTime(), this.newest - LATE_MS));
    // Where nothing fits the pattern, only the clock says what has been looked at.
    const searched = Date.now() + clients.logs.config.systemClockOffset - UNNOTICED_SKEW_MS;
    let newest = Math.max(this.newest, searched);
    const found = new Map<string, number>();
    let lines: LogLine[] = [];
    for await (const page of linesOf(this.aws, this.group, { ...this.query, since })) {
      for (const { id, at } of page) {
        found.set(id, at.getTime());
        newest = Math.max(newest, at.getTime());
      }
      forget(found, newest - LATE_MS);
      // Pages come in the order of time, but lines of several streams only nearly so.
      lines = [...lines, ...page.filter(({ id }) => !this.seen.has(id))]
        .sort((a, b) => a.at.getTime() - b.at.getTime())
        .slice(-limit);
    }
    for (const [id, at] of found) this.seen.set(id, at);
    forget(this.seen, newest - LATE_MS);
    this.newest = newest;
    return lines;
  }
}

function forget(times: Map<string, number>, before: number): void {
  for (const [id, at] of times) if (at < before) times.delete(id);
}

/** Log lines since a moment, oldest first, at most `limit` of the newest. */
export const readLogs = (aws: Aws, group: string, { limit, ...query }: LogQuery & { limit: number }) =>
  new LogReader(aws, group, query).next(limit);

/** Pages may be empty although others follow: CloudWatch answers after each part of the log that it has searched. */
async function* linesOf(aws: Aws, logGroupName: string, query: LogQuery): AsyncGenerator<LogLine[]> {
  const wanted = {
    logGroupName,
    startTime: query.since.getTime(),
    filterPattern: query.pattern,
    logStreamNamePrefix: query.streams,
  };
  for await (const { events = [] } of pagesOf((nextToken) =>
    orUndefined(aws.clients.logs.send(new FilterLogEventsCommand({ ...wanted, nextToken }))).catch((error: unknown) => {
      throw unreadable(query.pattern, error);
    }),
  )) {
    yield events.map(({ timestamp, logStreamName = '', message = '', eventId = '' }) => ({
      at: new Date(timestamp ?? 0),
      stream: logStreamName,
      task: logStreamName.split('/').at(-1) ?? '',
      text: message.trimEnd(),
      id: eventId,
    }));
  }
}

/** Nothing else in the call comes from a person. */
function unreadable(pattern: string | undefined, error: unknown): unknown {
  if (pattern === undefined || !hasName(error, 'InvalidParameterException')) return error;
  return usageError(
    `--filter ${pattern}: CloudWatch cannot read this pattern (${(error as Error).message})`,
    'Write a word, a phrase in double quotes, or a condition on JSON such as { $.level = "error" }.',
  );
}
