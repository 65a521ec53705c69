import { UserError } from '../errors.ts';
import type { Plan, PlanItem } from './plan.ts';
import { type AnyStep, needsOf } from './step.ts';

/** What a run may touch: step ids, each with all that there is to do about it or with these fields alone. */
export type Scope = ReadonlyMap<string, 'all' | readonly string[]>;

/**
 * The part of a plan that lies within a scope; pure. Everything else is left as it is, whatever differs there, and
 * serves only to say what the things in the scope refer to. Nothing of it deletes or replaces anything.
 *
 * It has a problem of its own, code STACK_INCOMPLETE, when something that the scope needs is not there.
 *
 * @param toComplete the fix of that problem: what a person does to have all of it
 */
export function narrow<Cloud, Config>(
  plan: Plan<Cloud, Config>,
  scope: Scope,
  toComplete: string,
): Plan<Cloud, Config> {
  const within = plan.items.filter(({ step, action }) => scope.has(step.id) && action !== 'retire');
  const needed = new Set(within.flatMap(({ step }) => needsOf(step).map((need) => need.step.id)));
  const beside = plan.items.filter(({ step }) => needed.has(step.id) && !scope.has(step.id));
  const missing = beside.filter(({ live, failed }) => live === undefined || failed === true);
  const items = [
    ...beside.filter(({ live }) => live !== undefined).map(leftAlone),
    ...within.map((item) => limited(item, scope.get(item.step.id) ?? 'all')),
  ];
  const problems = missing.length > 0 ? [...plan.problems, incomplete(missing, toComplete)] : plan.problems;
  return { items, problems, earlier: plan.earlier };
}

/** How many things differ in a way that the narrowed plan leaves as it is. */
export function countLeft(plan: Pick<Plan, 'items'>, narrowed: Pick<Plan, 'items'>): number {
  const carriedOut = new Map(narrowed.items.map((item) => [item.step.id, item]));
  return plan.items.filter(
    (item) => (item.action !== 'none' || item.duplicates.length > 0) && !isSame(item, carriedOut.get(item.step.id)),
  ).length;
}

const isSame = (item: PlanItem, other: PlanItem | undefined): boolean =>
  item.action === other?.action &&
  item.changes.length === other.changes.length &&
  item.duplicates.length === other.duplicates.length;

function leftAlone<Cloud, Config>(item: PlanItem<Cloud, Config>): PlanItem<Cloud, Config> {
  const { readiness: _notWaitedFor, ...rest } = item.step;
  const step: AnyStep<Cloud, Config> = { ...rest, needs: {}, want: () => undefined, diff: () => [] };
  return { step, action: 'none', changes: [], live: item.live, duplicates: [] };
}

function limited<Cloud, Config>(
  item: PlanItem<Cloud, Config>,
  fields: 'all' | readonly string[],
): PlanItem<Cloud, Config> {
  if (fields === 'all' || item.action === 'create' || item.live === undefined) return item;
  const { step, live } = item;
  const diff: typeof step.diff = (want, now) => step.diff(want, now).filter(({ field }) => fields.includes(field));
  const changes = item.changes.filter(({ field }) => fields.includes(field));
  const action = changes.length > 0 ? 'update' : item.action === 'adopt' ? 'adopt' : 'none';
  return { step: { ...step, diff }, action, changes, live, duplicates: [] };
}

function incomplete(missing: readonly PlanItem[], fix: string): UserError {
  const names = missing.map(({ step }) => step.title).join(', ');
  return new UserError({
    code: 'STACK_INCOMPLETE',
    message: `the stack is not complete: ${names} ${missing.length === 1 ? 'is' : 'are'} missing`,
    fix,
  });
}
