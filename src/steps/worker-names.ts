import { TAG, type Tags } from '../engine/ownership.ts';

/** Ids of the steps that each worker has of its own and whose things carry tags, with its name. */
const OF_A_WORKER = /^(?:compute\/(?:service|task-definition)\/|scaling\/target\/)(.+)$|^scaling\/alarm\/(.+)-cpu-\w+$/;

/** The workers to which these tagged things of a stack belong, sorted; those of no worker have no part in it. */
export function workerNamesOf(things: Iterable<Tags>): readonly string[] {
  const names = [...things].flatMap((tags) => {
    const [, name, alarmed] = OF_A_WORKER.exec(tags[TAG.resource] ?? '') ?? [];
    return name ?? alarmed ?? [];
  });
  return [...new Set(names)].sort();
}
