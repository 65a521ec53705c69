import { AwsStack } from '../test/helpers/aws-stack.ts';
import { type Cost, measured } from './process-tree.ts';
import { atMost, type Findings } from './report.ts';
import type { Settings } from './settings.ts';
import { type Stage, startStage } from './stage.ts';
import { median, spreadOf, spreadText } from './statistics.ts';
import { ARGUMENTS, BIN, environment, temporalFargate } from './temporal-fargate.ts';

const AT_ONCE = 4;
const RUNS = 5;

/**
 * Milliseconds from a call to its answer. AWS takes as long for the list of one stack's things, however many others there
 * are; the emulator looks through all it has for each list, one call at a time.
 */
const CALL_MS = 300;

/** Whether the plan of one stack takes longer when many others are in its account. */
export async function growth({ stacks: sizes, note }: Settings): Promise<Findings> {
  const stage = await startStage();
  try {
    note('growth: the first stack');
    await temporalFargate.run(stage, 'create');
    const measurements: { readonly stacks: number; readonly calls: number; readonly runs: readonly Cost[] }[] = [];
    for (const stacks of sizes) {
      const others = measurements.at(-1)?.stacks ?? 1;
      note(`growth: ${stacks} stacks`);
      await addStacks(stage, others, stacks);
      stage.hold(CALL_MS);
      const runs: Cost[] = [];
      for (let run = 0; run < RUNS; run += 1) {
        await stage.clearCalls();
        const options = { env: environment(stage), cwd: stage.scratch };
        runs.push(await measured([process.execPath, BIN, ...ARGUMENTS.plan], options));
      }
      stage.hold(0);
      measurements.push({ stacks, calls: (await stage.calls()).length, runs });
    }
    const seconds = measurements.map(({ runs }) => median(runs.map((run) => run.seconds)));
    const times = (seconds.at(-1) ?? Number.NaN) / (seconds[0] ?? Number.NaN);
    return {
      title: 'The plan of one stack among others',
      notes: [
        `The other stacks are made by the same engine, with an image of one small layer. Each call takes ${CALL_MS} ms: the emulator looks through all it has for each list, so that it gets slower itself, which AWS does not. What the program asks for, and what it makes of longer answers, is seen all the same.`,
      ],
      tables: [
        {
          title: 'Plan with nothing to change',
          head: ['stacks', 'wall s', 'processor s', 'peak MB', 'calls'],
          rows: measurements.map(({ stacks, calls, runs }) => [
            String(stacks),
            spreadText(spreadOf(runs.map((run) => run.seconds)), 2),
            spreadText(spreadOf(runs.map((run) => run.cpuSeconds)), 2),
            spreadText(spreadOf(runs.map((run) => run.peakBytes / 1e6)), 0),
            String(calls),
          ]),
        },
      ],
      goals: [atMost(`plan of one stack among ${sizes.at(-1)}`, 'within 10 % of alone', times, 1.1, ' x', 2)],
      data: measurements,
    };
  } finally {
    await stage.stop();
  }
}

async function addStacks(stage: Stage, from: number, to: number): Promise<void> {
  const names = Array.from({ length: to - from }, (_, n) => `other-${from + n}`);
  const builders = Array.from({ length: AT_ONCE }, async () => {
    for (let name = names.pop(); name !== undefined; name = names.pop()) {
      const stack = new AwsStack(stage.address, stage.scratch, undefined, name);
      await stack.up();
      stack.close();
    }
  });
  await Promise.all(builders);
}
