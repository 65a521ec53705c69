import { describe, expect, it } from 'vitest';
import { chart } from '../../bench/chart.ts';
import { criticalPath, earliest, type Piece } from '../../bench/critical-path.ts';
import { gaps, likenessOf } from '../../bench/inventory-likeness.ts';
import { cpuSecondsOf } from '../../bench/process-tree.ts';
import { median, spreadText } from '../../bench/statistics.ts';

const ready = (...ids: string[]) => ids.map((id) => ({ id, until: 'ready' as const }));
const created = (...ids: string[]) => ids.map((id) => ({ id, until: 'created' as const }));

/** A gateway that takes its time, a table that needs it made only, and a service that needs both at their best. */
const PIECES: Piece[] = [
  { id: 'vpc', after: [], create: 1, ready: 0 },
  { id: 'nat', after: ready('vpc'), create: 1, ready: 90 },
  { id: 'table', after: created('nat'), create: 3, ready: 0 },
  { id: 'service', after: ready('table', 'nat', 'of another stack'), create: 1, ready: 60 },
  { id: 'log group', after: [], create: 2, ready: 0 },
];

describe('what the bench computes', () => {
  it('the median of an even count is between the two in the middle', () => {
    expect(median([9, 1, 5])).toBe(5);
    expect(median([4, 1, 2, 9])).toBe(3);
    expect(() => median([])).toThrow();
    expect(spreadText({ median: 2, least: 1, most: 3 }, 1)).toBe('2.0 (1.0 to 3.0)');
  });

  it('starts each piece as soon as what it needs is made, or ready', () => {
    const all = earliest(PIECES);
    expect(all.get('table')).toMatchObject({ start: 2, ready: 5 });
    expect(all.get('service')).toMatchObject({ start: 92, because: 'nat', ready: 153 });
    expect(() => earliest([{ id: 'a', after: ready('a'), create: 1, ready: 1 }])).toThrow('a -> a');
  });

  it('the critical path leads from the first piece to the end of the last', () => {
    expect(criticalPath(PIECES).map(({ id }) => id)).toEqual(['vpc', 'nat', 'service']);
    expect(criticalPath([])).toEqual([]);
  });

  it('draws work and waiting over time', () => {
    const drawn = chart(
      [
        { name: 'service', start: 30, waits: 40, end: 60, critical: true },
        { name: 'vpc', start: 0, waits: 0, end: 0 },
      ],
      60,
    );
    expect(drawn.split('\n')).toEqual([
      `  vpc     |█${' '.repeat(59)}| 0.0 s`,
      `* service |${' '.repeat(30)}${'█'.repeat(10)}${'░'.repeat(20)}| 60.0 s`,
      `          0 s${'60 s'.padStart(58)}`,
    ]);
  });

  it('two accounts are alike whatever their ids and tags, and what only one has is named', () => {
    const account = (id: string, cidr: string) => ({
      ec2: { subnet: { [id]: { tags: { by: id }, vpc: `vpc-${id}`, cidr } } },
      s3: { object: { 'state.json': {} } },
    });
    const ours = likenessOf(account('00000000000000001', '10.0.1.0/24'));
    expect(gaps(ours, likenessOf(account('00000000000000002', '10.0.1.0/24')))).toBe('the same 1 things.');
    expect(gaps(ours, likenessOf(account('00000000000000002', '10.0.2.0/24')))).toBe(
      'only this program: ec2 subnet {"cidr":"10.0.1.0/24","vpc":"vpc"}; only Terraform: ec2 subnet {"cidr":"10.0.2.0/24","vpc":"vpc"}',
    );
  });

  it("reads the processor time of a shell's children", () => {
    expect(cpuSecondsOf('0m0.001s 0m0.002s\n1m1.250s 0m0.300s\n')).toBeCloseTo(61.55);
  });
});
