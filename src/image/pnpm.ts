import { UserError } from '../errors.ts';
import { notBuilt } from './npm.ts';
import type { PackageManager } from './package-manager.ts';
import { npmPlatformFlags } from './platform.ts';
import { lastLines, runTool, type ToolResult } from './run-tool.ts';

/** The first one that installs for another machine by flags. */
const OLDEST = { major: 10, minor: 14 } as const;

const FLAGS = [
  '--prod',
  '--frozen-lockfile',
  '--prefer-offline',
  // Real folders, as npm makes them, instead of links into a store.
  '--config.node-linker=hoisted',
  // Patches of packages that other parts of the repository need.
  '--config.allow-unused-patches=true',
  '--reporter=append-only',
];

export const pnpm: PackageManager = {
  name: 'pnpm',
  installs: 'pnpm install --prod --frozen-lockfile',

  async install(folder, { platform, scripts, signal }) {
    await refuseOld(folder, signal);
    const consent = scripts ? '--config.dangerously-allow-all-builds=true' : '--ignore-scripts';
    const result = await run(['install', ...FLAGS, consent, ...npmPlatformFlags(platform)], folder, signal);
    if (result.status === 0) return;
    throw new UserError({
      code: 'DEPENDENCIES_NOT_INSTALLED',
      message: `installing the worker's dependencies: pnpm install ended with ${result.status}\n${lastLines(result.output)}`,
      fix: 'Check that pnpm reaches its registry and that pnpm-lock.yaml matches package.json (run pnpm install in the worker folder).',
    });
  },

  async build(folder, signal) {
    const result = await run(['run', 'build'], folder, signal);
    if (result.status !== 0) throw notBuilt('pnpm', folder, result);
  },
};

/** The pnpm of the PATH, which runs the version that the repository's "packageManager" asks for. */
const run = (args: readonly string[], cwd: string, signal?: AbortSignal): Promise<ToolResult> =>
  runTool(['pnpm', ...args], { cwd, signal, cannotStart });

async function refuseOld(folder: string, signal?: AbortSignal): Promise<void> {
  const { output } = await run(['--version'], folder, signal);
  const version = /^\d+\.\d+\.\d+\S*$/m.exec(output)?.[0] ?? output.trim();
  const [major = 0, minor = 0] = version.split('.').map(Number);
  if (major > OLDEST.major || (major === OLDEST.major && minor >= OLDEST.minor)) return;
  const oldest = `${OLDEST.major}.${OLDEST.minor}`;
  throw new UserError({
    code: 'PNPM_TOO_OLD',
    message: `installing the worker's dependencies: pnpm is ${version}, and only ${oldest} or newer installs for another machine`,
    fix: 'Raise it: "packageManager" in package.json, or npm install --global pnpm.',
  });
}

const cannotStart = (cause: Error): UserError =>
  new UserError({
    code: 'PNPM_NOT_FOUND',
    message: `starting pnpm, which wrote the worker's lock file: ${cause.message}`,
    fix: 'Run corepack enable or npm install --global pnpm, and check that pnpm is on the PATH.',
    cause,
  });
