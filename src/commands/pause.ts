import { countRunning } from '../aws/service-report.ts';
import { summarize } from '../engine/plan.ts';
import { poll } from '../engine/wait.ts';
import { EXIT } from '../errors.ts';
import { clusterName } from '../steps/compute/cluster.ts';
import { formatPaused } from '../ui/format-paused.ts';
import { workersAsked } from './asked-workers.ts';
import { withLockedStack } from './existing-stack.ts';
import type { CommandInput } from './input.ts';
import { pausedPlan, putPaused } from './pausing.ts';
import { flagsToFind } from './repeating.ts';
import { rollOut } from './roll-out.ts';
import type { Run } from './run.ts';
import { billFor, tasksOf } from './stack-bill.ts';
import { callSummary, POLL_MS } from './stack-run.ts';

/** Tasks have two minutes to stop, and may have been starting. */
const GONE_TIMEOUT_MS = 5 * 60_000;

/** `pause`: stops all tasks and everything that would start some again, and shows what goes on costing money. */
export async function pause(input: CommandInput): Promise<number> {
  return withLockedStack(input, 'pause', async (stack) => {
    const { connection, session, owner } = stack;
    const names = workersAsked(input, stack.config).map(({ name }) => name);
    const aws = connection.aws();
    const { config, plan } = await pausedPlan(stack, aws, names, true);
    const changed =
      summarize(plan).changed || stack.config.workers.some(({ name, paused }) => names.includes(name) && !paused);
    if (changed) {
      await putPaused(session, config, names);
      const run: Run = { input, connection, aws, config, session, owner, client: undefined, command: 'pause' };
      await rollOut(run, plan, []);
    }
    await awaitNone(input, connection, () => countRunning(aws, clusterName(config.stack), names));
    input.io.note(callSummary(connection));
    const bill = billFor(config);
    const view = {
      stack: config.stack,
      region: config.region,
      changed,
      paused: config.workers.flatMap(({ name, paused }) => (paused ? name : [])),
      tasks: tasksOf(config),
      bill: bill.lines.map(({ what, monthly }) => ({ what, monthlyUsd: monthly ?? null })),
      monthlyUsd: bill.sum ?? null,
    };
    const flags = (await flagsToFind(input, stack.where)).join(' ');
    input.io.result(formatPaused(view, names, flags), { ...view, calls: connection.counts });
    return EXIT.done;
  });
}

async function awaitNone(
  { io, signal }: CommandInput,
  { clock, timeScale, polling }: Parameters<Parameters<typeof withLockedStack>[2]>[0]['connection'],
  count: () => Promise<number>,
): Promise<void> {
  const base = { id: 'compute/tasks', title: 'tasks' };
  await poll<void>({
    what: 'the tasks to be gone',
    clock,
    intervalMs: POLL_MS * timeScale,
    signal,
    timeoutMs: GONE_TIMEOUT_MS,
    onWaiting: (reason, elapsedMs) =>
      io.step({ type: 'waiting', ...base, reason, elapsedMs, deadlineMs: GONE_TIMEOUT_MS }),
    probe: async () => {
      const running = await polling(count);
      return running === 0 ? { done: true, value: undefined } : { done: false, reason: `${running} still at work` };
    },
  });
}
