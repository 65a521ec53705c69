import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { Streams } from '../../src/ui/io.ts';
import { LinesIo } from '../../src/ui/lines.ts';
import { QuietIo } from '../../src/ui/quiet.ts';

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

const nat = { id: 'network/nat-gateway/a', title: 'NAT gateway (us-east-1a)' };
const waiting = (reason: string, elapsedMs: number) =>
  ({ ...nat, type: 'waiting', reason, elapsedMs, deadlineMs: 900_000 }) as const;

function record(): { streams: Streams; story: string[]; results: string[] } {
  const story: string[] = [];
  const results: string[] = [];
  return { story, results, streams: { err: (text) => story.push(text), out: (text) => results.push(text) } };
}

describe('plain lines', () => {
  it('tell a wait once for each reason', () => {
    const { streams, story } = record();
    const io = new LinesIo(streams);
    for (const second of [1, 2, 3]) io.step(waiting('pending', second * 1000));
    io.step(waiting('still pending', 4000));
    expect(story).toEqual([
      '… NAT gateway (us-east-1a): pending (1 s; given up after 15 min)\n',
      '… NAT gateway (us-east-1a): still pending (4 s; given up after 15 min)\n',
    ]);
    io.close();
  });

  it('say what is still under way after 30 s of silence, and after every 30 s more', () => {
    const { streams, story } = record();
    const io = new LinesIo(streams);
    io.step({ id: 'network/vpc', title: 'VPC', type: 'started', action: 'create' });
    io.step(waiting('pending', 0));
    story.length = 0;
    vi.advanceTimersByTime(29_000);
    io.step(waiting('pending', 29_000));
    expect(story).toEqual([]);
    vi.advanceTimersByTime(1000);
    const still = (seconds: string) => [
      `… creating VPC (${seconds})\n`,
      '… NAT gateway (us-east-1a): pending (29 s; given up after 15 min)\n',
    ];
    expect(story).toEqual(still('30 s'));
    vi.advanceTimersByTime(30_000);
    expect(story).toEqual([...still('30 s'), ...still('1 min')]);
    io.close();
  });

  it('stay silent while nothing is under way, and after the end', () => {
    const { streams, story } = record();
    const io = new LinesIo(streams);
    io.step({ id: 'network/vpc', title: 'VPC', type: 'started', action: 'create' });
    io.step({ id: 'network/vpc', title: 'VPC', type: 'done', action: 'create', resource: 'vpc-1', elapsedMs: 10 });
    io.note('ready');
    vi.advanceTimersByTime(300_000);
    io.step(waiting('pending', 0));
    io.close();
    vi.advanceTimersByTime(300_000);
    expect(story).toHaveLength(3);
  });
});

describe('--quiet', () => {
  it('tells failures, warnings and the result, and nothing else', () => {
    const { streams, story, results } = record();
    const io = new QuietIo(streams);
    io.note('Account 123456789012');
    io.step({ ...nat, type: 'started', action: 'create' });
    io.step(waiting('pending', 0));
    io.step({ ...nat, type: 'failed', action: 'create', error: new Error('no address is free') });
    io.warn('the key expires tomorrow');
    io.result('Stack dev is up.', {});
    vi.advanceTimersByTime(60_000);
    expect(story).toEqual(['✖ NAT gateway (us-east-1a): no address is free\n', '! the key expires tomorrow\n']);
    expect(results).toEqual(['Stack dev is up.\n']);
  });
});
