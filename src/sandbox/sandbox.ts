import { mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type EmulatorAddress, startEmulator } from './emulator.ts';
import { ensurePythonEnvironment, type PythonEnvironment } from './environment.ts';
import { withFileLock } from './file-lock.ts';
import { endProcess, processIdentity } from './processes.ts';
import { type FrontProcess, startFrontProcess, type TemporalAccess } from './temporal-access.ts';
import type { FrontAuth } from './temporal-front.ts';
import { startTemporalServer, type TemporalServer } from './temporal-server.ts';

interface ProcessRecord {
  readonly pid: number;
  /** See `processIdentity`. */
  readonly identity: string | undefined;
}

/** What is in `<home>/sandbox.json`. It holds the sandbox's key, so only its owner may read it. */
export interface SandboxRecord extends EmulatorAddress {
  readonly temporalAddress: string;
  /** Set when it speaks TLS. */
  readonly temporalAccess?: TemporalAccess | undefined;
  readonly pids: {
    readonly emulator: ProcessRecord;
    readonly temporalFront?: ProcessRecord | undefined;
    readonly temporal: ProcessRecord;
  };
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
  /** TLS in front of the Temporal server, and what it asks of workers; plain and open when left out. */
  readonly temporalTls?: { readonly auth: FrontAuth; readonly program: string } | undefined;
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
    let front: FrontProcess | undefined;
    try {
      front = await startFront(options, environment, temporal, folder);
      const temporalAddress = front?.address ?? temporal.address;
      const emulator = await startEmulator({
        environment,
        temporalAddress,
        delaySeconds: options.delaySeconds,
        strict: options.strict,
        alarmActions: true,
        workDir: join(folder, 'emulator'),
        detached: true,
        logFile: join(folder, 'emulator.log'),
      });
      const { pid: _pid, identity: _identity, stop: _stop, ...address } = emulator;
      const sandbox: SandboxRecord = {
        ...address,
        temporalAddress,
        ...(front && { temporalAccess: front.access }),
        pids: {
          emulator: recordOf(emulator),
          ...(front && { temporalFront: recordOf(front) }),
          temporal: recordOf(temporal),
        },
        startedAt: new Date().toISOString(),
        delaySeconds: options.delaySeconds,
      };
      write(home, sandbox);
      return { sandbox, alreadyRunning: false };
    } catch (error) {
      await front?.stop();
      await temporal.stop();
      throw error;
    }
  });
}

async function startFront(
  { temporalTls }: SandboxOptions,
  environment: PythonEnvironment,
  { address }: TemporalServer,
  folder: string,
): Promise<FrontProcess | undefined> {
  return (
    temporalTls &&
    startFrontProcess({
      ...temporalTls,
      environment,
      backend: address,
      workDir: join(folder, 'temporal-tls'),
      logFile: join(folder, 'temporal-front.log'),
    })
  );
}

const recordOf = ({ pid, identity }: ProcessRecord): ProcessRecord => ({ pid, identity });

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
  const living = await Promise.all(processesOf(record).map(isSame));
  const alive = living.every(Boolean) && (await answers(record));
  return alive ? record : undefined;
}

/** In the order in which they are stopped: the emulator's tasks say goodbye to the Temporal server. */
const processesOf = ({ pids: { emulator, temporalFront, temporal } }: SandboxRecord): ProcessRecord[] =>
  [emulator, temporalFront ?? [], temporal].flat();

async function clear(home: string): Promise<void> {
  const record = read(home);
  if (record !== undefined) {
    for (const { pid, identity } of processesOf(record)) await endProcess(pid, identity);
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
