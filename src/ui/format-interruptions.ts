import type { ServiceReport, TaskReport } from '../aws/service-report.ts';
import { formatAge } from './format-time.ts';
import { shortTaskId } from './status-words.ts';

export interface Interruption {
  readonly id: string;
  readonly at: Date;
  /** The task that ECS has started in its place. */
  readonly replacedBy: string | undefined;
}

/** How many are named one by one. */
const NAMED = 3;

/** Tasks whose Spot capacity AWS has taken back, newest first, as long as ECS remembers them: for about an hour. */
export function interruptionsOf({ tasks, stopped }: Pick<ServiceReport, 'tasks' | 'stopped'>): Interruption[] {
  const taken = stopped
    .filter(isInterruption)
    .map(({ id, stoppedAt }) => ({ id, at: stoppedAt }))
    .sort((a, b) => a.at.getTime() - b.at.getTime());
  // ECS does not say what takes the place of what: it is the next task after it.
  const next = [...tasks, ...stopped].sort((a, b) => createdAt(a) - createdAt(b));
  return taken
    .map(({ id, at }) => {
      const place = next.findIndex((task) => createdAt(task) >= at.getTime());
      const [replacement] = place < 0 ? [] : next.splice(place, 1);
      return { id, at, replacedBy: replacement?.id };
    })
    .reverse();
}

/** "1 task interrupted by Spot in the last hour: 0f3a9c12 4 min ago, replaced by 77aa0000"; empty when there was none. */
export function interruptionWords(service: ServiceReport, now: Date): string {
  return told(service, ({ at }) => ` ${formatAge(now.getTime() - at.getTime())} ago`);
}

/** The same without what changes by itself. */
export const interruptionFact = (service: ServiceReport): string => told(service, () => '');

function told(service: ServiceReport, when: (interruption: Interruption) => string): string {
  const all = interruptionsOf(service);
  if (all.length === 0) return '';
  const isShort = service.running < service.desired;
  const named = all.slice(0, NAMED).map((one) => `${shortTaskId(one.id)}${when(one)}, ${outcome(one, isShort)}`);
  const more = all.length > NAMED ? `; and ${all.length - NAMED} more` : '';
  const tasks = all.length === 1 ? '1 task' : `${all.length} tasks`;
  return `${tasks} interrupted by Spot in the last hour: ${named.join('; ')}${more}`;
}

const outcome = ({ replacedBy }: Interruption, isShort: boolean): string =>
  replacedBy ? `replaced by ${shortTaskId(replacedBy)}` : isShort ? 'not replaced yet' : 'not needed any more';

/** Whether AWS has taken the Spot capacity of this task back. */
export const isInterruption = (task: TaskReport): task is TaskReport & { readonly stoppedAt: Date } =>
  task.stoppedAt !== undefined &&
  (task.stopCode === 'SpotInterruption' || /Spot task was interrupted/i.test(task.stoppedReason));

const createdAt = (task: TaskReport): number => task.createdAt?.getTime() ?? Number.NEGATIVE_INFINITY;
