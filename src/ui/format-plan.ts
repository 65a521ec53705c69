import { isDeepStrictEqual } from 'node:util';
import { type Plan, type PlanItem, summarize } from '../engine/plan.ts';

const SIGN: Readonly<Record<PlanItem['action'], string>> = {
  none: ' ',
  create: '+',
  adopt: '=',
  update: '~',
  replace: '±',
  retire: '-',
};

/** The plan in words, without what stays as it is. */
export function formatPlan(plan: Pick<Plan, 'items'>): string {
  const lines: string[] = [];
  for (const item of plan.items) {
    for (const live of item.duplicates)
      lines.push(`  - ${item.step.title} ${live.id}: ours, used by nothing, to be deleted`);
    if (item.action === 'none') continue;
    lines.push(
      `  ${SIGN[item.action]} ${item.step.title}${item.live ? ` ${item.live.id}` : ''}${item.reason ? ` (${item.reason})` : ''}`,
    );
    for (const change of item.changes) {
      const how = change.how === 'replace' ? ' (cannot be changed in place)' : '';
      const [from, to] = differing(change.from, change.to);
      lines.push(`      ${change.field}: ${short(from)} -> ${short(to)}${how}`);
    }
  }
  lines.push(formatSummary(plan));
  return lines.join('\n');
}

function formatSummary(plan: Pick<Plan, 'items'>): string {
  const counts = summarize(plan);
  if (!counts.changed) return 'Nothing to do: everything is as configured.';
  const parts = [
    [counts.create, 'to create'],
    [counts.adopt, 'to record'],
    [counts.update, 'to update'],
    [counts.replace, 'to replace'],
    [counts.retire + counts.duplicates, 'to delete'],
    [counts.unchanged, 'unchanged'],
  ] as const;
  return `Plan: ${parts.flatMap(([count, what]) => (count > 0 ? [`${count} ${what}`] : [])).join(', ')}.`;
}

/** Of two objects the members that differ: among twenty variables, the one that changes would not be seen. */
function differing(from: unknown, to: unknown): [unknown, unknown] {
  if (!isObject(from) || !isObject(to)) return [from, to];
  const part = (one: object, other: object): object =>
    Object.fromEntries(Object.entries(one).filter(([key, value]) => !isDeepStrictEqual(value, other[key as never])));
  return [part(from, to), part(to, from)];
}

const isObject = (value: unknown): value is object =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** Values can be whole policies: enough of them to recognise what differs. */
function short(value: unknown): string {
  if (value === undefined || value === '') return '(none)';
  const text = typeof value === 'string' ? value : JSON.stringify(value);
  return text.length <= 100 ? text : `${text.slice(0, 97)}...`;
}

/** What `--json` prints for a plan. */
export function planData(plan: Pick<Plan, 'items'>): object[] {
  return plan.items
    .filter((item) => item.action !== 'none' || item.duplicates.length > 0)
    .map((item) => ({
      step: item.step.id,
      action: item.action,
      ...(item.live ? { resource: item.live.id } : {}),
      ...(item.reason === undefined ? {} : { reason: item.reason }),
      changes: item.changes,
      duplicates: item.duplicates.map(({ id }) => id),
    }));
}
