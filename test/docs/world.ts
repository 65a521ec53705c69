import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { makeCertificates } from '../../src/sandbox/certificates.ts';
import type { Emulator } from '../../src/sandbox/emulator.ts';
import { ensurePythonEnvironment } from '../../src/sandbox/environment.ts';
import { type SandboxRecord, stopSandbox } from '../../src/sandbox/sandbox.ts';
import { startTemporalFront, type TemporalFront } from '../../src/sandbox/temporal-front.ts';
import { startTemporalServer, type TemporalServer } from '../../src/sandbox/temporal-server.ts';
import { BIN, cliEnvironment, startCli } from '../helpers/cli.ts';
import { clientsFor, controlOf, type TestEmulator, testCacheDir } from '../helpers/emulator.ts';
import { forkEmulator } from '../helpers/fork-emulator.ts';
import { type GithubApi, startGithubApi } from '../helpers/github-api.ts';
import { pathWithShims } from './reader.ts';

const DELAY_SECONDS = 0.2;

/** What Temporal asks for in worlds with a key, and the key that takes its place. */
export const API_KEY = 'key-of-the-page';
export const NEXT_KEY = 'next-key-of-the-page';

/** The machine and the AWS account of somebody who reads one page: nothing in either but what the page takes for granted. */
export class World {
  readonly emulator: TestEmulator;
  /** Where commands are typed. */
  readonly folder: string;
  private readonly parts: Parts;
  private readonly home: string;
  private readonly path: string;
  private readonly extra: NodeJS.ProcessEnv;
  private github: GithubApi | undefined;

  private constructor(parts: Parts) {
    this.parts = parts;
    const { root, server } = parts;
    const clients = clientsFor(server);
    this.emulator = { ...controlOf(server), address: server, clients, delaySeconds: DELAY_SECONDS };
    this.folder = join(root, 'here');
    mkdirSync(this.folder);
    // README is read at the top of a clone.
    symlinkSync(dirname(BIN), join(this.folder, 'dist'));
    this.home = join(root, 'home');
    this.path = pathWithShims(join(root, 'bin'));
    this.extra = { TEMPORAL_ADDRESS: parts.temporalAddress, ...parts.access };
  }

  /** @param options `withKey`: Temporal speaks TLS and asks for an API key; `scaling`: alarms scale, as in the sandbox */
  static async start({ withKey = false, scaling = false } = {}): Promise<World> {
    const environment = await ensurePythonEnvironment({ cacheDir: testCacheDir, note: () => undefined });
    const root = mkdtempSync(join(tmpdir(), 'temporal-fargate-docs-'));
    const temporal = await startTemporalServer({ environment, workDir: join(root, 'temporal') });
    const certificates = join(root, 'certificates');
    let front: TemporalFront | undefined;
    if (withKey) {
      await makeCertificates(environment, certificates);
      const apiKeys = () => [{ key: API_KEY }, { key: NEXT_KEY }];
      front = await startTemporalFront({ backend: temporal.address, certificates, auth: 'api-key', apiKeys });
    }
    const temporalAddress = front?.address ?? temporal.address;
    const server = await forkEmulator({
      environment,
      temporalAddress,
      delaySeconds: DELAY_SECONDS,
      alarmActions: scaling,
      workDir: join(root, 'emulator'),
    });
    const key = {
      TEMPORAL_TLS_SERVER_CA_CERT_PATH: join(certificates, 'ca.pem'),
      TEMPORAL_FARGATE_TEMPORAL_AUTH: 'api-key',
      TEMPORAL_TLS: 'true',
      TEMPORAL_API_KEY: API_KEY,
    };
    return new World({ root, server, temporal, front, temporalAddress, access: withKey ? key : {} });
  }

  /** Of somebody with an AWS account and a Temporal server, or of somebody who has neither and uses the sandbox. */
  env({ account = true } = {}): NodeJS.ProcessEnv {
    return {
      ...cliEnvironment(account ? this.parts.server : undefined, account ? this.extra : {}),
      PATH: this.path,
      NO_COLOR: '1',
      TEMPORAL_FARGATE_HOME: this.home,
      // Nothing listens there, so that the prices of the table are taken.
      TEMPORAL_FARGATE_PRICES_URL: 'http://127.0.0.1:9',
    };
  }

  /** Where workers and people reach Temporal. */
  get temporalAddress(): string {
    return this.parts.temporalAddress;
  }

  /** The Temporal server itself, which asks nobody for a key. */
  get serverAddress(): string {
    return this.parts.temporal.address;
  }

  /** Sets a variable of the reader's shell. */
  set(name: string, value: string | undefined): void {
    this.extra[name] = value;
  }

  /** Runs a command that is not on the page. @returns its result, with `--json` */
  async run<T = unknown>(words: string): Promise<T> {
    const args = [...words.split(' '), '--json'];
    const { code, stdout, stderr } = await startCli(args, this.env(), undefined, BIN, this.folder).result;
    if (code !== 0) throw new Error(`${words} ended with ${code}:\n${stderr}${stdout}`);
    return JSON.parse(stdout.trimEnd().split('\n').at(-1) ?? '').result;
  }

  async init(stack: string, flags = ''): Promise<void> {
    await this.run(`init --yes --skip-checks --stack ${stack} ${flags}`.trim());
  }

  /** Writes a file into the folder of the commands. */
  write(path: string, text: string): void {
    mkdirSync(dirname(join(this.folder, path)), { recursive: true });
    writeFileSync(join(this.folder, path), text);
  }

  remove(path: string): void {
    rmSync(join(this.folder, path), { recursive: true, force: true });
  }

  /** GitHub's API, with the repository acme/orders. */
  async startGithub(): Promise<void> {
    this.github = await startGithubApi();
    this.set('GITHUB_API_URL', this.github.origin);
  }

  /** From here on this emulator and this Temporal server are the sandbox of the machine. */
  becomeSandbox(): void {
    const { server, temporal } = this.parts;
    const { pid, identity, stop: _stop, ...address } = server;
    const record: SandboxRecord = {
      ...address,
      temporalAddress: temporal.address,
      pids: { emulator: { pid, identity }, temporal: { pid: temporal.pid, identity: temporal.identity } },
      startedAt: new Date().toISOString(),
      delaySeconds: DELAY_SECONDS,
    };
    mkdirSync(this.home, { recursive: true });
    writeFileSync(join(this.home, 'sandbox.json'), JSON.stringify(record), { mode: 0o600 });
  }

  async stop(): Promise<void> {
    const { root, server, front, temporal } = this.parts;
    for (const client of Object.values(this.emulator.clients)) client.destroy();
    this.github?.close();
    await stopSandbox({ home: this.home });
    await server.stop();
    await front?.stop();
    await temporal.stop();
    rmSync(root, { recursive: true, force: true });
  }
}

interface Parts {
  readonly root: string;
  readonly server: Emulator;
  readonly temporal: TemporalServer;
  readonly front: TemporalFront | undefined;
  readonly temporalAddress: string;
  /** What else Temporal asks for. */
  readonly access: NodeJS.ProcessEnv;
}
