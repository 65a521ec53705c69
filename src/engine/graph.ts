import { Bug } from '../errors.ts';
import { type AnyStep, needsOf } from './step.ts';

/** Steps in an order in which every need comes before its dependants. Throws `Bug` on a cycle or a missing need. */
export function inOrder<S extends AnyStep>(steps: readonly S[]): S[] {
  const byId = new Map(steps.map((step) => [step.id, step]));
  if (byId.size !== steps.length) throw new Bug(`two steps share an id: ${steps.map((step) => step.id).join(', ')}`);
  const ordered: S[] = [];
  const state = new Map<string, 'visiting' | 'done'>();
  const visit = (step: S, path: readonly string[]): void => {
    if (state.get(step.id) === 'done') return;
    if (state.get(step.id) === 'visiting') throw new Bug(`steps need each other: ${[...path, step.id].join(' -> ')}`);
    state.set(step.id, 'visiting');
    for (const need of needsOf(step)) {
      const needed = byId.get(need.step.id);
      if (!needed) throw new Bug(`step ${step.id} needs ${need.step.id}, which is not in the list`);
      visit(needed, [...path, step.id]);
    }
    state.set(step.id, 'done');
    ordered.push(step);
  };
  for (const step of steps) visit(step, []);
  return ordered;
}

/** For every step id, the ids of the steps that need it directly. */
export function dependants(steps: readonly AnyStep[]): Map<string, string[]> {
  const found = new Map<string, string[]>(steps.map((step) => [step.id, []]));
  for (const step of steps) for (const need of needsOf(step)) found.get(need.step.id)?.push(step.id);
  return found;
}
