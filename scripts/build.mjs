// Bundles the CLI into dist/: split, so that a command loads only what it uses.
import { cpSync, existsSync, mkdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { build } from 'esbuild';
import { writeAllLicenses } from './licenses.mjs';
import { sdkSchemas } from './sdk-schemas.mjs';
import { root, run } from './setup.mjs';
import { collectStarter } from './starter.mjs';

const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
const out = join(root, 'dist');
rmSync(out, { recursive: true, force: true });
const { metafile } = await build({
  entryPoints: [join(root, 'src/bin.ts')],
  outdir: out,
  bundle: true,
  splitting: true,
  format: 'esm',
  platform: 'node',
  target: 'node20.19',
  // ES modules where a package has them: only of those can unused parts be left out, and the EC2 client is large.
  mainFields: ['module', 'main'],
  chunkNames: 'chunks/[name]-[hash]',
  define: { CLI_VERSION: JSON.stringify(version) },
  // Bundled CommonJS packages still ask for Node's built-ins through require.
  banner: {
    js: "import { createRequire as __createRequire } from 'node:module'; const require = __createRequire(import.meta.url);",
  },
  plugins: [sdkSchemas],
  metafile: true,
  logLevel: 'warning',
});

cpSync(join(root, 'src/image/ca-certificates.pem'), join(out, 'ca-certificates.pem'));
cpSync(join(root, 'src/sandbox/emulator'), join(out, 'emulator'), {
  recursive: true,
  filter: (source) => !source.includes('__pycache__'),
});

// The bundled worker: compiled application, and the lock file its dependencies are installed from.
run('npm', ['run', '--silent', 'build'], { cwd: join(root, 'worker') });
mkdirSync(join(out, 'worker'), { recursive: true });
for (const file of ['package.json', 'package-lock.json', 'dist']) {
  const source = join(root, 'worker', file);
  if (existsSync(source)) cpSync(source, join(out, 'worker', file), { recursive: true });
}
collectStarter(join(out, 'starter'));
writeAllLicenses(out, metafile);
