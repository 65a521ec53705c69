import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { root } from '../scripts/setup.mjs';
import { measured } from './process-tree.ts';
import { atMost, type Findings } from './report.ts';
import type { Settings } from './settings.ts';

/** What a person would type for each; the newest of its major version that the registry has. */
const PEERS: readonly {
  readonly name: string;
  readonly packages: readonly string[];
  readonly command: readonly string[];
}[] = [
  { name: 'AWS CDK', packages: ['aws-cdk@2'], command: ['cdk', '--version'] },
  {
    name: 'AWS CDK and its library',
    packages: ['aws-cdk@2', 'aws-cdk-lib@2', 'constructs@10'],
    command: ['cdk', '--version'],
  },
  {
    name: 'Pulumi SDK (without its Go program)',
    packages: ['@pulumi/aws@6', '@pulumi/pulumi@3'],
    command: ['node', '-e', '0'],
  },
  { name: 'SST (without Pulumi)', packages: ['sst@3'], command: ['node', '-e', '0'] },
  { name: 'cdkd', packages: ['@go-to-k/cdkd'], command: ['cdkd', '--version'] },
];

export interface Installation {
  readonly name: string;
  readonly version: string;
  /** Until the command has answered, from an empty cache. */
  readonly seconds?: number;
  readonly files?: number;
  readonly bytes?: number;
  readonly packages?: number;
  readonly natives?: number;
  /** Why there is nothing to say. */
  readonly absent?: string;
}

/** What comes onto a machine before the first command has answered. */
export async function install({ note }: Settings): Promise<Findings> {
  const scratch = mkdtempSync(join(tmpdir(), 'temporal-fargate-bench-install-'));
  try {
    const packed = pack(scratch);
    const all: Installation[] = [];
    for (const { name, packages, command } of [
      { name: 'temporal-fargate', packages: [packed.file], command: ['temporal-fargate', '--version'] },
      ...PEERS,
    ]) {
      note(`install: ${name}`);
      all.push(await cold(scratch, name, packages, command));
    }
    const megabytes = (bytes: number | undefined): string => (bytes === undefined ? '' : (bytes / 1e6).toFixed(1));
    const own = all[0];
    return {
      title: 'Installation',
      notes: [
        `\`npx\` with an empty cache, until the command has said its version; once. Packed by \`npm pack\`: ${megabytes(packed.bytes)} MB, ${megabytes(packed.unpackedBytes)} MB unpacked.`,
        'What a peer downloads later is not in it: Pulumi needs its Go program, and SST that and its providers.',
      ],
      tables: [
        {
          title: 'Cold start from the registry',
          head: ['program', 'version', 'wall s', 'packages', 'files', 'MB on disk', 'with a native part'],
          rows: all.map(({ name, version, seconds, packages, files, bytes, natives, absent }) =>
            absent === undefined
              ? [name, version, (seconds ?? 0).toFixed(1), `${packages}`, `${files}`, megabytes(bytes), `${natives}`]
              : [name, version, `absent: ${absent}`],
          ),
        },
      ],
      goals: [
        atMost('package', 'at most 6 MB packed', packed.bytes / 1e6, 6, ' MB', 2),
        {
          work: 'package',
          goal: 'no run-time dependency with a native part',
          measured: `${own?.natives ?? '?'}`,
          margin: own?.natives === undefined ? undefined : own.natives === 0 ? 1 : 0,
        },
      ],
      data: { bytes: packed.bytes, unpackedBytes: packed.unpackedBytes, all },
    };
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
}

function pack(scratch: string): { readonly file: string; readonly bytes: number; readonly unpackedBytes: number } {
  const { stdout, stderr, status } = spawnSync(
    'npm',
    ['pack', '--json', '--ignore-scripts', '--pack-destination', scratch],
    {
      cwd: root,
      encoding: 'utf8',
    },
  );
  if (status !== 0) throw new Error(`npm pack: ${stderr}`);
  const [{ filename, size, unpackedSize }] = JSON.parse(stdout) as [
    { filename: string; size: number; unpackedSize: number },
  ];
  return { file: join(scratch, filename), bytes: size, unpackedBytes: unpackedSize };
}

async function cold(
  scratch: string,
  name: string,
  packages: readonly string[],
  command: readonly string[],
): Promise<Installation> {
  const home = mkdtempSync(join(scratch, 'home-'));
  const cache = join(home, 'cache');
  const env = {
    ...process.env,
    npm_config_cache: cache,
    npm_config_update_notifier: 'false',
    CI: 'true',
    DO_NOT_TRACK: '1',
  };
  const from = packages.map((one) => `--package=${one}`);
  const args = ['npx', '--yes', '--no-audit', '--no-fund', ...from, '--', ...command];
  const { code, seconds, stderr, stdout } = await measured(args, { env, cwd: home });
  if (code !== 0) {
    const why = stderr.split('\n').find((line) => line.startsWith('npm error')) ?? 'its command failed';
    return { name, version: '', absent: why.slice(0, 100) };
  }
  const [folder] = readdirSync(join(cache, '_npx'));
  const modules = join(cache, '_npx', folder ?? '', 'node_modules');
  const found = filesIn(modules);
  rmSync(home, { recursive: true, force: true });
  return {
    name,
    version: stdout.trim().split('\n').at(-1)?.slice(0, 40) ?? '',
    seconds,
    files: found.length,
    bytes: found.reduce((sum, file) => sum + file.bytes, 0),
    packages: found.filter(({ path }) => /node_modules\/(@[^/]+\/)?[^/]+\/package\.json$/.test(path)).length,
    natives: found.filter(({ path, head }) => path.endsWith('.node') || head === ELF).length,
  };
}

const ELF = '\u007fELF';

function filesIn(folder: string): { readonly path: string; readonly bytes: number; readonly head: string }[] {
  return readdirSync(folder, { withFileTypes: true, recursive: true })
    .filter((entry) => entry.isFile())
    .map((entry) => {
      const path = join(entry.parentPath, entry.name);
      const { size } = statSync(path);
      // Programs of a megabyte and more only: what is smaller is text, or an icon.
      return { path, bytes: size, head: size > 1e6 ? readFileSync(path).subarray(0, 4).toString('latin1') : '' };
    });
}
