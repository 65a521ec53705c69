import { TAG } from '../../src/engine/ownership.ts';
import type { StateDocument } from '../../state/document.ts';
import type { Inventory } from '../helpers/emulator.ts';
import { difference, remains } from '../helpers/inventory.ts';

/** What has no tags of ours, but is ours all the same. */
const UNTAGGED = /^(task|image|layer|scaling-policy|object)$/;

/** "step id: last part of the thing's id" for every record. */
export function recordsOf({ steps }: StateDocument): string[] {
  return Object.entries(steps)
    .filter(([step]) => step !== 'image/worker-image/worker')
    .map(([step, { id }]) => `${step}: ${lastPart(id ?? '(intent)')}`)
    .sort();
}

/** Stay for a rollback, and no record names them. */
const EARLIER = /^compute\/task-definition\//;

/** The same for everything that carries the stack's tags; of a task definition the recorded revision. */
export function thingsOf(inventory: Inventory, records: readonly string[]): string[] {
  return Object.values(remains(inventory))
    .flatMap((kinds) => Object.entries(kinds).filter(([kind]) => !UNTAGGED.test(kind)))
    .flatMap(([, things]) => Object.entries(things))
    .flatMap(([id, fields]) => {
      const tags = fields.tags as Record<string, string> | undefined;
      // A scalable target's own id is random: the tool knows it by what it scales.
      const known = fields.resource ?? id;
      return tags?.[TAG.stack] === undefined ? [] : [`${tags[TAG.resource]}: ${lastPart(String(known))}`];
    })
    .filter((line) => !EARLIER.test(line) || records.includes(line))
    .sort();
}

const lastPart = (id: string): string => id.replace(/^.*[/:]/, '');

export function same(what: string, found: readonly string[], expected: readonly string[]): void {
  const problem = difference(found, expected);
  if (problem !== undefined) throw new Error(`${what}: ${problem}`);
}

export function differing(left: Inventory, empty: Inventory): Inventory {
  const services = [...new Set([...Object.keys(left), ...Object.keys(empty)])];
  return Object.fromEntries(
    services
      .filter((service) => JSON.stringify(left[service]) !== JSON.stringify(empty[service]))
      .map((service) => [service, left[service] ?? {}]),
  );
}
