import { GetCallerIdentityCommand, STSClient } from '@aws-sdk/client-sts';
import { chart } from './chart.ts';
import { criticalPath, type Piece, type Scheduled } from './critical-path.ts';
import { atMost, type Findings, type Table } from './report.ts';
import type { Settings } from './settings.ts';
import { type LoggedCall, type Stage, startStage } from './stage.ts';
import { median } from './statistics.ts';
import { AWS_SECONDS, callsToCreate, piecesToCreate, piecesToRemove } from './step-pieces.ts';
import { type StepsOverTime, stepsOverTime } from './steps-over-time.ts';
import { ARGUMENTS, BIN, environment } from './temporal-fargate.ts';

type Way = 'create' | 'destroy';
const PIECES = { create: piecesToCreate, destroy: piecesToRemove } as const;

interface Run {
  readonly way: Way;
  /** Milliseconds added to each call. */
  readonly delayMs: number;
  /** Of AWS's times; 0 when nothing takes any. */
  readonly scale: number;
  readonly callSeconds: number;
  readonly path: readonly Scheduled[];
  readonly steps: StepsOverTime;
  /** Calls that changed something, state and image apart. */
  readonly changes: number;
}

/** How far one run is from what its graph allows: with AWS's own times, and with slow calls alone. */
export async function awsDelays({ scale, note }: Settings): Promise<Findings> {
  const seconds = (aws: number): number => aws * scale;
  const durations = {
    'nat-available': seconds(AWS_SECONDS.natAvailable),
    'nat-deleted': seconds(AWS_SECONDS.natDeleted),
    endpoint: seconds(AWS_SECONDS.endpoint),
  };
  const late = {
    role: AWS_SECONDS.role,
    'task-pull': AWS_SECONDS.taskStarted,
    'service-draining': AWS_SECONDS.serviceGone,
    'task-interface': AWS_SECONDS.interfaceGone,
  };
  const strict = ['off', ...Object.entries(late).map(([name, aws]) => `${name}=${seconds(aws)}`)];
  note(`create and destroy with AWS's delays, ${scale} of them`);
  const slowAws = await bothWays({ durations, strict }, 40 * scale, scale);
  note('create and destroy at 80 ms per call');
  const slowCalls = await bothWays({}, 80, 0);
  const runs = [...slowAws, ...slowCalls];
  const whole = (way: Way): Run | undefined => slowAws.find((run) => run.way === way);
  return {
    title: 'What AWS allows: the critical path',
    notes: [
      `AWS's times are those of bench/NOTES.md, times ${scale}, and 40 ms per call times the same. The path is computed from the graph of steps: the calls of each step one after the other, its saves of the state, and its wait. It is compared with the time from the first step's start to the last one's end; what comes before (checks, plan, lock) and after is in "whole run".`,
      `A create makes ${callsToCreate()} calls that change something by the bench's table of calls, and ${slowCalls[0]?.changes} by the emulator's log.`,
    ],
    tables: [pathTable(runs), ...slowAws.map(chainTable)],
    charts: slowAws.map(chartOf),
    goals: [
      ...(['create', 'destroy'] as const).flatMap((way) => {
        const run = whole(way);
        return run
          ? [atMost(`${way}, AWS's delays`, 'within 5 % of the critical path', beyond(run), 1.05, ' x', 3)]
          : [];
      }),
      ...slowCalls
        .filter(({ way }) => way === 'create')
        .map((run) => atMost('create, 80 ms per call', 'within 1.25 x the critical path', beyond(run), 1.25, ' x', 2)),
    ],
    data: runs.map(({ steps, ...run }) => ({ ...run, ...steps, bars: [...steps.bars.values()] })),
  };
}

async function bothWays(options: Parameters<typeof startStage>[0], delayMs: number, scale: number): Promise<Run[]> {
  const stage = await startStage(options);
  try {
    stage.slow(delayMs);
    const callSeconds = await oneCall(stage);
    const runs: Run[] = [];
    for (const way of ['create', 'destroy'] as const) {
      const command = [process.execPath, BIN, ...ARGUMENTS[way]];
      await stage.clearCalls();
      // Pauses shrink with AWS's times; where nothing takes any, they are out of the way.
      const env = environment(stage, scale || 0.02);
      const steps = await stepsOverTime(command, { env, cwd: stage.scratch });
      const changes = (await stage.calls()).filter(isChange).length;
      const path = criticalPath(PIECES[way](callSeconds, scale));
      runs.push({ way, delayMs, scale, callSeconds, path, steps, changes });
    }
    return runs;
  } finally {
    await stage.stop();
  }
}

const isChange = ({ mutating, service, operation, params }: LoggedCall): boolean =>
  mutating &&
  params.DryRun !== true &&
  !(service === 'ecr' && /Layer|^PutImage$/.test(operation)) &&
  !String(params.Bucket).startsWith('tfg-state');

/** Seconds that one call takes here, there and back, when nothing else goes on. */
async function oneCall(stage: Stage): Promise<number> {
  const { endpoint, region, accessKeyId, secretAccessKey } = stage.address;
  const sts = new STSClient({ endpoint, region, credentials: { accessKeyId, secretAccessKey } });
  const took: number[] = [];
  for (let call = 0; call < 12; call += 1) {
    const startedAt = performance.now();
    await sts.send(new GetCallerIdentityCommand({}));
    took.push((performance.now() - startedAt) / 1000);
  }
  sts.destroy();
  return median(took);
}

const lengthOf = (path: readonly Scheduled[]): number => path.at(-1)?.ready ?? 0;

/** 1 means as fast as the graph allows. */
const beyond = ({ steps, path }: Run): number => steps.seconds / lengthOf(path);

const pathTable = (runs: readonly Run[]): Table => ({
  title: 'Time against the critical path, in seconds',
  head: ['run', 'path', 'steps', 'times the path', 'whole run', 'one call ms'],
  rows: runs.map((run) => [
    titleOf(run),
    lengthOf(run.path).toFixed(1),
    run.steps.seconds.toFixed(1),
    beyond(run).toFixed(3),
    run.steps.wallSeconds.toFixed(1),
    (run.callSeconds * 1000).toFixed(0),
  ]),
});

const titleOf = ({ way, delayMs, scale }: Run): string =>
  scale > 0 ? `${way}, AWS's delays x ${scale}` : `${way}, ${delayMs} ms per call`;

const chainTable = (run: Run): Table => ({
  title: `The critical path of ${titleOf(run)}`,
  head: ['step', 'starts', 'calls done', 'ready or gone', 'measured'],
  rows: run.path.map(({ id, start, created, ready }) => [
    id,
    ...[start, created, ready].map((seconds) => seconds.toFixed(1)),
    run.steps.bars.get(id)?.end.toFixed(1) ?? '',
  ]),
});

function chartOf(run: Run): string {
  const critical = new Set(run.path.map(({ id }: Pick<Piece, 'id'>) => id));
  const bars = [...run.steps.bars.values()].map((bar) => ({ ...bar, critical: critical.has(bar.name) }));
  return `${titleOf(run)}; * is on the critical path of ${lengthOf(run.path).toFixed(1)} s\n${chart(bars, run.steps.seconds)}`;
}
