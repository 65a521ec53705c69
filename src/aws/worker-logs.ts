import { FilterLogEventsCommand } from '@aws-sdk/client-cloudwatch-logs';
import type { Aws } from './aws.ts';
import { orUndefined } from './errors.ts';

export interface LogLine {
  readonly at: Date;
  /** `worker/<container>/<task id>` */
  readonly stream: string;
  readonly text: string;
  /** For following: CloudWatch's own id of the event. */
  readonly id: string;
}

/** Log lines of all tasks since a moment, oldest first, at most `limit` of the newest. Missing group: none. */
export async function readLogs(
  aws: Aws,
  logGroupName: string,
  options: { since: Date; limit: number; stream?: string },
): Promise<LogLine[]> {
  const lines: LogLine[] = [];
  let nextToken: string | undefined;
  do {
    const page = await orUndefined(
      aws.clients.logs.send(
        new FilterLogEventsCommand({
          logGroupName,
          startTime: options.since.getTime(),
          nextToken,
          ...(options.stream === undefined ? {} : { logStreamNames: [options.stream] }),
        }),
      ),
    );
    for (const event of page?.events ?? []) {
      lines.push({
        at: new Date(event.timestamp ?? 0),
        stream: event.logStreamName ?? '',
        text: (event.message ?? '').trimEnd(),
        id: event.eventId ?? '',
      });
    }
    nextToken = page?.nextToken;
  } while (nextToken !== undefined);
  return lines.sort((a, b) => a.at.getTime() - b.at.getTime()).slice(-options.limit);
}
