import type { Inventory } from './emulator.ts';

/**
 * What a destroyed stack may leave in the account (design 3.9), exactly; none of it costs money. ECS goes on describing
 * deleted clusters and services for a while; service-linked roles belong to the account.
 */
const MAY_STAY: readonly { service: string; kind: string; id: RegExp }[] = [
  { service: 'ecs', kind: 'inactive-cluster', id: /cluster\/temporal-fargate-[a-z0-9-]+$/ },
  { service: 'ecs', kind: 'inactive-service', id: /service\/temporal-fargate-[a-z0-9-]+\/[a-z0-9-]+$/ },
  // Other stacks may keep their state in it; the objects in it count.
  { service: 's3', kind: 'bucket', id: /^tfg-state-\d{12}-[a-z0-9-]+-an$/ },
  { service: 'iam', kind: 'role', id: /^AWSServiceRoleForECS$/ },
  { service: 'iam', kind: 'role', id: /^AWSServiceRoleForApplicationAutoScaling_ECSService$/ },
];

/** The inventory without what may stay, service by service. */
export function countable(inventory: Inventory): Inventory {
  const mayStay = (service: string, kind: string, id: string): boolean =>
    MAY_STAY.some((entry) => entry.service === service && entry.kind === kind && entry.id.test(id));
  const kinds = (service: string): [string, Inventory[string][string]][] =>
    Object.entries(inventory[service] ?? {}).flatMap(([kind, things]) => {
      const left = Object.entries(things).filter(([id]) => !mayStay(service, kind, id));
      return left.length === 0 ? [] : [[kind, Object.fromEntries(left)]];
    });
  return Object.fromEntries(
    Object.keys(inventory).flatMap((service) => {
      const left = kinds(service);
      return left.length === 0 ? [] : [[service, Object.fromEntries(left)]];
    }),
  );
}

/**
 * What is left of a stack, service by service; an account in which nothing was ever made has the same. A destroy that dies
 * between deregistering and deleting a task definition's revision leaves it as AWS leaves any that was deregistered
 * (design 3.9): inactive, at no cost, and no second destroy sees it.
 */
export function remains(inventory: Inventory): Inventory {
  const { ecs = {}, ...others } = countable(inventory);
  const { 'inactive-task-definition': _leftToAws, ...kinds } = ecs;
  return Object.keys(kinds).length === 0 ? others : { ...others, ecs: kinds };
}

/** What one list has more or less than another, in any order; `undefined` when both are the same. */
export function difference(found: readonly string[], expected: readonly string[]): string | undefined {
  const missing = [...expected];
  const extra = found.filter((line) => {
    const at = missing.indexOf(line);
    if (at >= 0) missing.splice(at, 1);
    return at < 0;
  });
  if (extra.length + missing.length === 0) return undefined;
  return `too much ${JSON.stringify(extra)}, missing ${JSON.stringify(missing)}`;
}
