import { describe, expect, it } from 'vitest';
import type { ServiceReport, TaskReport } from '../../src/aws/service-report.ts';
import { interruptionFact, interruptionsOf, interruptionWords } from '../../src/ui/format-interruptions.ts';
import { formatStatus } from '../../src/ui/format-status.ts';
import { factsOf, newsOf } from '../../src/ui/status-news.ts';
import { ago, NOW, service, stack, task, worker } from './sample-status.ts';

const taken = (id: string, seconds: number, more: Partial<TaskReport> = {}): TaskReport =>
  task(id, {
    createdAt: ago(3000),
    stoppedAt: ago(seconds),
    stopCode: 'SpotInterruption',
    stoppedReason: 'Your Spot Task was interrupted.',
    ...more,
  });
const started = (id: string, seconds: number): TaskReport => task(id, { createdAt: ago(seconds) });

describe('Spot interruptions', () => {
  it.each<[string, Partial<ServiceReport>, string]>([
    ['none: other ends are no interruptions', { stopped: [task('aa', { stoppedAt: ago(60), stopCode: 'X' })] }, ''],
    [
      'one, and the task that came after it',
      { tasks: [started('bb', 900), started('cc', 239)], stopped: [taken('aa', 240)] },
      '1 task interrupted by Spot in the last hour: aa000000 4 min ago, replaced by cc000000',
    ],
    [
      'one that waits for capacity',
      { running: 1, desired: 2, tasks: [started('bb', 900)], stopped: [taken('aa', 30)] },
      '1 task interrupted by Spot in the last hour: aa000000 30 s ago, not replaced yet',
    ],
    [
      'one after which fewer were asked for',
      { tasks: [started('bb', 900)], stopped: [taken('aa', 30)] },
      '1 task interrupted by Spot in the last hour: aa000000 30 s ago, not needed any more',
    ],
    [
      'one whose replacement was interrupted too',
      { tasks: [started('cc', 50)], stopped: [taken('bb', 60, { createdAt: ago(100) }), taken('aa', 110)] },
      '2 tasks interrupted by Spot in the last hour: bb000000 1 min ago, replaced by cc000000; aa000000 1 min ago, replaced by bb000000',
    ],
    [
      'more than there is room to name',
      { running: 0, desired: 5, tasks: [], stopped: [1, 2, 3, 4, 5].map((at) => taken(`${at}`, at)) },
      '5 tasks interrupted by Spot in the last hour: 10000000 1 s ago, not replaced yet; 20000000 2 s ago, not replaced yet; 30000000 3 s ago, not replaced yet; and 2 more',
    ],
  ])('%s', (_what, more, words) => {
    expect(interruptionWords(service(more), NOW)).toBe(words);
  });

  it('are told by AWS in the reason alone as well, as it was before there was a stop code for it', () => {
    const stopped = [taken('aa', 30, { stopCode: 'TerminationNotice' })];
    expect(interruptionsOf({ tasks: [], stopped }).map(({ replacedBy }) => replacedBy)).toEqual([undefined]);
  });

  it('are a line of the status, and news without their age', () => {
    const before = stack({ workers: [worker()] });
    const after = stack({
      workers: [worker({ service: service({ tasks: [started('cc', 20)], stopped: [taken('aa', 30)] }) })],
    });
    const words = '1 task interrupted by Spot in the last hour: aa000000, replaced by cc000000';
    expect(interruptionFact(service({ tasks: [started('cc', 20)], stopped: [taken('aa', 30)] }))).toBe(words);
    expect(newsOf(factsOf(before), factsOf(after))).toContain(`worker Spot: ${words}`);
    expect(formatStatus(after, NOW)).toMatch(
      /^Spot {8}1 task interrupted by Spot in the last hour: aa000000 30 s ago,\n {12}replaced by cc000000$/m,
    );
  });
});
