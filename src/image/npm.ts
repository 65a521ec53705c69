import { UserError } from '../errors.ts';
import type { PackageManager } from './package-manager.ts';
import { npmPlatformFlags } from './platform.ts';
import { lastLines, runTool, type ToolResult } from './run-tool.ts';

const run = (args: readonly string[], cwd: string, signal?: AbortSignal): Promise<ToolResult> =>
  runTool(['npm', ...args], { cwd, signal, cannotStart });

export const npm: PackageManager = {
  name: 'npm',
  installs: 'npm ci --omit=dev',

  async install(folder, { platform, scripts, signal }) {
    // Newer versions of npm ask for each package's consent to its scripts; here it was given for all.
    const consent = scripts ? '--dangerously-allow-all-scripts' : '--ignore-scripts';
    const flags = ['--omit=dev', consent, '--no-audit', '--no-fund', '--prefer-offline', ...npmPlatformFlags(platform)];
    const { status, output } = await run(['ci', ...flags], folder, signal);
    if (status === 0) return;
    // When the files do not match, npm says so and then all of its help.
    const [problem = ''] = output.split(/^npm error Clean install a project$/m);
    throw new UserError({
      code: 'DEPENDENCIES_NOT_INSTALLED',
      message: `installing the worker's dependencies: npm ci ended with ${status}\n${lastLines(problem)}`,
      fix: 'Check that npm reaches its registry and that package-lock.json matches package.json (run npm install in the worker folder).',
    });
  },

  async build(folder, signal) {
    const { status, output } = await run(['run', '--silent', 'build'], folder, signal);
    if (status !== 0) throw notBuilt('npm', folder, { status, output });
  },
};

/** What npm would publish of the folder, by its `files` and ignore files: paths with "/". */
export async function npmPackedFiles(folder: string, signal?: AbortSignal): Promise<string[]> {
  const { status, output } = await run(['pack', '--dry-run', '--json', '--ignore-scripts', '--silent'], folder, signal);
  try {
    if (status !== 0) throw new Error(`npm pack ended with ${status}`);
    return packedFiles(JSON.parse(output.slice(output.search(/[[{]/))));
  } catch (cause) {
    throw new UserError({
      code: 'WORKER_NOT_PACKED',
      message: `listing what belongs to ${folder}: ${(cause as Error).message}\n${lastLines(output)}`,
      fix: 'Run npm pack --dry-run in that folder, and mend what it says.',
      cause,
    });
  }
}

/** A list with the one package; npm 12 writes an object by the package's name. */
function packedFiles(answer: unknown): string[] {
  const [packed] = Object.values(answer as Readonly<Record<string, { files: { path: string }[] }>>);
  if (packed === undefined) throw new Error('npm pack named no package');
  return packed.files.map(({ path }) => path);
}

export const notBuilt = (manager: string, folder: string, { status, output }: ToolResult): UserError =>
  new UserError({
    code: 'WORKER_NOT_BUILT',
    message: `building ${folder}: ${manager} run build ended with ${status}\n${lastLines(output)}`,
    fix: `Mend what it says; ${manager} run build in that folder shows all of it.`,
  });

const cannotStart = (cause: Error): UserError =>
  new UserError({
    code: 'NPM_NOT_FOUND',
    message: `starting npm: ${cause.message}`,
    fix: 'Install Node.js with npm, and check that npm is on the PATH.',
    cause,
  });
