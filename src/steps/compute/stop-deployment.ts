import { ListServiceDeploymentsCommand, StopServiceDeploymentCommand } from '@aws-sdk/client-ecs';
import type { Aws } from '../../aws/aws.ts';
import { hasName, orUndefined } from '../../aws/errors.ts';
import type { Stopped } from '../../engine/step.ts';
import { clusterName } from './cluster.ts';
import type { LiveService } from './live-service.ts';

/**
 * Ends the newest deployment of a service and lets ECS go back to the one before, as its circuit breaker does; for
 * deployments that come to nothing without one failed task, which the circuit breaker never sees. AWS can stop a
 * deployment in no other way than by a rollback, so one that has nothing before it goes on.
 * Source: ECS developer guide, "Stopping Amazon ECS service deployments".
 *
 * @returns `undefined` when the deployment has ended meanwhile
 */
export async function stopDeployment(
  aws: Aws,
  { id, hasFallback }: Pick<LiveService, 'id' | 'hasFallback'>,
): Promise<Stopped | undefined> {
  const { ecs } = aws.clients;
  const cluster = clusterName(aws.stack);
  const answer = await orUndefined(
    ecs.send(new ListServiceDeploymentsCommand({ cluster, service: id, maxResults: 1 })),
  );
  const { serviceDeploymentArn, status = '' } = answer?.serviceDeployments?.[0] ?? {};
  if (status === 'ROLLBACK_REQUESTED' || status === 'ROLLBACK_IN_PROGRESS') {
    return { says: 'ECS goes on rolling the deployment back', goesBack: false };
  }
  if (status !== 'PENDING' && status !== 'IN_PROGRESS') return undefined;
  if (!hasFallback) {
    return { says: 'There is no earlier deployment to roll back to: ECS goes on trying', goesBack: false };
  }
  try {
    await ecs.send(new StopServiceDeploymentCommand({ serviceDeploymentArn, stopType: 'ROLLBACK' }));
  } catch (error) {
    if (hasName(error, 'ConflictException')) return undefined;
    throw error;
  }
  return { says: 'The deployment was stopped, and the one before is rolled back to', goesBack: true };
}
