import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import {
  type Emulator,
  type EmulatorAddress,
  type EmulatorOptions,
  emulatorArguments,
  emulatorEnvironment,
  startEmulator,
} from '../../src/sandbox/emulator.ts';
import { endProcess, processIdentity } from '../../src/sandbox/processes.ts';
import { type ServerProcess, startServerProcess } from '../../src/sandbox/server-process.ts';

const SCRIPT = fileURLToPath(new URL('emulator_nursery.py', import.meta.url));

type Born = EmulatorAddress & { readonly pid: number };

interface Nursery {
  readonly server: ServerProcess;
  /** Those whose answers are still to come, in the order of their questions. */
  readonly waiting: ((answer: Partial<Born>) => void)[];
}

/** One for each process that runs tests; it ends with that. */
let nursery: Promise<Nursery> | undefined;

async function start({ environment }: EmulatorOptions): Promise<Nursery> {
  const server = await startServerProcess(environment.python, [SCRIPT], {
    cwd: fileURLToPath(new URL('.', import.meta.url)),
    detached: false,
    stdout: 'pipe',
    env: emulatorEnvironment(),
  });
  const { stdout } = server.child;
  if (stdout === null) throw new Error('no stdout');
  const waiting: Nursery['waiting'] = [];
  const lines = createInterface({ input: stdout });
  lines.on('line', (line) => waiting.shift()?.(JSON.parse(line)));
  lines.on('close', () => {
    for (const answer of waiting.splice(0)) answer({});
  });
  server.child.unref();
  return { server, waiting };
}

/** An emulator like that of `startEmulator`, in a tenth of a second: see emulator_nursery.py. */
export async function forkEmulator(options: EmulatorOptions): Promise<Emulator> {
  nursery ??= start(options);
  const { server, waiting } = await nursery;
  const { pid, ...address } = await new Promise<Partial<Born>>((resolve) => {
    waiting.push(resolve);
    const request = { arguments: emulatorArguments(options), log: options.logFile ?? null };
    server.child.stdin?.write(`${JSON.stringify(request)}\n`);
  });
  // Started the ordinary way it says why it does not.
  if (pid === undefined) return startEmulator(options);
  const identity = await processIdentity(pid);
  return { ...(address as EmulatorAddress), pid, identity, stop: () => endProcess(pid, identity) };
}
