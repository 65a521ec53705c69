import type { SuspendedState } from '@aws-sdk/client-application-auto-scaling';
import { UpdateServiceCommand } from '@aws-sdk/client-ecs';
import type { Aws } from '../../aws/aws.ts';
import { clusterName } from '../compute/cluster.ts';

/** How much of auto scaling leaves the service alone: policies that add tasks, policies that take some away, schedules. */
export type Suspension = 'none' | 'in part' | 'all';

export const suspendedState = (suspended: Suspension): SuspendedState => ({
  DynamicScalingInSuspended: suspended === 'all',
  DynamicScalingOutSuspended: suspended === 'all',
  ScheduledScalingSuspended: suspended === 'all',
});

export function suspensionOf(state: SuspendedState = {}): Suspension {
  const { DynamicScalingInSuspended, DynamicScalingOutSuspended, ScheduledScalingSuspended } = state;
  const parts = [DynamicScalingInSuspended, DynamicScalingOutSuspended, ScheduledScalingSuspended];
  const suspended = parts.filter((part) => part === true).length;
  return suspended === 0 ? 'none' : suspended === parts.length ? 'all' : 'in part';
}

/** For a service that is paused; otherwise its number of tasks is auto scaling's. */
export async function setDesired(aws: Aws, service: string, desiredCount: number): Promise<void> {
  await aws.clients.ecs.send(new UpdateServiceCommand({ cluster: clusterName(aws.stack), service, desiredCount }));
}
