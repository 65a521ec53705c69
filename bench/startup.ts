import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { root } from '../scripts/setup.mjs';
import { type Finished, measured } from './process-tree.ts';
import { atMost, type Findings, type Table } from './report.ts';
import type { Settings } from './settings.ts';
import { type Stage, startStage } from './stage.ts';
import { median, spreadOf, spreadText } from './statistics.ts';
import { BIN, environment, temporalFargate } from './temporal-fargate.ts';

const RUNS = 15;
const COMMANDS: Readonly<Record<string, readonly string[]>> = {
  'node -e 0': ['-e', '0'],
  '--version': [BIN, '--version'],
  '--help': [BIN, '--help'],
  'init --help': [BIN, 'init', '--help'],
  status: [BIN, 'status'],
};
const [BARE, HELP] = ['node -e 0', '--help'];
/** So many of the largest files of a command are named. */
const NAMED = 5;

/** What it costs to begin: in turns with a Node that does nothing. */
export async function startup({ note }: Settings): Promise<Findings> {
  const stage = await startStage();
  try {
    note('start-up: a stack to ask for');
    await temporalFargate.run(stage, 'create');
    const runs = new Map<string, Finished[]>(Object.keys(COMMANDS).map((name) => [name, []]));
    for (let run = 1; run <= RUNS; run += 1) {
      note(`start-up: run ${run} of ${RUNS}`);
      for (const [name, args] of Object.entries(COMMANDS)) runs.get(name)?.push(await start(stage, args));
    }
    const ms = (name: string): number => 1000 * median((runs.get(name) ?? []).map(({ seconds }) => seconds));
    const files = await Promise.all(
      Object.entries(COMMANDS).map(async ([name, args]) => [name, await loaded(stage, args)] as const),
    );
    return {
      title: 'Start-up',
      notes: [`Milliseconds, the commands in turns, ${RUNS} times. \`status\` asks the emulator, which has one stack.`],
      tables: [
        {
          title: 'From the start to the end of a process',
          head: ['command', 'wall ms', 'processor ms', 'peak MB'],
          rows: [...runs].map(([name, own]) => [
            name,
            spreadText(spreadOf(own.map(({ seconds }) => seconds * 1000)), 0),
            spreadText(spreadOf(own.map(({ cpuSeconds }) => cpuSeconds * 1000)), 0),
            spreadText(spreadOf(own.map(({ peakBytes }) => peakBytes / 1e6)), 0),
          ]),
        },
        filesTable(files),
      ],
      goals: [atMost('--help', 'within 60 ms of bare node', ms(HELP) - ms(BARE), 60, ' ms more')],
      data: { runs: Object.fromEntries(runs), files: Object.fromEntries(files) },
    };
  } finally {
    await stage.stop();
  }
}

const start = (stage: Stage, args: readonly string[], env: NodeJS.ProcessEnv = {}): Promise<Finished> =>
  measured([process.execPath, ...args], { env: { ...environment(stage), ...env }, cwd: stage.scratch });

interface LoadedFile {
  readonly path: string;
  readonly bytes: number;
}

/** The files of this program that a command has loaded, the largest first: V8 itself keeps the list. */
async function loaded(stage: Stage, args: readonly string[]): Promise<LoadedFile[]> {
  const folder = mkdtempSync(join(stage.scratch, 'loaded-'));
  await start(stage, args, { NODE_V8_COVERAGE: folder });
  const urls = readdirSync(folder).flatMap((name) =>
    (JSON.parse(readFileSync(join(folder, name), 'utf8')) as { result: { url: string }[] }).result.map(
      ({ url }) => url,
    ),
  );
  rmSync(folder, { recursive: true });
  return [...new Set(urls)]
    .filter((url) => url.startsWith('file:'))
    .map((url) => ({ path: relative(root, fileURLToPath(url)), bytes: statSync(fileURLToPath(url)).size }))
    .toSorted((a, b) => b.bytes - a.bytes);
}

const filesTable = (files: readonly (readonly [string, readonly LoadedFile[]])[]): Table => ({
  title: 'What is loaded',
  head: ['command', 'files', 'KB', 'the largest'],
  rows: files.map(([name, own]) => [
    name,
    String(own.length),
    kilobytes(own.reduce((sum, { bytes }) => sum + bytes, 0)),
    own
      .slice(0, NAMED)
      .map(({ path, bytes }) => `${path.replace('dist/', '')} ${kilobytes(bytes)}`)
      .join(', '),
  ]),
});

const kilobytes = (bytes: number): string => (bytes / 1000).toFixed(0);
