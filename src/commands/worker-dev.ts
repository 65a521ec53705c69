import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { EXIT } from '../errors.ts';
import { workerInPlace } from '../image/worker-folder.ts';
import type { SandboxRecord } from '../sandbox/sandbox.ts';
import { SourceWatch } from '../sandbox/source-watch.ts';
import { connectTemporal } from '../temporal/connection.ts';
import { pollersOf } from '../temporal/pollers.ts';
import { DevWorker } from './dev-worker.ts';
import type { CommandInput } from './input.ts';
import { runningSandbox } from './sandbox-home.ts';
import { SANDBOX_NAMESPACE, sandboxDataBucket, sandboxWorkerEnvironment } from './sandbox-worker.ts';
import { answerTo } from './single-answer.ts';

/** `worker dev`: runs a worker's folder on the sandbox, and again whenever its sources change, until Ctrl-C. */
export async function workerDev(input: CommandInput): Promise<number> {
  const { io, signal } = input;
  const sandbox = await runningSandbox(input);
  const [stack, taskQueue] = [answerTo('stack', input), answerTo('taskQueue', input)];
  const folder = workerFolder(answerTo('workerDir', input));
  const { folders } = workerInPlace(folder);
  const dataBucket = await sandboxDataBucket(input, stack);
  const env = sandboxWorkerEnvironment(input.env, sandbox, { taskQueue, dataBucket });
  for (const name of ['TEMPORAL_API_KEY', 'TEMPORAL_TLS_CLIENT_KEY_DATA']) io.keepSecret(env[name] ?? '');
  await warnOfOthers(input, env, sandbox, taskQueue);
  if (dataBucket === undefined)
    io.note(`Stack ${stack} has no data bucket in the sandbox: DATA_BUCKET is not set. init --sandbox makes one.`);

  const watch = new SourceWatch(folders);
  const worker = new DevWorker(input, folder, env);
  try {
    await worker.renew();
    for (;;) {
      await watch.next(signal);
      await worker.renew();
    }
  } catch (error) {
    if (!signal.aborted) throw error;
    return EXIT.done;
  } finally {
    watch.close();
    await worker.end();
  }
}

/** `worker init` makes ./worker; in a package itself it is this one. */
function workerFolder(answer: string): string {
  if (answer !== '') return resolve(answer);
  return resolve(!existsSync('worker') && existsSync('package.json') ? '.' : 'worker');
}

/** Two workers of different code on one queue: each gets a part of the tasks, by chance. */
async function warnOfOthers(
  { io }: CommandInput,
  env: NodeJS.ProcessEnv,
  { temporalAddress, temporalAccess }: SandboxRecord,
  taskQueue: string,
): Promise<void> {
  const client = await connectTemporal(
    {
      address: temporalAddress,
      namespace: SANDBOX_NAMESPACE,
      tls: temporalAccess !== undefined,
      serverCaCert: env.TEMPORAL_TLS_SERVER_CA_CERT_DATA,
    },
    {
      apiKey: env.TEMPORAL_API_KEY,
      clientCert: env.TEMPORAL_TLS_CLIENT_CERT_DATA,
      clientKey: env.TEMPORAL_TLS_CLIENT_KEY_DATA,
    },
  );
  try {
    const others = (await pollersOf(client, taskQueue)).map(({ identity }) => identity);
    if (others.length === 0) return;
    io.warn(
      `Task queue ${taskQueue} has workers already (${others.join(', ')}), which get a part of the work. Give --task-queue for one of your own.`,
    );
  } finally {
    await client.connection.close();
  }
}
