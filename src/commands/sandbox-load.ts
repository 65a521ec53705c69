import { realClock } from '../engine/wait.ts';
import { EXIT, UserError } from '../errors.ts';
import { SandboxControl, type UsageMinute } from '../sandbox/control.ts';
import { parseLoadSeries } from '../sandbox/load-series.ts';
import { clusterName } from '../steps/compute/cluster.ts';
import { formatUsageChart } from '../ui/format-usage-chart.ts';
import type { CommandInput } from './input.ts';
import { runningSandbox } from './sandbox-home.ts';
import { answerTo } from './single-answer.ts';

/** How often in a minute it is looked whether that is over. */
const LOOKS = 5;

/** `sandbox load`: says what the tasks of a worker use, and shows what alarms and auto scaling make of it. */
export async function sandboxLoad(input: CommandInput): Promise<number> {
  const { io, flags, signal } = input;
  const series = parseLoadSeries(String(flags.own.series));
  const [cluster, worker] = [clusterName(answerTo('stack', input)), String(flags.own.worker ?? 'worker')];
  const control = new SandboxControl(await runningSandbox(input));
  await mustRun(control, cluster, worker, answerTo('stack', input));
  const before = await control.minutesOf(cluster, worker);
  const begin = before.minutes.at(-1)?.at ?? 0;
  io.note(`Load for ${series.length} minutes of ${before.minuteSeconds} s each. Ctrl-C ends it.`);
  let minutes: readonly UsageMinute[] = [];
  try {
    await control.load(cluster, worker, series);
    while (minutes.length < series.length) {
      await realClock.sleep((1000 * before.minuteSeconds) / LOOKS, signal);
      const seen = (await control.minutesOf(cluster, worker)).minutes.filter(({ at }) => at > begin);
      for (const [at, minute] of seen.entries()) if (at >= minutes.length) io.note(minuteWords(at + 1, minute));
      minutes = seen;
    }
  } finally {
    await control.load(cluster, worker, []);
  }
  const shown = minutes.slice(0, series.length);
  io.result(formatUsageChart(shown), { minuteSeconds: before.minuteSeconds, minutes: shown });
  return EXIT.done;
}

const minuteWords = (number: number, { cpu, running, desired }: UsageMinute): string =>
  `minute ${number}: ${cpu === null ? 'no data' : `${Math.round(cpu)} % CPU`}, ${running} of ${desired} tasks run`;

async function mustRun(control: SandboxControl, cluster: string, worker: string, stack: string): Promise<void> {
  const found = (await control.tasks()).some(
    ({ taskArn, group, desiredStatus }) =>
      taskArn.includes(`:task/${cluster}/`) && group === `service:${worker}` && desiredStatus === 'RUNNING',
  );
  if (found) return;
  throw new UserError({
    code: 'NO_TASK',
    message: `no task of worker ${worker} of stack ${stack} runs in the sandbox`,
    fix: 'Make the stack with init --sandbox (or resume it), or name another with --stack and --worker.',
  });
}
