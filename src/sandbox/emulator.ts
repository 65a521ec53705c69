import { mkdirSync } from 'node:fs';
import { delimiter, dirname } from 'node:path';
import { UserError } from '../errors.ts';
import type { PythonEnvironment } from './environment.ts';
import { emulatorPythonPath } from './package-location.ts';
import { lastLine } from './python.ts';
import { cleanEnvironment, firstLine, letGo, startServerProcess } from './server-process.ts';

/** How a client reaches an emulator. The keys are made anew at each start. */
export interface EmulatorAddress {
  readonly endpoint: string;
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly region: string;
  readonly accountId: string;
}

export interface Emulator extends EmulatorAddress {
  readonly pid: number;
  readonly identity: string | undefined;
  /** Ends it and the tasks it runs. */
  stop(): Promise<void>;
}

export interface EmulatorOptions {
  readonly environment: PythonEnvironment;
  /** host:port of the Temporal server for the tasks. */
  readonly temporalAddress?: string | undefined;
  /** Base time of every AWS state change; 1 second when left out. */
  readonly delaySeconds?: number | undefined;
  /** Seconds of single state changes that do not take `delaySeconds`: { 'nat-available': 95 } */
  readonly durations?: Readonly<Record<string, number>> | undefined;
  /** 'process' (the default) runs ECS tasks for real. */
  readonly tasks?: 'process' | 'simulated' | undefined;
  /** AWS's lags and refusals: `on` (the default), `off`, `name=seconds`; later ones override. */
  readonly strict?: readonly string[] | undefined;
  /** Alarms scale services, as on AWS; left out, they only change their state. */
  readonly alarmActions?: boolean | undefined;
  /** Port of a proxy on this machine, by whose name it is called as well as by its own. */
  readonly front?: number | undefined;
  /** Folder for blobs, unpacked images and task folders. The caller removes it. */
  readonly workDir: string;
  /** Folder of unpacked images that several emulators share; a part of `workDir` when left out. */
  readonly imageCache?: string | undefined;
  /** Outlive this process and its terminal. */
  readonly detached?: boolean | undefined;
  readonly logFile?: string | undefined;
}

/** What follows `python -m emulator`. */
export function emulatorArguments(options: Omit<EmulatorOptions, 'environment'>): string[] {
  const args = ['--port', '0', '--work-dir', options.workDir];
  if (options.imageCache !== undefined) args.push('--image-cache', options.imageCache);
  if (options.temporalAddress !== undefined) args.push('--temporal-address', options.temporalAddress);
  if (options.front !== undefined) args.push('--front', String(options.front));
  if (options.delaySeconds !== undefined) args.push('--delay', String(options.delaySeconds));
  if (options.tasks !== undefined) args.push('--tasks', options.tasks);
  if (options.alarmActions === true) args.push('--alarm-actions');
  for (const [change, seconds] of Object.entries(options.durations ?? {}))
    args.push('--duration', `${change}=${seconds}`);
  for (const word of options.strict ?? []) args.push('--strict', word);
  if (options.detached !== true) args.push('--exit-with-stdin');
  return args;
}

/** The environment in which Python finds the emulator, and the emulator its tasks' Node. */
export const emulatorEnvironment = (): NodeJS.ProcessEnv =>
  cleanEnvironment({
    PYTHONPATH: emulatorPythonPath(),
    PYTHONDONTWRITEBYTECODE: '1',
    // The host's Node stands in for the image's: the one that runs us, whatever else is on PATH.
    PATH: [dirname(process.execPath), process.env.PATH ?? ''].join(delimiter),
  });

/** Starts an AWS emulator on a free port of 127.0.0.1 and waits until it listens. */
export async function startEmulator(options: EmulatorOptions): Promise<Emulator> {
  mkdirSync(options.workDir, { recursive: true });
  const server = await startServerProcess(
    options.environment.python,
    ['-m', 'emulator', ...emulatorArguments(options)],
    {
      cwd: options.workDir,
      detached: options.detached ?? false,
      logFile: options.logFile,
      stdout: 'pipe',
      env: emulatorEnvironment(),
    },
  );
  try {
    const line = await firstLine(server);
    const { endpoint, accessKeyId, secretAccessKey, region, accountId } = JSON.parse(line) as EmulatorAddress;
    letGo(server);
    const { pid, identity, stop } = server;
    return { endpoint, accessKeyId, secretAccessKey, region, accountId, pid, identity, stop };
  } catch (error) {
    await server.stop();
    throw new UserError({
      code: 'SANDBOX_EMULATOR_FAILED',
      message: `the AWS emulator did not start: ${lastLine(server.errors()) || String(error)}`,
      fix: options.logFile === undefined ? 'run it again; if it stays, report it' : `read ${options.logFile}`,
      cause: error,
    });
  }
}
