import { readFile } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { build, type Plugin } from 'esbuild';

/**
 * Bundles `main.ts`, and the SDK's own thread that runs workflows, with the packages that they use, or rather the parts
 * that they use: the image is smaller, and a task has fewer files to find and to read when it starts.
 */
export async function bundleCode(sourceDir: string, outDir: string): Promise<void> {
  await build({
    absWorkingDir: sourceDir,
    outdir: outDir,
    entryPoints: {
      main: 'main.ts',
      // The SDK asks for a file of this name beside the code that starts it.
      'workflow-worker-thread': '@temporalio/worker/lib/workflow/workflow-worker-thread.js',
    },
    bundle: true,
    platform: 'node',
    target: 'node20',
    // CommonJS runs the modules in their written order, so the signal handler is there before the SDK is loaded.
    format: 'cjs',
    define: { 'import.meta.dirname': '__dirname' },
    // ES modules where a package has them: of those, what is not used is left out.
    mainFields: ['module', 'main'],
    // File names stay relative to the folder, also where node_modules is a link.
    preserveSymlinks: true,
    plugins: [await installedInImage(sourceDir), withoutWebpack],
    logLevel: 'warning',
    // The SDK looks for files of its own (debugger, bundler) that a worker in an image has no use for.
    logOverride: { 'require-resolve-not-external': 'silent' },
  });
}

/**
 * Leaves out what the image has in node_modules: the `dependencies` of package.json and theirs, by the lock file. That is
 * the place of packages that cannot be bundled, because they come with files of their own (the native core of the SDK,
 * WebAssembly). `devDependencies` are bundled when they are imported.
 */
async function installedInImage(sourceDir: string): Promise<Plugin> {
  const { packages } = JSON.parse(await readFile(join(sourceDir, 'package-lock.json'), 'utf8')) as {
    packages: Record<string, { dev?: boolean }>;
  };
  const isInstalled = (request: string): boolean => {
    const [scope = '', name] = request.split('/');
    const entry = packages[`node_modules/${scope.startsWith('@') ? `${scope}/${name}` : scope}`];
    return entry !== undefined && !entry.dev;
  };
  const OURS = Symbol('asked by this plugin');
  return {
    name: 'installed-in-image',
    setup({ onResolve, resolve }) {
      onResolve({ filter: /^[^./]/ }, async ({ path, kind, importer, resolveDir, pluginData }) => {
        if (pluginData === OURS || !isInstalled(path)) return undefined;
        const found = await resolve(path, { kind, importer, resolveDir, pluginData: OURS });
        // A package within another is another version than the one that main.js would find.
        const isNested = relative(sourceDir, found.path).split('node_modules').length > 2;
        return isNested ? found : { path, external: true };
      });
    },
  };
}

/** The SDK loads webpack to bundle workflows when a worker starts; ours are bundled already. */
const withoutWebpack: Plugin = {
  name: 'without-webpack',
  setup({ onLoad }) {
    onLoad({ filter: /@temporalio[\\/]worker[\\/]lib[\\/]workflow[\\/]bundler\.js$/ }, () => ({
      contents: 'exports.defaultWorkflowInterceptorModules = [];',
    }));
  },
};
