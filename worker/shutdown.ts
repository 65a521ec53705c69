import { writeLog } from './log-line.ts';

/**
 * The process's reaction to a stop signal. `main.ts` imports this module first, before the SDK is loaded: as PID 1 of a
 * container a process without a handler ignores SIGTERM, and ECS would kill it only after the whole stop timeout.
 */
type StopAction = (signal: NodeJS.Signals) => void;

let stopping = false;

/** Until the worker polls there is nothing to drain, however long the connection attempt hangs. */
let action: StopAction = (signal) => {
  writeLog('INFO', 'stopped before polling', { signal });
  process.exit(0);
};

/** Replaces what the first stop signal does. */
export function onStop(next: StopAction): void {
  action = next;
}

for (const name of ['SIGTERM', 'SIGINT'] as const) {
  // The handler stays after the first signal, so that a second one cannot kill a worker that is draining.
  process.on(name, (signal) => {
    if (stopping) return;
    stopping = true;
    action(signal);
  });
}
