import { UserError } from '../errors.ts';
import { hostNodeBase } from '../image/base.ts';
import { hostPlatform } from '../image/platform.ts';
import { workerFolderSource, workerInPlace } from '../image/worker-folder.ts';
import { type NodeProcess, startNode } from '../sandbox/node-process.ts';
import type { CommandInput } from './input.ts';
import { cacheDirOf } from './sandbox-home.ts';
import { STOP_SECONDS } from './sandbox-worker.ts';

/** The worker that runs, and those before it that still finish what they had begun. */
export class DevWorker {
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
