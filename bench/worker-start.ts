// `npm run bench:worker`: what the bundled worker's image weighs, and how long a small task takes until it polls.
// Build first. Prints numbers and judges none of them; the machine should have little else to do.
import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { gzipSync } from 'node:zlib';
import { hostNodeBase } from '../src/image/base.ts';
import { bundledWorkerSource } from '../src/image/bundled.ts';
import { coreBridgeTarget, hostPlatform } from '../src/image/platform.ts';
import { ensurePythonEnvironment } from '../src/sandbox/environment.ts';
import { startTemporalServer } from '../src/sandbox/temporal-server.ts';
import { unpackImage } from '../test/worker/worker-process.ts';
import { limitCpu } from './limit-cpu.ts';

const SHARES = [undefined, 1, 0.5, 0.25];
const RUNS = 3;

const root = join(import.meta.dirname, '..');
const cacheDir = join(root, '.cache');
const scratch = mkdtempSync(join(tmpdir(), 'worker-start-'));
const note = (text: string): void => void process.stderr.write(`${text}\n`);
const print = (text: string): void => void process.stdout.write(`${text}\n`);
const megabytes = (bytes: number): string => `${(bytes / 1e6).toFixed(2).padStart(6)} MB`;

try {
  const app = await sizes();
  await starts(app);
} finally {
  rmSync(scratch, { recursive: true, force: true });
}

/** Prints what is pushed over the base image, and unpacks it. */
async function sizes(): Promise<ReturnType<typeof unpackImage>> {
  const platform = hostPlatform();
  const source = bundledWorkerSource(join(root, 'dist/worker'), hostNodeBase);
  const image = await source.build(platform, { cacheDir: join(cacheDir, 'images'), note });
  const unpacked = await unpackImage(image, join(scratch, 'image'));
  const core = `node_modules/@temporalio/core-bridge/releases/${coreBridgeTarget(platform)}/index.node`;
  const native = join(unpacked.cwd, core);

  print(`Image for ${platform}, compressed, over the base`);
  const names = ['packages that are not bundled', 'the worker with the bundled ones'];
  for (const [index, { size }] of image.layers.entries()) print(`  ${names[index]?.padEnd(32)} ${megabytes(size)}`);
  print(`  ${'together'.padEnd(32)} ${megabytes(image.layers.reduce((sum, { size }) => sum + size, 0))}`);
  print(
    `  ${"of it Temporal's native core".padEnd(32)} ${megabytes(gzipSync(readFileSync(native), { level: 9 }).byteLength)}  gzip -9`,
  );
  print(`  ${'  not compressed'.padEnd(32)} ${megabytes(statSync(native).size)}`);
  return unpacked;
}

/** Prints how long the unpacked image takes from the start of its process until it says that it polls. */
async function starts(app: Awaited<ReturnType<typeof unpackImage>>): Promise<void> {
  const environment = await ensurePythonEnvironment({ cacheDir, note });
  const temporal = await startTemporalServer({ environment, workDir: join(scratch, 'temporal') });
  try {
    print(`\nStart to polling, Node ${process.versions.node}, best and worst of ${RUNS} (processor time)`);
    for (const share of SHARES) {
      if (share !== undefined && process.platform !== 'linux') {
        print(`  ${share} of a core: cannot be limited without /proc`);
        continue;
      }
      const runs: Start[] = [];
      for (let run = 0; run < RUNS; run += 1) runs.push(await startOnce(app, temporal.address, share));
      const seconds = runs.map(({ ms }) => ms / 1000).sort((a, b) => a - b);
      const cpu = Math.min(...runs.map(({ cpuMs }) => cpuMs)) / 1000;
      const label = share === undefined ? 'as many cores as there are' : `${share} of a core`;
      print(`  ${label.padEnd(28)} ${seconds[0]?.toFixed(2)} to ${seconds.at(-1)?.toFixed(2)} s (${cpu.toFixed(2)} s)`);
    }
  } finally {
    await temporal.stop();
  }
}

interface Start {
  readonly ms: number;
  readonly cpuMs: number;
}

async function startOnce(
  { command, cwd, env }: Awaited<ReturnType<typeof unpackImage>>,
  address: string,
  share: number | undefined,
): Promise<Start> {
  const [, ...args] = command;
  const startedAt = performance.now();
  const child = spawn(process.execPath, args, {
    cwd,
    env: {
      ...Object.fromEntries(env.map((pair) => pair.split(/=(.*)/s).slice(0, 2))),
      TMPDIR: scratch,
      AWS_REGION: 'us-east-1',
      TEMPORAL_ADDRESS: address,
      TEMPORAL_NAMESPACE: 'default',
      TEMPORAL_TASK_QUEUE: 'bench',
      TEMPORAL_TLS: 'false',
    },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  const unlimited =
    process.platform === 'linux' ? limitCpu(child.pid ?? 0, share ?? Number.POSITIVE_INFINITY) : () => 0;
  for await (const line of createInterface({ input: child.stdout })) {
    if (line.includes('"message":"polling"')) break;
  }
  const ms = performance.now() - startedAt;
  const cpuMs = unlimited();
  child.kill('SIGKILL');
  await ended;
  return { ms, cpuMs };
}
