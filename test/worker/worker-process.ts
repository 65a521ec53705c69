import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { hostNodeBase } from '../../src/image/base.ts';
import { installationOf } from '../../src/image/installation.ts';
import { nodeImageSource } from '../../src/image/node-image.ts';
import type { OciImage } from '../../src/image/oci.ts';
import { hostPlatform } from '../../src/image/platform.ts';
import { openProject } from '../../src/image/project.ts';
import type { ImageSource } from '../../src/image/source.ts';
import { folderEntries } from '../../src/image/tar.ts';
import { HEALTH_CHECK } from '../../src/steps/compute/health-check.ts';
import { buildWorker } from '../../worker/build.ts';
import { BIN, testCacheDir } from '../helpers/paths.ts';

export const workerDir = fileURLToPath(new URL('../../worker', import.meta.url));
/** The bundled worker as `npm test` has built it. */
export const builtWorker = join(dirname(BIN), 'worker/dist');

/**
 * Makes the bundled worker's image for this machine; slow only when the dependency layer is not cached yet.
 * @param activities file that takes the place of the worker's own activities.ts
 */
export async function buildImage(scratch: string, activities?: string): Promise<OciImage> {
  return await (await imageSource(scratch, activities)).build(hostPlatform(), imageContext);
}

export const imageContext = { cacheDir: join(testCacheDir, 'images'), note: () => undefined };

export async function imageSource(scratch: string, activities?: string): Promise<ImageSource> {
  if (activities === undefined) return appSource(builtWorker);
  const appDir = join(scratch, 'dist');
  await buildWorker(withActivities(scratch, activities), appDir);
  return appSource(appDir);
}

/** An image of the worker's dependencies and of a folder with a main.js. */
export function appSource(appDir: string): ImageSource {
  const app = () => folderEntries(appDir, 'app');
  const installation = installationOf(openProject(workerDir));
  const rest = { inputs: app, app, command: ['main.js'] };
  return nodeImageSource({ name: 'a worker', installation, base: hostNodeBase, ...rest });
}

/** A copy of the worker's sources, in which something may be changed. */
export function workerSources(scratch: string): string {
  const folder = join(scratch, 'sources');
  cpSync(workerDir, folder, { recursive: true, filter: (path) => !/\/(node_modules|dist)$/.test(path) });
  symlinkSync(join(workerDir, 'node_modules'), join(folder, 'node_modules'));
  return folder;
}

/** Such a copy with other activities. */
export function withActivities(scratch: string, activities: string): string {
  const folder = workerSources(scratch);
  cpSync(activities, join(folder, 'activities.ts'));
  return folder;
}

/** Unpacks an image's layers with the system's tar, as a container runtime would, and reads what it runs. */
export async function unpackImage(
  image: OciImage,
  root: string,
): Promise<{ command: string[]; cwd: string; env: string[] }> {
  mkdirSync(root, { recursive: true });
  for (const layer of image.layers) {
    const { status, stderr } = spawnSync('tar', ['-xzf', await layer.file(), '-C', root, '--no-same-owner']);
    if (status !== 0) throw new Error(`tar: ${stderr}`);
  }
  const { config } = JSON.parse(readFileSync(await image.config.file(), 'utf8')) as {
    config: { Entrypoint: string[]; Cmd: string[]; WorkingDir: string; Env: string[] };
  };
  return { command: [...config.Entrypoint, ...config.Cmd], cwd: join(root, config.WorkingDir), env: config.Env };
}

export interface WorkerProcess {
  readonly child: ChildProcess;
  /** The task's own temporary folder. */
  readonly tmp: string;
  /** All that it has written, both streams. */
  output(): string;
  lines(): Record<string, unknown>[];
  /** Settles when the process has ended. */
  readonly ended: Promise<{ code: number | null; signal: NodeJS.Signals | null }>;
  /** Ends the process, if it still runs, and removes the folder. */
  dispose(): Promise<void>;
}

/** Starts an unpacked image with exactly the given environment, as ECS would. */
export function startWorker(
  unpacked: Awaited<ReturnType<typeof unpackImage>>,
  env: Record<string, string>,
): WorkerProcess {
  const tmp = mkdtempSync(join(tmpdir(), 'worker-task-'));
  const [command = '', ...args] = unpacked.command;
  const imageEnv = Object.fromEntries(unpacked.env.map((pair) => pair.split(/=(.*)/s).slice(0, 2)));
  const child = spawn(command, args, {
    cwd: unpacked.cwd,
    // The host's Node stands in for the base image's.
    env: { PATH: `${dirname(process.execPath)}:/usr/bin:/bin`, TMPDIR: tmp, ...imageEnv, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text: string) => {
      output += text;
    });
  }
  const ended = new Promise<{ code: number | null; signal: NodeJS.Signals | null }>((resolve) => {
    child.once('close', (code, signal) => resolve({ code, signal }));
  });
  return {
    child,
    tmp,
    ended,
    output: () => output,
    lines: () =>
      output
        .split('\n')
        .slice(0, -1)
        .map((line) => JSON.parse(line) as Record<string, unknown>),
    dispose: async () => {
      child.kill('SIGKILL');
      await ended;
      rmSync(tmp, { recursive: true, force: true });
    },
  };
}

/** Exit code of the container's health check for a task with this temporary folder; 0 is healthy. */
export function healthCheck(tmp: string): number | null {
  const [, command = ''] = HEALTH_CHECK.command;
  return spawnSync('sh', ['-c', command], { env: { ...process.env, TMPDIR: tmp } }).status;
}
