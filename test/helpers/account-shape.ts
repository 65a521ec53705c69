import type { Inventory } from './emulator.ts';

/**
 * Kinds that come and go by themselves, or that have one more of everything that was ever done. The network interface of
 * a task that was stopped outlives the deployment that has stopped it.
 */
const FLEETING = /^(task|network-interface|object|inactive-.*)$/;

/** Parts of ids that AWS makes up, and digests of texts in which such ids are. */
const MADE_UP: readonly [RegExp, string][] = [
  [/\b[0-9a-f]{8}-[0-9a-f]{4}(-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12})?\b/g, '*'],
  [/(?<=-)[0-9a-f]{17}\b|"[0-9a-f]{16}"/g, '*'],
  [/\b127\.\d+\.\d+\.\d+/g, '*'],
  [/(?<=scalable-target\/)\w+|(?<=temporal-fargate\/dev\/temporal-)\w{6}/g, '*'],
  [/(?<=task-definition\/[a-z0-9_-]+:)\d+/g, '*'],
];

/**
 * What an account holds, a line a thing, in a form in which two accounts of the same stack are the same: whatever AWS
 * makes up is left out.
 */
export function shapeOf(inventory: Inventory): string[] {
  return Object.entries(inventory)
    .flatMap(([service, kinds]) => Object.entries(kinds).map(([kind, things]) => ({ service, kind, things })))
    .filter(({ kind }) => !FLEETING.test(kind))
    .flatMap(({ service, kind, things }) =>
      Object.entries(things).map(([id, fields]) => `${service} ${kind} ${id} ${JSON.stringify(sorted(fields))}`),
    )
    .map((line) => MADE_UP.reduce((text, [madeUp, stand]) => text.replace(madeUp, stand), line))
    .sort();
}

/** The inventory without the revisions of task definitions that are only kept to go back to. */
export function withoutEarlierRevisions(inventory: Inventory): Inventory {
  const { 'task-definition': revisions = {}, ...kinds } = inventory.ecs ?? {};
  const inUse = new Set(Object.values(kinds.service ?? {}).map(({ taskDefinition }) => taskDefinition));
  const kept = Object.fromEntries(Object.entries(revisions).filter(([id]) => inUse.has(id)));
  return { ...inventory, ecs: { ...kinds, 'task-definition': kept } };
}

/** The same value with the keys of all its objects in order. */
function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
  return Object.fromEntries(entries.map(([key, inner]) => [key, sorted(inner)]));
}
