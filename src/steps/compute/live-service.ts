import {
  type CapacityProviderStrategyItem,
  type DeploymentConfiguration,
  DescribeServicesCommand,
  type Service,
} from '@aws-sdk/client-ecs';
import type { Aws } from '../../aws/aws.ts';
import { orUndefined } from '../../aws/errors.ts';
import { fromLowerTags } from '../../aws/tags.ts';
import type { Readiness } from '../../engine/step.ts';
import { must } from '../define.ts';
import { clusterName } from './cluster.ts';

/** A service by its name, as far as this program compares it and waits for it. */
export async function findService(aws: Aws, name: string): Promise<LiveService | undefined> {
  const answer = await orUndefined(
    aws.clients.ecs.send(
      new DescribeServicesCommand({ cluster: clusterName(aws.stack), services: [name], include: ['TAGS'] }),
    ),
  );
  const [found] = answer?.services ?? [];
  // A deleted service is described as INACTIVE for about an hour.
  return found && found.status !== 'INACTIVE' ? toLiveService(found) : undefined;
}

export type LiveService = ReturnType<typeof toLiveService>;

export function toLiveService(found: Service) {
  const network = found.networkConfiguration?.awsvpcConfiguration;
  const primary = found.deployments?.find(({ status }) => status === 'PRIMARY');
  return {
    id: must(found.serviceName, 'a service name'),
    tags: fromLowerTags(found.tags),
    status: found.status ?? '',
    taskDefinition: primary?.taskDefinition ?? found.taskDefinition ?? '',
    subnetIds: [...(network?.subnets ?? [])].sort(),
    securityGroupIds: [...(network?.securityGroups ?? [])].sort(),
    assignPublicIp: network?.assignPublicIp ?? 'DISABLED',
    strategy: strategyText(found.capacityProviderStrategy ?? []),
    deployment: deploymentText(found.deploymentConfiguration ?? {}),
    availabilityZoneRebalancing: found.availabilityZoneRebalancing,
    enableECSManagedTags: found.enableECSManagedTags,
    propagateTags: found.propagateTags,
    running: found.runningCount ?? 0,
    desired: found.desiredCount ?? 0,
    deployments: found.deployments?.length ?? 0,
    rollout: primary?.rolloutState ?? '',
    /** Whether an earlier deployment, which has worked, still runs beside the newest. */
    hasFallback: (found.deployments ?? []).some(
      ({ status, rolloutState }) => status !== 'PRIMARY' && rolloutState === 'COMPLETED',
    ),
    /** Whatever changes while the newest deployment goes on. */
    progress: progressOf(found),
    rolloutReason: primary?.rolloutStateReason ?? '',
    unplaced: unplaced(found),
    refusedRole: eventsOfNewest(found).some((message) => /unable to assume the role/i.test(message)),
    /** Newest first. */
    events: (found.events ?? []).slice(0, 5).map(({ message }) => message ?? ''),
    latest: undefined as { status: string; reason: string } | undefined,
  };
}

/** What ECS has said since the newest deployment began. */
function eventsOfNewest({ deployments, events = [] }: Service): string[] {
  const since = deployments?.find(({ status }) => status === 'PRIMARY')?.createdAt;
  return events.flatMap(({ createdAt, message }) =>
    message && createdAt && since && createdAt >= since ? [message] : [],
  );
}

/**
 * What ECS says when it finds no room for the tasks of the newest deployment (Spot capacity, vCPU quota): no task of
 * them ever fails, so that the circuit breaker never ends such a deployment.
 */
function unplaced({ deployments, events }: Service): string | undefined {
  const primary = deployments?.find(({ status }) => status === 'PRIMARY');
  const [newest] = events ?? [];
  if (!primary || !newest?.message || !newest.createdAt) return undefined;
  const { desiredCount = 0, runningCount = 0, pendingCount = 0, createdAt } = primary;
  const current = createdAt === undefined || newest.createdAt >= createdAt;
  const lacking = runningCount < desiredCount && pendingCount === 0;
  if (!current || !lacking || !/unable to place a task/.test(newest.message)) return undefined;
  return `${runningCount} of ${desiredCount} tasks of this deployment running; ${newest.message}`;
}

function progressOf({ deployments = [], events = [] }: Service): string {
  const counts = deployments.map(({ id, runningCount, pendingCount, failedTasks }) =>
    [id, runningCount, pendingCount, failedTasks].join(' '),
  );
  return [...counts, events[0]?.message].join('; ');
}

export const strategyText = (items: readonly CapacityProviderStrategyItem[]): string =>
  items
    .map(({ capacityProvider, weight, base }) => `${capacityProvider} weight ${weight ?? 0} base ${base ?? 0}`)
    .sort()
    .join(', ');

/** The fields that we set, in the order in which we name them; AWS adds others. */
export function deploymentText(configuration: DeploymentConfiguration): string {
  const breaker = configuration.deploymentCircuitBreaker;
  const threshold = breaker?.thresholdConfiguration;
  return [
    `healthy ${configuration.minimumHealthyPercent}-${configuration.maximumPercent} %`,
    `circuit breaker ${breaker?.enable ? 'on' : 'off'}`,
    `rollback ${breaker?.rollback ? 'on' : 'off'}`,
    `reset ${breaker?.resetOnHealthyTask ? 'on' : 'off'}`,
    `threshold ${threshold?.type} ${threshold?.value}`,
  ].join(', ');
}

/** Whether the deployment that was asked for has worked. */
export function rolloutOf(live: LiveService, taskDefinition: string): Readiness {
  const detail = `${live.running} of ${live.desired} tasks running${live.events[0] ? `; ${live.events[0]}` : ''}`;
  const waiting: Readiness = { state: 'waiting', detail, stuck: live.unplaced, progress: live.progress };
  const status = live.latest?.status ?? 'PENDING';
  const reason = live.latest?.reason || live.rolloutReason;
  // ECS learns of a fresh role last, and a few refused launches end a deployment: the next one may come late enough.
  const failed = (why: string): Readiness => ({
    state: 'failed',
    detail: why,
    ...(live.refusedRole ? { remedy: 'retry' } : {}),
  });
  switch (status) {
    case 'SUCCESSFUL': {
      const settled = live.rollout === 'COMPLETED' && live.deployments === 1 && live.taskDefinition === taskDefinition;
      return settled ? { state: 'ready', detail } : waiting;
    }
    case 'STOPPED':
    case 'ROLLBACK_SUCCESSFUL':
    case 'ROLLBACK_FAILED':
      // A new deployment may not be listed yet while the one before it has ended like this.
      if (live.rollout === 'IN_PROGRESS' && live.taskDefinition === taskDefinition) {
        return waiting;
      }
      return failed(`the deployment ended as ${status}: ${reason}`);
    case 'ROLLBACK_REQUESTED':
    case 'ROLLBACK_IN_PROGRESS':
      return { ...waiting, detail: `rolling back: ${reason}` };
    default:
      return live.rollout === 'FAILED' ? failed(live.rolloutReason) : waiting;
  }
}
