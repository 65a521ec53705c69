// `npm run demo:scaling`: real workers under real load in the sandbox, where a minute takes two seconds. Their alarms scale
// the service out and in again; a Spot task is taken away in between. Ends with exit code 1 when a workflow has failed or
// the service has not scaled. Takes about three minutes.
import { spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { busyProgram } from '../bench/scaling/busy-program.ts';
import { startLoad } from '../bench/scaling/load.ts';
import { SandboxControl, type UsageMinute } from '../src/sandbox/control.ts';
import { sandboxStatus } from '../src/sandbox/sandbox.ts';
import { formatUsageChart } from '../src/ui/format-usage-chart.ts';
import { safeEnvironment, say, setUp } from './setup.mjs';

const MOST = 4;
const LOAD_MS = 40_000;
/** Ten quiet minutes, and five for each task that goes, with some more for what runs still when the load ends. */
const QUIET_MS = 90_000;
/** Half a processor's work for tasks that have a quarter of one. */
const LOAD = { perSecond: 5, message: 'burn 10' };

setUp();
const scratch = mkdtempSync(join(tmpdir(), 'temporal-fargate-scaling-'));
const home = join(scratch, 'home');
mkdirSync(home);
const env = { ...safeEnvironment(), TEMPORAL_FARGATE_HOME: home };
const bin = await busyProgram(scratch);

/** Shows a command and runs it as a person would. */
async function show(why: string, command: string): Promise<void> {
  say(`\n# ${why}\n$ npx temporal-fargate ${command}`);
  const child = spawn(process.execPath, [bin, ...command.split(' ')], { env, stdio: ['ignore', 'inherit', 'inherit'] });
  const code = await new Promise((resolve) => child.once('close', resolve));
  if (code !== 0) throw new Error(`temporal-fargate ${command} ended with exit code ${code}`);
}

async function play(): Promise<void> {
  const startedAt = Date.now();
  await show('An AWS emulator whose alarms scale, and a Temporal server', 'sandbox start');
  const size = `--cpu 256 --memory 1024 --max-tasks ${MOST} --on-demand-base 1`;
  await show('Small tasks, one of them always on demand, the rest on Spot', `init --sandbox --yes ${size}`);
  const sandbox = await sandboxStatus({ home });
  if (!sandbox) throw new Error('the sandbox has ended');
  const control = new SandboxControl(sandbox);
  const minutes = async (): Promise<readonly UsageMinute[]> =>
    (await control.minutesOf('temporal-fargate-dev', 'worker')).minutes;

  say(`\n# ${LOAD_MS / 1000} s of load: ${LOAD.perSecond} workflows a second, each of about 100 ms of processor time`);
  const load = await startLoad({ address: sandbox.temporalAddress, taskQueue: 'test-queue', ...LOAD });
  await sleep(LOAD_MS * 0.6);
  await show('AWS takes one of the Spot tasks back, in the middle of it', 'sandbox interrupt --any');
  await sleep(LOAD_MS * 0.4);
  const report = await load.end();
  await show('What status says of it', 'status --sandbox');

  say('\n# Quiet: one task less after ten quiet minutes, then one every five');
  const deadline = Date.now() + QUIET_MS;
  while ((await minutes()).at(-1)?.desired !== 1 && Date.now() < deadline) await sleep(500);
  const story = await minutes();
  say(`\n${formatUsageChart(story)}\n`);
  const most = Math.max(...story.map(({ running }) => running));
  say(`${report.completed} of ${report.started} workflows completed; up to ${most} tasks ran.`);
  for (const failure of report.failures.slice(0, 5)) say(`  ${failure}`);
  if (report.completed < report.started) throw new Error('workflows have failed');
  if (most < 2) throw new Error('it did not scale out');
  if (story.some(({ desired }) => desired > MOST)) throw new Error(`more than ${MOST} tasks were asked for`);
  if (story.at(-1)?.desired !== 1) throw new Error('it did not scale in to one task');
  say(`The demo took ${Math.round((Date.now() - startedAt) / 1000)} s.`);
}

// Ctrl-C reaches the command that runs; this process lives on to stop the sandbox.
process.on('SIGINT', () => undefined);
try {
  await play();
} catch (error) {
  say(`\n✖ ${error instanceof Error ? error.message : String(error)}`);
  process.exitCode = 1;
} finally {
  await show('And the sandbox itself', 'sandbox stop');
  rmSync(scratch, { recursive: true, force: true });
}
