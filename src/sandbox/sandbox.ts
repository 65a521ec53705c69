import { mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type EmulatorAddress, startEmulator } from './emulator.ts';
import { ensurePythonEnvironment } from './environment.ts';
import { withFileLock } from './file-lock.ts';
import { endProcess, processIdentity } from './processes.ts';
import { startTemporalServer } from './temporal-server.ts';

interface ProcessRecord {
  readonly pid: number;
  /** See `processIdentity`. */
  readonly identity: string | undefined;
}

/** What is in `<home>/sandbox.json`. It holds the sandbox's key, so only its owner may read it. */
export interface SandboxRecord extends EmulatorAddress {
  readonly temporalAddress: string;
  readonly pids: { readonly emulator: ProcessRecord; readonly temporal: ProcessRecord };
  /** ISO 8601 */
  readonly startedAt: string;
  readonly delaySeconds: number;
}

export interface SandboxStart {
  readonly sandbox: SandboxRecord;
  /** It ran before; nothing was started. */
  readonly alreadyRunning: boolean;
}

export interface SandboxOptions {
  /** Folder for the run file, logs and the emulator's data. */
  readonly home: string;
  readonly cacheDir: string;
  /** Base time of every AWS state change in the emulator. */
  readonly delaySeconds: number;
  /** See `EmulatorOptions`. */
  readonly strict?: readonly string[] | undefined;
  readonly note: (text: string) => void;
  readonly signal?: AbortSignal | undefined;
}

interface Home {
  readonly home: string;
}

const runFile = (home: string) => join(home, 'sandbox.json');
const workDir = (home: string) => join(home, 'sandbox');

/** Starts the emulator and a Temporal server that outlive this process, or returns those that run already. */
export async function startSandbox(options: SandboxOptions): Promise<SandboxStart> {
  const { home, note, signal } = options;
  mkdirSync(home, { recursive: true });
  return locked(home, async () => {
    const running = await sandboxStatus({ home });
    if (running !== undefined) {
      note(`The sandbox already runs, since ${running.startedAt}.`);
      return { sandbox: running, alreadyRunning: true };
    }
    await clear(home);
    const environment = await ensurePythonEnvironment({ cacheDir: options.cacheDir, note, signal });
    note('Starting the AWS emulator and a Temporal server (about 5 seconds).');
    const folder = workDir(home);
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    const temporal = await startTemporalServer({
      environment,
      workDir: join(folder, 'temporal'),
      detached: true,
      logFile: join(folder, 'temporal.log'),
    });
    try {
      const emulator = await startEmulator({
        environment,
        temporalAddress: temporal.address,
        delaySeconds: options.delaySeconds,
        strict: options.strict,
        workDir: join(folder, 'emulator'),
        detached: true,
        logFile: join(folder, 'emulator.log'),
      });
      const { pid, identity, stop: _stop, ...address } = emulator;
      const sandbox: SandboxRecord = {
        ...address,
        temporalAddress: temporal.address,
        pids: { emulator: { pid, identity }, temporal: { pid: temporal.pid, identity: temporal.identity } },
        startedAt: new Date().toISOString(),
        delaySeconds: options.delaySeconds,
      };
      write(home, sandbox);
      return { sandbox, alreadyRunning: false };
    } catch (error) {
      await temporal.stop();
      throw error;
    }
  });
}

/**
 * Ends the sandbox's processes and removes all it left on disk but the Python environment.
 *
 * @returns whether there was one
 */
export async function stopSandbox({ home }: Home): Promise<boolean> {
  if (read(home) === undefined) return false;
  return locked(home, async () => {
    const running = (await sandboxStatus({ home })) !== undefined;
    await clear(home);
    return running;
  });
}

/** The sandbox that runs, or undefined; a record of ended processes counts as none. */
export async function sandboxStatus({ home }: Home): Promise<SandboxRecord | undefined> {
  const record = read(home);
  if (record === undefined) return undefined;
  const { emulator, temporal } = record.pids;
  const alive = (await isSame(emulator)) && (await isSame(temporal)) && (await answers(record));
  return alive ? record : undefined;
}

/** The emulator first: its tasks say goodbye to the Temporal server. */
async function clear(home: string): Promise<void> {
  const record = read(home);
  if (record !== undefined) {
    await endProcess(record.pids.emulator.pid, record.pids.emulator.identity);
    await endProcess(record.pids.temporal.pid, record.pids.temporal.identity);
  }
  rmSync(workDir(home), { recursive: true, force: true });
  rmSync(runFile(home), { force: true });
}

async function isSame({ pid, identity }: ProcessRecord): Promise<boolean> {
  return identity !== undefined && (await processIdentity(pid)) === identity;
}

async function answers({ endpoint, secretAccessKey }: EmulatorAddress): Promise<boolean> {
  try {
    const response = await fetch(`${endpoint}/_sandbox/health`, {
      headers: { 'x-sandbox-key': secretAccessKey },
      signal: AbortSignal.timeout(5_000),
    });
    return response.ok;
  } catch {
    return false;
  }
}

function locked<T>(home: string, work: () => Promise<T>): Promise<T> {
  return withFileLock(join(home, 'sandbox.lock'), work);
}

/** A damaged file is a record of nothing: what it named cannot be known. */
function read(home: string): SandboxRecord | undefined {
  try {
    return JSON.parse(readFileSync(runFile(home), 'utf8')) as SandboxRecord;
  } catch {
    return undefined;
  }
}

function write(home: string, record: SandboxRecord): void {
  const draft = `${runFile(home)}.new`;
  writeFileSync(draft, `${JSON.stringify(record, null, 2)}\n`, { mode: 0o600 });
  renameSync(draft, runFile(home));
}
