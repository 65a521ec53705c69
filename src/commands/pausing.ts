import type { Session } from '../../state/store.ts';
import type { Aws } from '../aws/aws.ts';
import { withPaused } from '../config/paused.ts';
import type { StackConfig } from '../config/schema.ts';
import type { Scope } from '../engine/narrow.ts';
import type { Plan } from '../engine/plan.ts';
import type { LockedStack } from './existing-stack.ts';
import { partOfPlan } from './part-of-plan.ts';
import { planStack } from './stack-run.ts';

/** Everything that a pause changes of a scalable target. */
const PAUSING = ['min', 'max', 'suspended', 'desired'];

/** The stack with these workers paused, or not any more, and what that takes: their scalable targets, nothing else. */
export async function pausedPlan(
  { connection, config: before, document }: LockedStack,
  aws: Aws,
  workers: readonly string[],
  paused: boolean,
): Promise<{ readonly config: StackConfig; readonly plan: Plan<Aws, StackConfig> }> {
  const was = new Set(before.workers.flatMap((worker) => (worker.paused ? worker.name : [])));
  const config = withPaused(before, (name) => (workers.includes(name) ? paused : was.has(name)));
  const whole = (await planStack(connection, config, document, {}, aws)).plan;
  // A run that was interrupted may have recorded the end of a pause without ending it.
  const fieldsOf = (worker: string): readonly string[] => (paused || was.has(worker) ? PAUSING : ['suspended']);
  const scope: Scope = new Map(workers.map((worker) => [`scaling/target/${worker}`, fieldsOf(worker)]));
  return { config, plan: partOfPlan(whole, scope) };
}

/** From here on this is what the stack is to be. What is paused, or starts again, has to prove itself anew. */
export function putPaused(session: Session, config: StackConfig, workers: readonly string[]): Promise<void> {
  return session.update((draft) => {
    draft.configs = [...draft.configs.slice(0, -1), JSON.parse(JSON.stringify(config))];
    const definitions = workers.map((worker) => draft.steps[`compute/task-definition/${worker}`]?.id);
    draft.proven = draft.proven.filter((arn) => !definitions.includes(arn));
  });
}
