import { rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Worker } from '@temporalio/worker';

/** The task definition's health check takes a file that is older than 30 s for a worker that is stuck. */
const INTERVAL_MS = 2_000;

export interface WatchOptions {
  readonly onFailed: () => void;
  readonly file?: string;
}

/**
 * Touches the health file from the main thread, which also shows that the event loop turns. The file first appears when
 * the worker polls, so healthy means "polls", and it goes on being touched while the worker drains and while the server
 * is away, when a restart would help nobody. Calls `onFailed` when the worker is FAILED: after a revoked API key the SDK
 * gives up polling, but mostly `run()` never settles.
 * @returns a function that ends the watch
 */
export function watchWorker(
  worker: Pick<Worker, 'getState'>,
  { onFailed, file = join(tmpdir(), 'worker-alive') }: WatchOptions,
): () => void {
  // A container that ECS restarted in place finds the file of its last life.
  rmSync(file, { force: true });
  const timer = setInterval(() => {
    const state = worker.getState();
    if (state === 'RUNNING' || state === 'STOPPING' || state === 'DRAINING') writeFileSync(file, '');
    if (state === 'FAILED') onFailed();
  }, INTERVAL_MS);
  return () => clearInterval(timer);
}
