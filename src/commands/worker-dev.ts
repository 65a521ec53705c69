import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import type { OptionKey } from '../config/option.ts';
import { OPTIONS } from '../config/options.ts';
import { lookUp } from '../config/sources.ts';
import { wrong } from '../config/wrong.ts';
import { EXIT, UserError, usageError } from '../errors.ts';
import { hostNodeBase } from '../image/base.ts';
import { hostPlatform } from '../image/platform.ts';
import { workerFolderSource, workerInPlace } from '../image/worker-folder.ts';
import { type NodeProcess, startNode } from '../sandbox/node-process.ts';
import type { SandboxRecord } from '../sandbox/sandbox.ts';
import { SourceWatch } from '../sandbox/source-watch.ts';
import { connectTemporal } from '../temporal/connection.ts';
import { pollersOf } from '../temporal/pollers.ts';
import type { CommandInput } from './input.ts';
import { cacheDirOf, runningSandbox } from './sandbox-home.ts';
import { SANDBOX_NAMESPACE, STOP_SECONDS, sandboxDataBucket, sandboxWorkerEnvironment } from './sandbox-worker.ts';

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

/** The worker that runs, and those before it that still finish what they had begun. */
class DevWorker {
  private readonly input: CommandInput;
  private readonly folder: string;
  private readonly env: NodeJS.ProcessEnv;
  /** Of the sources that were built last, whether or not it worked. */
  private seen: string | undefined;
  private current: NodeProcess | undefined;
  private readonly draining = new Set<Promise<void>>();

  constructor(input: CommandInput, folder: string, env: NodeJS.ProcessEnv) {
    this.input = input;
    this.folder = folder;
    this.env = env;
  }

  /**
   * When the sources are other than those that were built last, builds them and lets a new worker take over. What is
   * wrong with them is told, and whatever runs goes on.
   * @throws what cannot be mended by a change of a source
   */
  async renew(): Promise<void> {
    const { io, signal, flags, env } = this.input;
    const isFirst = this.seen === undefined;
    try {
      const hash = await workerFolderSource(this.folder, hostNodeBase).inputHash(hostPlatform());
      if (hash === this.seen) return;
      this.seen = hash;
      const context = { cacheDir: cacheDirOf(env), note: (text: string) => io.note(text), signal };
      const file = await workerInPlace(this.folder).build(context);
      signal.throwIfAborted();
      await this.replace(file);
    } catch (error) {
      if (signal.aborted || !(error instanceof UserError) || (isFirst && error.code !== 'WORKER_NOT_BUILT'))
        throw error;
      io.error(error, flags);
      io.note(this.current ? 'The worker of before goes on; waiting for a change.' : 'Waiting for a change.');
    }
  }

  /** Settles when no process is left. */
  async end(): Promise<void> {
    this.drainCurrent();
    await Promise.all(this.draining);
  }

  private async replace(file: string): Promise<void> {
    const { io } = this.input;
    // It stops polling at once and ends what it has begun, while the new one already takes what comes.
    this.drainCurrent();
    const worker = await startNode(file, {
      cwd: this.folder,
      env: this.env,
      onLine: (text, stream) => io.log({ at: new Date(), task: String(worker.pid), stream, text }),
    });
    this.current = worker;
    io.note(`worker ${worker.pid} started`);
    void worker.ended.then((how) => {
      if (this.current !== worker) return io.note(`worker ${worker.pid} ended`);
      this.current = undefined;
      io.warn(`Worker ${worker.pid} ended ${how}; waiting for a change.`);
    });
  }

  private drainCurrent(): void {
    const worker = this.current;
    if (worker === undefined) return;
    this.current = undefined;
    const drained = worker.drain(STOP_SECONDS * 1000).finally(() => this.draining.delete(drained));
    this.draining.add(drained);
  }
}

/** `worker init` makes ./worker; in a package itself it is this one. */
function workerFolder(answer: string): string {
  if (answer !== '') return resolve(answer);
  return resolve(!existsSync('worker') && existsSync('package.json') ? '.' : 'worker');
}

/** From the flag, the environment or the default. */
function answerTo(key: OptionKey, { flags, env }: CommandInput): string {
  const option = OPTIONS.find((candidate) => candidate.key === key);
  if (option === undefined) return '';
  const { answer = String(option.default ?? '') } = lookUp(option, { flags: flags.answers, env, file: {}, state: {} });
  const problem = wrong(option, answer, {});
  if (problem !== undefined) throw usageError(`${key}: ${problem}`, 'Change the answer.');
  return String(answer);
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
