import { describe, expect, it } from 'vitest';
import { InFlight } from '../../src/ui/in-flight.ts';
import { liveBlock } from '../../src/ui/live-block.ts';

const many = (count: number) => Array.from({ length: count }, (_, index) => `step ${index + 1}`);

describe('the live block', () => {
  it('fits a terminal of 80x24 with room for what came before, and says how many it hides', () => {
    const block = liveBlock(many(40), { rows: 24, columns: 80 });
    expect(block).toHaveLength(18);
    expect(block.at(-1)).toBe('and 23 more');
    expect(liveBlock(many(18), { rows: 24, columns: 80 })).toEqual(many(18));
  });

  it('cuts a line to the width, so that none wraps', () => {
    const [line] = liveBlock(['x'.repeat(200)], { rows: 24, columns: 80 });
    expect(line).toHaveLength(77);
    expect(line?.endsWith('x…')).toBe(true);
  });

  it('takes 80x24 where the terminal does not tell its size, and shows one line in the smallest', () => {
    expect(liveBlock(many(40), {})).toHaveLength(18);
    expect(liveBlock(many(40), { rows: 3, columns: 20 })).toEqual(['and 40 more']);
  });
});

describe('steps in flight', () => {
  const nat = { id: 'network/nat-gateway/a', title: 'NAT gateway (us-east-1a)' };

  it('carry the time since they began, and the reason and usual time of a wait', () => {
    let now = 0;
    const flight = new InFlight(() => now);
    flight.take({ ...nat, type: 'started', action: 'create' });
    now = 3000;
    expect(flight.lines()).toEqual(['creating NAT gateway (us-east-1a) (3 s)']);
    const wait = { ...nat, type: 'waiting', reason: 'pending', deadlineMs: 900_000, usualSeconds: [60, 150] } as const;
    flight.take({ ...wait, elapsedMs: 40_000 });
    expect(flight.lines()).toEqual(['NAT gateway (us-east-1a): pending (40 s; usually 1 to 3 min in AWS)']);
    flight.take({ ...wait, elapsedMs: 160_000 });
    expect(flight.lines()).toEqual(['NAT gateway (us-east-1a): pending (2 min 40 s; given up after 15 min)']);
    flight.take({ ...nat, type: 'done', action: 'create', resource: 'nat-1', elapsedMs: 1 });
    expect(flight.lines()).toEqual([]);
  });
});
