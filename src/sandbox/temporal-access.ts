import { randomBytes } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { childEnvironment } from '../child-environment.ts';
import { UserError } from '../errors.ts';
import { makeCertificates } from './certificates.ts';
import type { PythonEnvironment } from './environment.ts';
import { firstLine, letGo, type ServerProcess, startServerProcess } from './server-process.ts';
import type { FrontAuth } from './temporal-front.ts';

/** What a client of the sandbox's Temporal server has to show, as paths: the files are for their owner alone. */
export interface TemporalAccess {
  readonly auth: FrontAuth;
  readonly caCert: string;
  readonly apiKey?: string | undefined;
  /** The keys that are accepted now; see `readAcceptedKeys`. */
  readonly acceptedKeys?: string | undefined;
  readonly clientCert?: string | undefined;
  readonly clientKey?: string | undefined;
}

export interface FrontProcess {
  /** `localhost:port` */
  readonly address: string;
  readonly access: TemporalAccess;
  readonly pid: number;
  readonly identity: string | undefined;
  stop(): Promise<void>;
}

export interface FrontProcessOptions {
  readonly environment: PythonEnvironment;
  /** `host:port` of the plain server behind. */
  readonly backend: string;
  readonly auth: FrontAuth;
  /** Folder for certificates and keys. */
  readonly workDir: string;
  /** The program's own file, whose command `sandbox temporal-front` is the process. */
  readonly program: string;
  readonly logFile: string;
}

/** Starts the front in a process of its own that outlives this one; see `startTemporalFront`. */
export async function startFrontProcess(options: FrontProcessOptions): Promise<FrontProcess> {
  const { auth, workDir, backend } = options;
  await makeCertificates(options.environment, workDir);
  const access = accessFiles(auth, workDir);
  const args = ['--backend', backend, '--folder', workDir, '--temporal-auth', auth];
  const server = await startServerProcess(process.execPath, [options.program, 'sandbox', 'temporal-front', ...args], {
    cwd: workDir,
    detached: true,
    logFile: options.logFile,
    stdout: 'pipe',
    env: childEnvironment(),
  });
  try {
    const address = await firstLine(server);
    letGo(server);
    const { pid, identity, stop } = server;
    return { address, access, pid, identity, stop };
  } catch (cause) {
    await server.stop();
    throw frontFailed(server, options.logFile, cause);
  }
}

/** Where the front looks for the keys that it accepts. */
export const acceptedKeysFile = (workDir: string): string => join(workDir, 'accepted-api-keys');

function accessFiles(auth: FrontAuth, workDir: string): TemporalAccess {
  const caCert = join(workDir, 'ca.pem');
  if (auth === 'mtls') {
    return { auth, caCert, clientCert: join(workDir, 'client.pem'), clientKey: join(workDir, 'client.key') };
  }
  if (auth === 'none') return { auth, caCert };
  const [apiKey, acceptedKeys] = [join(workDir, 'api-key'), acceptedKeysFile(workDir)];
  const key = randomBytes(24).toString('base64url');
  for (const path of [apiKey, acceptedKeys]) writeFileSync(path, `${key}\n`, { mode: 0o600 });
  return { auth, caCert, apiKey, acceptedKeys };
}

function frontFailed(server: ServerProcess, logFile: string, cause: unknown): UserError {
  return new UserError({
    code: 'SANDBOX_FRONT_FAILED',
    message: `the TLS front of the Temporal server did not start: ${server.errors() || String(cause)}`,
    fix: `Read ${logFile}.`,
    cause,
  });
}
