// `npm run release:snapshot`: keeps what this version makes, for the tests of all later ones, in test/releases/<version>/:
// the state document, and the calls that made the account. To be run once for each release, before its tag.
//   --dist FOLDER   the built program of another checkout instead, of an older version
//   --name NAME     the folder's name, where it is not the version
import { writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { parseArgs } from 'node:util';
import { GetObjectCommand } from '@aws-sdk/client-s3';
import { stateBucket } from '../state/bucket.ts';
import { type CliResult, cliEnvironment, runCli } from '../test/helpers/cli.ts';
import { startTestEmulator, type TestEmulator } from '../test/helpers/emulator.ts';
import { makeLeanProgram } from '../test/helpers/lean-program.ts';
import { ANSWERS, keptReleases, STATE_KEY, writeRelease } from '../test/releases/kept-releases.ts';
import { keptOf, type RawCall } from '../test/releases/recording.ts';
import { safeEnvironment, say, setUp } from './setup.mjs';

const { values } = parseArgs({ options: { dist: { type: 'string' }, name: { type: 'string' } } });
if (values.dist === undefined) setUp();
for (const [name, value] of Object.entries(safeEnvironment())) process.env[name] = value;

const program = await makeLeanProgram(values.dist && join(values.dist, 'bin.js'));
const { emulator, stop } = await startTestEmulator({ delaySeconds: 0.1 });
try {
  const name = values.name ?? (await run('--version')).stdout.trim();
  if (keptReleases().includes(name))
    throw new Error(`test/releases/${name} is there; if it is not released yet, delete it first`);
  await emulator.ask('POST', 'recording');
  // Each version has a worker of its own, so that the next one has something to roll out.
  writeWorker(name);
  await run('init', '--yes', '--verify', 'health');
  if (await knows('deploy')) {
    writeWorker(`${name}, changed`);
    await run('deploy', '--yes', '--verify', 'health');
  }
  const { calls } = (await emulator.ask('GET', 'recording')) as { calls: RawCall[] };
  const state = await stateOf(emulator);
  const kept = keptOf(calls, state);
  say(`${kept.length} calls are kept in ${writeRelease(name, { state, calls: kept })}`);
} catch (error) {
  say(`✖ ${(error as Error).message}`);
  process.exitCode = 1;
} finally {
  await stop();
  program.remove();
}

async function run(...args: readonly string[]): Promise<CliResult> {
  const result = await runCli(args, cliEnvironment(emulator.address, ANSWERS), undefined, program.bin);
  if (result.code !== 0) throw new Error(`${args.join(' ')} ended with ${result.code}: ${result.stderr}`);
  return result;
}

function writeWorker(what: string): void {
  writeFileSync(join(dirname(program.bin), 'worker/dist/main.js'), `// The worker of ${what}. Nobody runs it.\n`);
}

async function knows(command: string): Promise<boolean> {
  const { stdout } = await run('--help');
  return new RegExp(`^ +${command}\\b`, 'm').test(stdout);
}

async function stateOf({ clients, address }: TestEmulator): Promise<string> {
  const { Bucket } = stateBucket(address);
  const { Body } = await clients.s3.send(new GetObjectCommand({ Bucket, Key: STATE_KEY }));
  return (await Body?.transformToString()) ?? '';
}
