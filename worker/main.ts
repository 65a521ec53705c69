import './shutdown.ts'; // First: from here on a stop signal is obeyed.

import { join } from 'node:path';
import { getHeapStatistics } from 'node:v8';
import { S3Client } from '@aws-sdk/client-s3';
import { Runtime } from '@temporalio/worker';
import { createActivities } from './activities.ts';
import { ConfigError, readConfig } from './config.ts';
import { connectWorker, RefusedError } from './connection.ts';
import { watchWorker } from './health.ts';
import { workerIdentity } from './identity.ts';
import { log, logNodeEvents } from './logging.ts';
import { onStop } from './shutdown.ts';

/** Runs until a stop signal has been obeyed. @throws when the worker cannot run or could not drain in time */
async function main(): Promise<void> {
  const config = readConfig(process.env);
  const { stop } = config;
  Runtime.install({
    logger: log,
    // Ours (shutdown.ts) stays in force after the first signal; the SDK's does not.
    shutdownSignals: [],
    telemetryOptions: { logging: { forward: {}, filter: { core: 'INFO', other: 'WARN' } } },
  });

  const s3 = new S3Client({ forcePathStyle: config.s3PathStyle });
  const { connection, worker } = await connectWorker(config, {
    ...config.sizes,
    identity: await workerIdentity(config),
    workflowBundle: { codePath: join(import.meta.dirname, 'workflow-bundle.js') },
    activities: createActivities({ s3, bucket: config.dataBucket }),
    shutdownGraceTime: stop.graceMs,
    shutdownForceTime: stop.forceMs,
  });

  let stopSignalAt = Number.POSITIVE_INFINITY;
  /**
   * Ends the process in words of our own: `run()` mostly rejects with "Worker still in use", whatever happened. The SDK
   * has logged the true error before.
   */
  const fail = (error?: unknown): never => {
    // So late after the signal only the force time makes a worker fail.
    if (performance.now() - stopSignalAt > stop.graceMs) {
      log.error('an activity ignored its cancellation; it is left behind until Temporal times it out', stop);
    } else {
      log.error('the worker failed; the lines above say why. ECS starts a new task', { error });
    }
    process.exit(1);
  };
  const stopWatching = watchWorker(worker, { onFailed: fail });
  onStop((signal) => {
    stopSignalAt = performance.now();
    log.info('draining', { signal, ...stop });
    setTimeout(() => {
      log.error('draining took too long', { ...stop, state: worker.getState() });
      process.exit(1);
    }, stop.hardMs).unref();
    if (worker.getState() === 'RUNNING') worker.shutdown();
  });
  const { identity, taskQueue, namespace, maxCachedWorkflows } = worker.options;
  const { address } = config.connection;
  const heapLimitMiB = Math.round(getHeapStatistics().heap_size_limit / 2 ** 20);
  log.info('polling', { identity, taskQueue, namespace, address, heapLimitMiB, maxCachedWorkflows, ...config.sizes });
  await worker.run().catch(fail);
  stopWatching();
  await connection.close();
  log.info('stopped', { identity });
}

logNodeEvents();
// An explicit exit: after a forced shutdown a stuck activity's timers would keep the process alive.
main().then(
  () => process.exit(0),
  (error: unknown) => {
    if (error instanceof ConfigError) log.error(error.message, { problems: error.problems });
    else if (error instanceof RefusedError) log.error(`${error.message}; ECS starts a new task`, error.details);
    else log.error('the worker ended', { error });
    process.exit(1);
  },
);
