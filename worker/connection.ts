import { setTimeout as sleep } from 'node:timers/promises';
import { NativeConnection, Worker, type WorkerOptions } from '@temporalio/worker';
import type { WorkerConfig } from './config.ts';
import { describeFailure } from './failures.ts';
import { log } from './logging.ts';

const MAX_DELAY_MS = 30_000;

/**
 * How long a refusal that names its cause is tried again. A new namespace needs up to 10 s to be known to every
 * part of a server (`system.namespaceCacheRefreshInterval`: 10 s, 2 s in newer ones). Longer waiting is worse than
 * ending: a task gets its secrets when it starts, so a key that has been mended reaches only the next one, and the
 * deployment circuit breaker counts a task that ends at once, one that waits only after its failed health checks.
 */
const PATIENCE_MS = 20_000;

/** The server was reached and refused us for so long that waiting will not help. */
export class RefusedError extends Error {
  override readonly name = 'RefusedError';
  readonly details: object;
  constructor(message: string, details: object) {
    super(message);
    this.details = details;
  }
}

/**
 * Connects and makes the worker. `NativeConnection.connect` does not retry: without this loop every outage of the server
 * would become a storm of task restarts. An outage is waited for without end (the container's health check is the
 * limit); a refusal only for `PATIENCE_MS`.
 * @throws {RefusedError}
 */
export async function connectWorker(
  config: WorkerConfig,
  options: Omit<WorkerOptions, 'connection' | 'namespace' | 'taskQueue'>,
): Promise<{ connection: NativeConnection; worker: Worker }> {
  const { namespace, taskQueue } = config;
  let refusedSince: number | undefined;
  for (let attempt = 1; ; attempt += 1) {
    let connection: NativeConnection | undefined;
    try {
      connection = await NativeConnection.connect(config.connection);
      return { connection, worker: await Worker.create({ ...options, connection, namespace, taskQueue }) };
    } catch (error) {
      await connection?.close();
      const failure = describeFailure(error, config.connection);
      if (failure === undefined) throw error;
      const { level, message, fix, reason } = failure;
      const details = { fix, address: config.connection.address, namespace, attempt, reason };
      refusedSince = level === 'ERROR' ? (refusedSince ?? performance.now()) : undefined;
      const delayMs = retryDelay(attempt, refusedSince === undefined ? undefined : performance.now() - refusedSince);
      if (delayMs === undefined) throw new RefusedError(message, details);
      log.log(level, message, { ...details, retryInMs: delayMs });
      await sleep(delayMs);
    }
  }
}

/**
 * Doubles from one second to 30, less up to half of it by chance, so that a fleet does not return in step; undefined
 * when it is time to give up.
 * @param refusedMs how long the server has been refusing us without a break; undefined in an outage
 */
export function retryDelay(
  attempt: number,
  refusedMs: number | undefined,
  random: () => number = Math.random,
): number | undefined {
  const leftMs = refusedMs === undefined ? MAX_DELAY_MS : PATIENCE_MS - refusedMs;
  if (leftMs <= 0) return undefined;
  return Math.ceil(Math.min(leftMs, Math.min(MAX_DELAY_MS, 1000 * 2 ** (attempt - 1)) * (1 - random() / 2)));
}
