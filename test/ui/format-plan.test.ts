import { expect, it } from 'vitest';
import type { Change } from '../../src/engine/step.ts';
import { formatPlan } from '../../src/ui/format-plan.ts';

it('shows of two objects the members that differ, of all else both as they are', () => {
  const changes: Change[] = [
    { field: 'environment', from: { A: '1', B: 'old', C: '3' }, to: { A: '1', B: 'new' }, how: 'update' },
    { field: 'labels', from: { team: 'a' }, to: {}, how: 'update' },
    { field: 'egress', from: ['all'], to: ['tcp 443'], how: 'update' },
    { field: 'policy', from: undefined, to: { Statement: [] }, how: 'update' },
  ];
  const item = { step: { id: 'x', title: 'thing' }, action: 'update', changes, duplicates: [] };
  expect(
    formatPlan({ items: [item as never] })
      .split('\n')
      .slice(1, -1),
  ).toEqual([
    '      environment: {"B":"old","C":"3"} -> {"B":"new"}',
    '      labels: {"team":"a"} -> {}',
    '      egress: ["all"] -> ["tcp 443"]',
    '      policy: (none) -> {"Statement":[]}',
  ]);
});
