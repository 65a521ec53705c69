import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Sample } from '../../bench/compare.ts';
import type { Installation } from '../../bench/install.ts';
import type { Where } from '../../bench/report.ts';
import { median } from '../../bench/statistics.ts';
import { type Page, table } from './markdown.ts';

const BLOCK = /(<!-- bench -->\n)[\s\S]*?(\n<!-- \/bench -->)/;
const OURS = 'temporal-fargate';
const WORKS = [
  ['create', 'create all'],
  ['plan', 'plan with nothing to change'],
  ['destroy', 'destroy all'],
] as const;

interface Kept<Data> {
  readonly where: Where;
  readonly data: Data;
}

/** README with the comparison that `npm run bench` has kept in bench/results. Throws when there is none. */
export function readmePage(root: string): Page {
  const kept = <Data>(part: string): Kept<Data> =>
    JSON.parse(readFileSync(join(root, `bench/results/${part}.json`), 'utf8')) as Kept<Data>;
  const text = readFileSync(join(root, 'README.md'), 'utf8');
  const block = benchBlock(kept<Sample[]>('compare'), kept<{ all: Installation[] }>('install').data.all);
  return { path: 'README.md', text: text.replace(BLOCK, (_all, start: string, end: string) => start + block + end) };
}

function benchBlock({ where, data }: Kept<readonly Sample[]>, installations: readonly Installation[]): string {
  const peers = [...new Set(data.map(({ peer }) => peer))];
  const delays = [...new Set(data.map(({ delayMs }) => delayMs))];
  const [least = 0, most = 0] = [Math.min(...delays), Math.max(...delays)];
  const middle = (peer: string, work: string, delayMs: number, of: (sample: Sample) => number): number =>
    median(data.filter((one) => one.peer === peer && one.work === work && one.delayMs === delayMs).map(of));
  const seconds = (peer: string, work: string): string =>
    [least, most].map((delay) => `${middle(peer, work, delay, (sample) => sample.seconds).toFixed(1)} s`).join(', ');
  const each = (of: (peer: string) => string): string[] => peers.map(of);
  const rows = [
    ...WORKS.map(([work, title]) => [title, ...each((peer) => seconds(peer, work))]),
    [
      'calls to AWS: create, plan, destroy',
      ...each((peer) => WORKS.map(([work]) => middle(peer, work, least, callsOf)).join(', ')),
    ],
    [
      'peak memory of a create',
      ...each((peer) => `${(middle(peer, 'create', least, ({ peakBytes }) => peakBytes) / 1e6).toFixed(0)} MB`),
    ],
  ];
  const [runs, slowRuns] = [least, most].map(
    (delay) => data.filter((one) => one.peer === OURS && one.work === 'create' && one.delayMs === delay).length,
  );
  return [
    `\`npm run bench\` makes the same stack with both on one emulator, with ${least} and ${most} ms added to each call (medians of ${runs} runs and of`,
    `${slowRuns}, ${where.machine}, ${where.date}). AWS's own waits, two to three minutes for a gateway and a service, come on top for both.`,
    '',
    table(['', ...peers.map((peer) => [peer, where[peer]?.split(',')[0]].filter(Boolean).join(' '))], rows),
    '',
    `A first \`npx\` takes ${installed(installations, OURS)}, AWS CDK with its library ${installed(installations, 'AWS CDK and its library')}. [All results and their`,
    'limits](bench/results), [what is compared](bench/NOTES.md).',
  ].join('\n');
}

const callsOf = ({ calls }: Sample): number => Object.values(calls).reduce((sum, count) => sum + count, 0);

function installed(all: readonly Installation[], wanted: string): string {
  const found = all.find(({ name }) => name === wanted);
  return found?.seconds === undefined || found.bytes === undefined
    ? 'nobody knows how long'
    : `${found.seconds.toFixed(1)} s and ${(found.bytes / 1e6).toFixed(0)} MB`;
}
