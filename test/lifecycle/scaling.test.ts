import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { busyProgram } from '../../bench/scaling/busy-program.ts';
import { startLoad } from '../../bench/scaling/load.ts';
import { SandboxControl, type UsageMinute } from '../../src/sandbox/control.ts';
import { type SandboxRecord, startSandbox, stopSandbox } from '../../src/sandbox/sandbox.ts';
import { type CliResult, cliEnvironment, runCli } from '../helpers/cli.ts';
import { eventually, testCacheDir } from '../helpers/emulator.ts';

/** The short form of `npm run demo:scaling`: a minute takes half a second. */
const DELAY_SECONDS = 0.25;

const scratch = mkdtempSync(join(tmpdir(), 'temporal-fargate-scaling-'));
const home = join(scratch, 'home');
let bin = '';
let sandbox: SandboxRecord;
let control: SandboxControl;

const cli = (command: string): Promise<CliResult> => {
  const env = cliEnvironment(undefined, { TEMPORAL_FARGATE_HOME: home, AWS_ENDPOINT_URL: undefined });
  return runCli(command.split(' '), env, undefined, bin);
};
const minutes = async (): Promise<readonly UsageMinute[]> =>
  (await control.minutesOf('temporal-fargate-dev', 'worker')).minutes;
const latest = (what: string, fits: (minute: UsageMinute) => boolean) =>
  eventually(what, async () => {
    const minute = (await minutes()).at(-1);
    return minute !== undefined && fits(minute);
  });
/** Lines joined that were wrapped. */
const status = async (): Promise<string> => (await cli('status --sandbox')).stdout.replace(/\n {12}/g, ' ');

beforeAll(async () => {
  bin = await busyProgram(scratch);
});

afterAll(async () => {
  await stopSandbox({ home });
  rmSync(scratch, { recursive: true, force: true });
});

it('What needs a sandbox says so where none runs', async () => {
  for (const command of ['sandbox interrupt --any', 'sandbox load 35']) {
    expect(await cli(command)).toMatchObject({
      code: 1,
      stdout: '',
      stderr: expect.stringMatching(/no sandbox runs on this machine\n.*sandbox start/),
    });
  }
});

it('Workers under load scale out, lose a Spot task, and scale in again, and no workflow fails', async () => {
  const options = { home, cacheDir: testCacheDir, delaySeconds: DELAY_SECONDS, note: () => undefined };
  ({ sandbox } = await startSandbox(options));
  control = new SandboxControl(sandbox);
  expect(await cli('sandbox load 35')).toMatchObject({ code: 1, stderr: expect.stringContaining('no task of worker') });
  const size = '--cpu 256 --memory 1024 --max-tasks 3 --on-demand-base 1';
  expect(await cli(`init --sandbox --yes ${size}`)).toMatchObject({ code: 0 });

  // A third of a processor's work, for tasks that have a quarter of one.
  const work = { perSecond: 4, message: 'burn 8' };
  const load = await startLoad({ address: sandbox.temporalAddress, taskQueue: 'test-queue', ...work });
  await latest('three tasks', ({ desired, running }) => desired === 3 && running === 3);

  expect(await cli('sandbox interrupt --any --shortage 600')).toMatchObject({
    code: 0,
    stdout: expect.stringMatching(/^Spot has no capacity for 600 s: until then nothing takes their place\.\n/),
    stderr: expect.stringMatching(/Task [0-9a-f]{8} of worker has its warning: SIGTERM now, SIGKILL after 120 s\./),
  });
  await latest('two tasks', ({ running }) => running === 2);
  const without = await eventually('what is missing', async () => {
    const words = await status();
    return /^Problem/m.test(words) && words;
  });
  expect(without).toMatch(
    /^Spot {8}1 task interrupted by Spot in the last hour: [0-9a-f]{8} .* ago, not replaced yet$/m,
  );
  expect(without).toMatch(
    /^Problem {5}Fargate has no capacity for these tasks at present, .* Weights do not fail over: /m,
  );
  expect(without).toMatch(/^ {2}[0-9a-f]{8} {2}us-east-1[ab] {2}Fargate {2}HEALTHY .* yes$/m);
  await control.withholdSpot(0);
  await latest('three tasks again', ({ running }) => running === 3);
  expect(await status()).toMatch(/^Spot {8}1 task interrupted .* ago, replaced by [0-9a-f]{8}$/m);

  const report = await load.end();
  await latest('one task', ({ desired, running }) => desired === 1 && running === 1);
  expect(report).toEqual({ started: report.started, completed: report.started, failures: [] });
  expect(report.started).toBeGreaterThan(20);
  const counts = (await minutes()).map(({ desired }) => desired);
  expect(Math.max(...counts)).toBe(3);
  // One at a time on the way down, and never the last.
  expect(Math.min(...counts.slice(1).map((count, at) => count - (counts[at] ?? 0)))).toBe(-1);
  expect(Math.min(...counts)).toBe(1);
}, 240_000);
