import { mkdirSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { UserError } from '../errors.ts';
import type { PythonEnvironment } from './environment.ts';
import { emulatorPythonPath } from './package-location.ts';
import { run } from './processes.ts';
import { lastLine } from './python.ts';
import { cleanEnvironment, letGo, type ServerProcess, startServerProcess } from './server-process.ts';

export interface TemporalServer {
  /** host:port of its gRPC frontend, plain text, namespace `default`. */
  readonly address: string;
  readonly pid: number;
  readonly identity: string | undefined;
  stop(): Promise<void>;
}

export interface TemporalServerOptions {
  readonly environment: PythonEnvironment;
  readonly workDir: string;
  readonly detached?: boolean | undefined;
  readonly logFile?: string | undefined;
}

const HOST = '127.0.0.1';
const START_TIMEOUT_MS = 60_000;
/** Another program may take a port between our look and the server's bind. */
const ATTEMPTS = 3;

/** Starts a Temporal dev server (in memory, no web UI) on free ports of 127.0.0.1 and waits until it serves. */
export async function startTemporalServer(options: TemporalServerOptions): Promise<TemporalServer> {
  mkdirSync(options.workDir, { recursive: true });
  const detached = options.detached ?? false;
  const { python, temporal } = options.environment;
  for (let attempt = 1; ; attempt += 1) {
    const [port, httpPort, metricsPort] = await freePorts(3);
    const ports = [`--port=${port}`, `--http-port=${httpPort}`, `--metrics-port=${metricsPort}`];
    const args = ['server', 'start-dev', '--headless', `--ip=${HOST}`, ...ports, '--log-level=warn'];
    // Not detached, it runs under a supervisor that ends it when we are killed; it does not watch us itself.
    const [command, prefix] = detached ? [temporal, []] : [python, ['-m', 'emulator.supervise', temporal]];
    const server = await startServerProcess(command, [...prefix, ...args], {
      cwd: options.workDir,
      detached,
      logFile: options.logFile,
      stdout: 'ignore',
      env: cleanEnvironment({ PYTHONPATH: emulatorPythonPath(), PYTHONDONTWRITEBYTECODE: '1' }),
    });
    const address = `${HOST}:${port}`;
    if (await serves(server, address, temporal)) {
      letGo(server);
      return { address, pid: server.pid, identity: server.identity, stop: server.stop };
    }
    await server.stop();
    if (attempt === ATTEMPTS) {
      throw new UserError({
        code: 'SANDBOX_TEMPORAL_FAILED',
        message: `the Temporal dev server did not start: ${lastLine(server.errors()) || 'it gave no reason'}`,
        fix: options.logFile === undefined ? 'run it again; if it stays, report it' : `read ${options.logFile}`,
      });
    }
  }
}

async function serves({ child }: ServerProcess, address: string, temporal: string): Promise<boolean> {
  const deadline = performance.now() + START_TIMEOUT_MS;
  while (performance.now() < deadline && child.exitCode === null && child.signalCode === null) {
    if (await accepts(address)) {
      const health = await run(temporal, ['operator', 'cluster', 'health', '--address', address], {
        env: cleanEnvironment(),
      });
      if (health.code === 0 && health.output.includes('SERVING')) return true;
    }
    await sleep(50);
  }
  return false;
}

function accepts(address: string): Promise<boolean> {
  const [host, port] = address.split(':');
  return new Promise((resolve) => {
    const socket = connect(Number(port), host);
    socket.once('connect', () => {
      socket.destroy();
      resolve(true);
    });
    socket.once('error', () => resolve(false));
  });
}

/** Ports that were free a moment ago, all different. */
async function freePorts(count: number): Promise<number[]> {
  const servers = Array.from({ length: count }, () => createServer());
  await Promise.all(servers.map((server) => new Promise<void>((resolve) => server.listen(0, HOST, resolve))));
  const ports = servers.map((server) => {
    const address = server.address();
    return typeof address === 'object' && address !== null ? address.port : 0;
  });
  await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))));
  return ports;
}
