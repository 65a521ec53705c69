import { setTimeout as sleep } from 'node:timers/promises';
import { NativeConnection, TransportError, Worker, type WorkerOptions } from '@temporalio/worker';
import type { WorkerConfig } from './config.ts';
import { log } from './logging.ts';

const MAX_DELAY_MS = 30_000;

/**
 * Causes that a person has to mend, by what the Rust core writes into its one kind of error (1.24: either the status
 * code's name or, from the first call, its description).
 */
const CAUSES: readonly [RegExp, string][] = [
  [/code: NotFound/, 'the namespace does not exist (NOT_FOUND)'],
  [
    /code: PermissionDenied|does not have permission/,
    'these credentials may not use the namespace (PERMISSION_DENIED)',
  ],
  [/code: Unauthenticated|valid authentication/, 'the API key or client certificate was refused (UNAUTHENTICATED)'],
  [/InvalidContentType/, 'the server does not speak TLS on this port'],
  [/NativeCertsNotFound/, 'the image has no CA certificates (Debian package ca-certificates)'],
  [/UnsupportedCertVersion/, 'a certificate is X.509 version 1; Temporal needs version 3'],
  [/InvalidCertificate/, "the server's certificate is not trusted"],
];

/**
 * Connects and makes the worker, for as long as it takes. `NativeConnection.connect` does not retry: without this loop
 * every outage of the server, and every expired key, would become a storm of task restarts.
 */
export async function connectWorker(
  config: WorkerConfig,
  options: Omit<WorkerOptions, 'connection' | 'namespace' | 'taskQueue'>,
): Promise<{ connection: NativeConnection; worker: Worker }> {
  const { namespace, taskQueue } = config;
  for (let attempt = 1; ; attempt += 1) {
    let connection: NativeConnection | undefined;
    try {
      connection = await NativeConnection.connect(config.connection);
      return { connection, worker: await Worker.create({ ...options, connection, namespace, taskQueue }) };
    } catch (error) {
      await connection?.close();
      const failure = describeFailure(error);
      if (failure === undefined) throw error;
      const delayMs = retryDelay(attempt);
      const { level, message, reason } = failure;
      log.log(level, message, { address: config.connection.address, namespace, attempt, retryInMs: delayMs, reason });
      await sleep(delayMs);
    }
  }
}

/** Doubles from one second to 30, less up to half of it by chance, so that a fleet does not return in step. */
export function retryDelay(attempt: number, random: () => number = Math.random): number {
  return Math.round(Math.min(MAX_DELAY_MS, 1000 * 2 ** (attempt - 1)) * (1 - random() / 2));
}

export interface ConnectionFailure {
  readonly level: 'WARN' | 'ERROR';
  readonly message: string;
  /** The core's own words. */
  readonly reason: string;
}

/** Why the server cannot be used; undefined when the fault is this program's own and trying again cannot help. */
export function describeFailure(error: unknown): ConnectionFailure | undefined {
  if (!(error instanceof Error) || error.name !== TransportError.name) return undefined;
  const reason = error.message;
  const cause = CAUSES.find(([words]) => words.test(reason))?.[1];
  return cause === undefined
    ? { level: 'WARN', message: 'Temporal cannot be reached', reason }
    : { level: 'ERROR', message: `Temporal cannot be used: ${cause}`, reason };
}
