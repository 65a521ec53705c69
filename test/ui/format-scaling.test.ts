import { describe, expect, it } from 'vitest';
import { type Scaling, scalingWords } from '../../src/ui/format-scaling.ts';

const NOW = new Date('2026-11-25T12:00:00Z');
const ago = (seconds: number): Date => new Date(NOW.getTime() - seconds * 1000);

type State = 'OK' | 'ALARM' | 'INSUFFICIENT_DATA';
const scaling = (high: State, low: State, more: Partial<Scaling> = {}): Scaling => ({
  min: 1,
  max: 10,
  suspended: false,
  policies: [
    { name: 'cpu-scale-out', adds: 1, state: high, cooldownSeconds: 60 },
    { name: 'cpu-scale-in', adds: -1, state: low, cooldownSeconds: 300 },
  ],
  lastActivity: null,
  ...more,
});
const scaled = (policy: string, seconds: number, status = 'Successful'): Partial<Scaling> => ({
  lastActivity: {
    at: ago(seconds),
    status,
    description: 'Setting desired count to 2.',
    cause: `monitor alarm x in state ALARM triggered policy ${policy}`,
  },
});

describe('the state of scaling in words', () => {
  it.each<[string, Scaling | null, number, string[]]>([
    [
      'idle at the smallest size',
      scaling('OK', 'ALARM'),
      1,
      ['1 of 1 to 10 tasks, at minimum: the low-CPU alarm is normal there'],
    ],
    ['no alarm', scaling('OK', 'OK'), 4, ['4 of 1 to 10 tasks, no alarm is on']],
    [
      'busy, right after a step',
      scaling('ALARM', 'OK', scaled('cpu-scale-out', 20)),
      2,
      [
        '2 of 1 to 10 tasks, high-CPU alarm on: more after 40 s of cooldown',
        'last change 20 s ago: Setting desired count to 2.',
      ],
    ],
    [
      'busy, the cooldown over',
      scaling('ALARM', 'OK', scaled('cpu-scale-out', 61)),
      2,
      ['2 of 1 to 10 tasks, high-CPU alarm on: more next', 'last change 1 min ago: Setting desired count to 2.'],
    ],
    [
      'busy at the largest size',
      scaling('ALARM', 'OK'),
      10,
      ['10 of 1 to 10 tasks, at maximum with the high-CPU alarm on: --max-tasks lets it go further'],
    ],
    [
      'quiet, soon after a scale-out: another policy has no cooldown from that',
      scaling('OK', 'ALARM', scaled('cpu-scale-out', 20, 'Failed')),
      2,
      [
        '2 of 1 to 10 tasks, low-CPU alarm on: one less next',
        'last change 20 s ago: Setting desired count to 2. (Failed)',
      ],
    ],
    [
      'no data yet',
      scaling('INSUFFICIENT_DATA', 'INSUFFICIENT_DATA'),
      1,
      ['1 of 1 to 10 tasks, the alarms have no data of its CPU yet'],
    ],
    [
      'no task',
      scaling('INSUFFICIENT_DATA', 'INSUFFICIENT_DATA', { min: 0 }),
      0,
      ['0 of 0 to 10 tasks, no task, so no CPU to go by'],
    ],
    ['a single task', scaling('OK', 'OK', { max: 1 }), 1, ['1 of 1 task, at minimum, no alarm is on']],
    [
      'suspended by somebody',
      scaling('ALARM', 'OK', { suspended: true }),
      2,
      ['2 of 1 to 10 tasks, suspended: alarms change nothing'],
    ],
    [
      'a policy deleted by hand',
      scaling('OK', 'OK', { policies: [] }),
      2,
      ['2 of 1 to 10 tasks, without both its policies: init makes them again'],
    ],
    ['nothing that scales', null, 2, ['off: no scalable target, so the number of tasks stays as it is']],
  ])('%s', (_what, given, desired, words) => {
    expect(scalingWords(given, desired, NOW)).toEqual(words);
  });
});
