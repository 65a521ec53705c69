import { narrow, type Scope } from '../engine/narrow.ts';
import type { Plan } from '../engine/plan.ts';

/** The part of a plan that a command is about. Throws what stops that part from being carried out. */
export function partOfPlan<Cloud, Config>(plan: Plan<Cloud, Config>, scope: Scope): Plan<Cloud, Config> {
  const part = narrow(plan, scope, 'Run temporal-fargate init first: it makes what is missing.');
  const [problem] = part.problems;
  if (problem) throw problem;
  return part;
}
