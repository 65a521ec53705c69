import { DefaultLogger } from '@temporalio/worker';
import { writeLog } from './log-line.ts';

/** The logger of this program, of the SDK (also its Rust core), of workflows and of activities. */
export const log = new DefaultLogger('INFO', ({ level, message, meta, timestampNanos }) =>
  writeLog(level, message, meta, new Date(Number(timestampNanos / 1_000_000n))),
);

/** Turns what Node would print as text (warnings, a crash) into log lines too. A crash still ends the process. */
export function logNodeEvents(): void {
  process.removeAllListeners('warning');
  process.on('warning', (warning) => log.warn(warning.message, { warning: warning.name }));
  process.on('uncaughtException', (error, origin) => {
    log.error('the worker crashed', { origin, error });
    process.exit(1);
  });
}
