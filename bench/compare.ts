import { gaps, likenessOf } from './inventory-likeness.ts';
import { type Peer, TITLES, WORK, type Work } from './peer.ts';
import type { Cost } from './process-tree.ts';
import { atMost, type Findings, type Goal, type Table, timesLess } from './report.ts';
import type { Settings } from './settings.ts';
import { type Inventory, type LoggedCall, type Stage, startStage } from './stage.ts';
import { median, spreadOf, spreadText } from './statistics.ts';
import { temporalFargate } from './temporal-fargate.ts';
import { findTerraform } from './terraform.ts';

export interface Sample extends Cost {
  readonly peer: string;
  readonly work: Work;
  /** Added to each call, in milliseconds. */
  readonly delayMs: number;
  /** { "ec2 CreateVpc": 1 } */
  readonly calls: Readonly<Record<string, number>>;
  /** How many of them were for state and lock. */
  readonly stateCalls: number;
  readonly workCalls?: number | undefined;
}

/**
 * The same stack made, planned, changed and destroyed by this program and by Terraform, in turns on one emulator, so that
 * whatever else the machine does hits both.
 */
export async function compare({ runs, delays, pluginDir, note }: Settings): Promise<Findings> {
  const terraform = findTerraform(pluginDir);
  const peers = 'absent' in terraform ? [temporalFargate] : [temporalFargate, terraform];
  const samples: Sample[] = [];
  const made = new Map<string, Inventory>();
  const stage = await startStage();
  try {
    for (const delayMs of delays) {
      stage.slow(delayMs);
      for (let run = 1; run <= runs(delayMs); run += 1) {
        for (const peer of peers) {
          note(`${delayMs} ms per call, run ${run}: ${peer.name}`);
          samples.push(...(await workThrough(stage, peer, delayMs, (inventory) => made.set(peer.name, inventory))));
        }
      }
    }
  } finally {
    await stage.stop();
  }
  const ours = made.get(temporalFargate.name) ?? {};
  const theirs = 'absent' in terraform ? undefined : made.get(terraform.name);
  return {
    title: 'The same work by this program and by Terraform',
    notes: [
      'Median (least to most). Wall and processor time and memory are those of the whole process tree; memory is sampled each 10 ms. "Calls" are all that reached AWS: state, lock and looks while waiting included.',
      'Both wait until the service is stable. This program also builds and pushes the image of its worker and makes and hardens its state bucket; Terraform does neither. Pauses between two looks are those of real use, and the emulator settles everything within a tenth of a second.',
      'absent' in terraform
        ? `Terraform is absent: ${terraform.absent}.`
        : `What the two have made, compared field by field without ids and tags: ${theirs ? gaps(likenessOf(ours), likenessOf(theirs)) : ''}`,
    ],
    tables: [...delays.map((delayMs) => costTable(samples, delayMs)), callsTable(samples)],
    goals: goalsOf(samples, 'absent' in terraform ? undefined : terraform.name),
    data: samples,
    versions: Object.fromEntries(peers.map(({ name, version }) => [name, version])),
  };
}

/** All works, one after the other, in an empty account. @param made gets what is there after the first */
async function workThrough(
  stage: Stage,
  peer: Peer,
  delayMs: number,
  made: (inventory: Inventory) => void,
): Promise<Sample[]> {
  const samples: Sample[] = [];
  await stage.reset();
  await peer.prepare(stage);
  for (const work of WORK) {
    await stage.clearCalls();
    const finished = await peer.run(stage, work);
    const { seconds, cpuSeconds, peakBytes } = finished;
    const log = await stage.calls();
    samples.push({
      ...{ peer: peer.name, work, delayMs, seconds, cpuSeconds, peakBytes },
      calls: countsOf(log),
      stateCalls: log.filter(isForState).length,
      workCalls: peer.workCalls?.(finished),
    });
    if (work === 'create') made(await stage.inventory());
  }
  return samples;
}

const isForState = ({ service, params: { Bucket } }: LoggedCall): boolean =>
  service === 's3' && /^(tfg-state|terraform-state)/.test(String(Bucket));

function countsOf(calls: readonly Pick<LoggedCall, 'service' | 'operation'>[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const { service, operation } of calls) {
    const name = `${service} ${operation}`;
    counts[name] = (counts[name] ?? 0) + 1;
  }
  return counts;
}

const total = ({ calls }: Sample): number => Object.values(calls).reduce((sum, count) => sum + count, 0);

const MEASURES: readonly { readonly name: string; readonly digits: number; of(sample: Sample): number }[] = [
  { name: 'wall s', digits: 1, of: ({ seconds }) => seconds },
  { name: 'processor s', digits: 1, of: ({ cpuSeconds }) => cpuSeconds },
  { name: 'peak MB', digits: 0, of: ({ peakBytes }) => peakBytes / 1e6 },
  { name: 'calls', digits: 0, of: total },
  { name: 'of them for state', digits: 0, of: ({ stateCalls }) => stateCalls },
];

const peersOf = (samples: readonly Sample[]): string[] => [...new Set(samples.map(({ peer }) => peer))];

function costTable(samples: readonly Sample[], delayMs: number): Table {
  const rows = WORK.flatMap((work) =>
    peersOf(samples).map((peer) => {
      const own = samples.filter((one) => one.peer === peer && one.work === work && one.delayMs === delayMs);
      return [
        TITLES[work],
        peer,
        ...MEASURES.map(({ of, digits }) => (own.length === 0 ? '' : spreadText(spreadOf(own.map(of)), digits))),
        String(own.length),
      ];
    }),
  );
  return {
    title: `${delayMs} ms added to each call`,
    head: ['work', 'by', ...MEASURES.map(({ name }) => name), 'runs'],
    rows,
  };
}

/** Medians over all runs, the most frequent first. */
function callsTable(samples: readonly Sample[]): Table {
  const peers = peersOf(samples);
  const rows = WORK.flatMap((work) => {
    const of = samples.filter((sample) => sample.work === work);
    const operations = [...new Set(of.flatMap(({ calls }) => Object.keys(calls)))];
    const counted = operations.map((operation) => ({
      operation,
      counts: peers.map((peer) =>
        median(of.filter((sample) => sample.peer === peer).map(({ calls }) => calls[operation] ?? 0)),
      ),
    }));
    const sum = ({ counts }: (typeof counted)[number]): number => counts.reduce((a, b) => a + b, 0);
    return counted
      .toSorted((a, b) => sum(b) - sum(a) || a.operation.localeCompare(b.operation))
      .map(({ operation, counts }) => [TITLES[work], operation, ...counts.map(String)]);
  });
  return { title: 'Calls by operation', head: ['work', 'operation', ...peers], rows };
}

/** By the program's own count, as test/lifecycle/budget.test.ts has it. */
const BUDGETS = { create: 110, plan: 25, destroy: 90 } as const;

/** Whatever the delay: how often something is called does not depend on it, and what is kept in memory hardly. */
const ALL_DELAYS = undefined;

function goalsOf(samples: readonly Sample[], terraform: string | undefined): Goal[] {
  const measure = (
    of: (sample: Sample) => number,
    peer: string | undefined,
    work: Work,
    delayMs: number | undefined,
  ): number | undefined => {
    const own = samples.filter(
      (one) => one.peer === peer && one.work === work && (delayMs === undefined || one.delayMs === delayMs),
    );
    return own.length === 0 ? undefined : median(own.map(of));
  };
  const ours = (of: (sample: Sample) => number, work: Work, delayMs?: number): number =>
    measure(of, temporalFargate.name, work, delayMs) ?? Number.NaN;
  const theirs = (of: (sample: Sample) => number, work: Work, delayMs?: number): number | undefined =>
    measure(of, terraform, work, delayMs);
  const apart = (sample: Sample): number => total(sample) - sample.stateCalls;
  const wall = ({ seconds }: Sample): number => seconds;
  const most = ({ peakBytes }: Sample): number => peakBytes / 1e6;
  const faster = (work: Work, times: number): Goal =>
    timesLess(TITLES[work], `${times} x faster at 0 ms`, ours(wall, work, 0), theirs(wall, work, 0), times);
  const highest = (of: typeof ours | typeof theirs): number | undefined => {
    const peaks = WORK.map((work) => of(most, work, ALL_DELAYS));
    return peaks.includes(undefined) ? undefined : Math.max(...(peaks as number[]));
  };
  return [
    ...(samples.some(({ delayMs }) => delayMs === 0)
      ? [faster('create', 10), faster('plan', 5), faster('destroy', 8)]
      : []),
    ...(['create', 'plan', 'destroy'] as const).map((work) =>
      timesLess(
        `calls, state apart: ${TITLES[work]}`,
        'half of them or less',
        ours(apart, work),
        theirs(apart, work),
        2,
      ),
    ),
    ...Object.entries(BUDGETS).map(([work, budget]) =>
      atMost(
        `calls of the work: ${TITLES[work as Work]}`,
        `at most ${budget}`,
        ours(({ workCalls = Number.NaN }) => workCalls, work as Work),
        budget,
        '',
      ),
    ),
    timesLess('peak memory', 'a quarter of it', highest(ours) ?? Number.NaN, highest(theirs), 4),
    atMost('peak memory', 'at most 150 MB', highest(ours) ?? Number.NaN, 150, ' MB'),
  ];
}
