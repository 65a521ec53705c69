import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { connect, createServer, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import type { TestProject } from 'vitest/node';
import { emulatorEnvironment } from '../../src/sandbox/emulator.ts';
import { type ServerProcess, startServerProcess } from '../../src/sandbox/server-process.ts';

declare module 'vitest' {
  interface ProvidedContext {
    nursery: {
      /** Unix socket that takes one question and gives one answer per connection; see `askNursery`. */
      readonly socket: string;
      /** Where the emulators of the run keep their unpacked images. */
      readonly imageCache: string;
    };
  }
}

const SCRIPT = fileURLToPath(new URL('emulator_nursery.py', import.meta.url));

/** Before all tests: the one nursery of the run (see emulator_nursery.py), which starts when the first emulator is needed. */
export async function setup(project: TestProject): Promise<() => Promise<void>> {
  const folder = mkdtempSync(join(tmpdir(), 'temporal-fargate-nursery-'));
  const socket = join(folder, 'socket');
  let nursery: Promise<Nursery> | undefined;
  const answer = async (connection: Socket): Promise<void> => {
    const { python, ...question } = JSON.parse(await lineFrom(connection));
    nursery ??= startNursery(python);
    connection.end(`${await (await nursery).ask(JSON.stringify(question))}\n`);
  };
  const server = createServer((connection) => void answer(connection).catch((error) => connection.destroy(error)));
  server.listen(socket);
  await once(server, 'listening');
  project.provide('nursery', { socket, imageCache: join(folder, 'images') });
  return async () => {
    server.close();
    await (await nursery)?.server.stop();
    rmSync(folder, { recursive: true, force: true });
  };
}

interface Nursery {
  readonly server: ServerProcess;
  /** The line with which the nursery answers a line. */
  ask(question: string): Promise<string>;
}

async function startNursery(python: string): Promise<Nursery> {
  const server = await startServerProcess(python, [SCRIPT], {
    cwd: fileURLToPath(new URL('.', import.meta.url)),
    detached: false,
    stdout: 'pipe',
    env: emulatorEnvironment(),
  });
  const { stdout } = server.child;
  if (stdout === null) throw new Error('no stdout');
  /** Those whose answers are still to come, in the order of their questions. */
  const waiting: ((answer: string) => void)[] = [];
  const lines = createInterface({ input: stdout });
  lines.on('line', (line) => waiting.shift()?.(line));
  lines.on('close', () => {
    for (const answer of waiting.splice(0)) answer('{}');
  });
  return {
    server,
    ask: (question) =>
      new Promise((resolve) => {
        waiting.push(resolve);
        server.child.stdin?.write(`${question}\n`);
      }),
  };
}

/** In a process that runs tests: asks the nursery of the run for an emulator. */
export async function askNursery(socket: string, question: unknown): Promise<unknown> {
  const connection = connect(socket);
  connection.write(`${JSON.stringify(question)}\n`);
  return JSON.parse(await lineFrom(connection));
}

async function lineFrom(input: Socket): Promise<string> {
  for await (const line of createInterface({ input })) return line;
  throw new Error('the connection with the nursery ended before there was a line');
}
