import {
  DescribeServicesCommand,
  DescribeTasksCommand,
  type DesiredStatus,
  ListServiceDeploymentsCommand,
  ListTasksCommand,
  type ServiceEvent,
  type Task,
} from '@aws-sdk/client-ecs';
import type { Aws } from './aws.ts';
import { orUndefined } from './errors.ts';
import { batchesOf, pagesOf } from './paging.ts';

export interface TaskReport {
  readonly id: string;
  readonly createdAt: Date | undefined;
  readonly status: string;
  readonly health: string;
  readonly capacityProvider: string;
  /** Name of its availability zone. */
  readonly zone: string;
  /** Its network interface in EC2; empty before there is one. */
  readonly interfaceId: string;
  readonly startedAt: Date | undefined;
  /** When it began to stop. */
  readonly stoppedAt: Date | undefined;
  /** `sha256:…` of the image it runs. */
  readonly imageDigest: string;
  readonly stopCode: string;
  readonly stoppedReason: string;
  readonly containers: readonly { name: string; exitCode: number | undefined; reason: string }[];
}

export interface ServiceReport {
  readonly status: string;
  readonly running: number;
  readonly pending: number;
  readonly desired: number;
  readonly taskDefinition: string;
  readonly subnetIds: readonly string[];
  /** Whether its tasks have public addresses of their own. */
  readonly publicAddresses: boolean;
  /** Status of the newest service deployment: `SUCCESSFUL`, `IN_PROGRESS`, `ROLLBACK_SUCCESSFUL` ... */
  readonly deployment: string;
  readonly deploymentReason: string;
  /** When the newest service deployment began. */
  readonly deployedAt: Date | undefined;
  /** When it came to its end, good or bad. */
  readonly deploymentEndedAt: Date | undefined;
  /** What ECS has said since the newest deployment began, newest first. */
  readonly events: readonly string[];
  readonly tasks: readonly TaskReport[];
  /** Stopped within the last hour; ECS forgets them then. */
  readonly stopped: readonly TaskReport[];
}

/** ECS remembers a hundred of them. */
const EVENTS = 10;

/** A service as ECS tells of it; `undefined` when there is none. */
export async function reportService(aws: Aws, cluster: string, service: string): Promise<ServiceReport | undefined> {
  const { ecs } = aws.clients;
  const answer = await orUndefined(ecs.send(new DescribeServicesCommand({ cluster, services: [service] })));
  const found = answer?.services?.[0];
  if (!found || found.status === 'INACTIVE') return undefined;
  const [deployments, tasks, stopped] = await Promise.all([
    orUndefined(ecs.send(new ListServiceDeploymentsCommand({ cluster, service, maxResults: 1 }))),
    listTasks(aws, cluster, service, 'RUNNING'),
    listTasks(aws, cluster, service, 'STOPPED'),
  ]);
  const latest = deployments?.serviceDeployments?.[0];
  const network = found.networkConfiguration?.awsvpcConfiguration;
  return {
    status: found.status ?? '',
    running: found.runningCount ?? 0,
    pending: found.pendingCount ?? 0,
    desired: found.desiredCount ?? 0,
    taskDefinition: found.taskDefinition ?? '',
    subnetIds: network?.subnets ?? [],
    publicAddresses: network?.assignPublicIp === 'ENABLED',
    deployment: latest?.status ?? 'unknown',
    deploymentReason: latest?.statusReason ?? '',
    deployedAt: latest?.createdAt,
    deploymentEndedAt: latest?.finishedAt,
    events: eventsSince(found.events ?? [], latest?.createdAt),
    tasks,
    stopped: [...stopped].sort((a, b) => (b.stoppedAt?.getTime() ?? 0) - (a.stoppedAt?.getTime() ?? 0)),
  };
}

const eventsSince = (events: readonly ServiceEvent[], began: Date | undefined): string[] =>
  events
    .filter(({ createdAt }) => !began || !createdAt || createdAt >= began)
    .slice(0, EVENTS)
    .map(({ message }) => message ?? '');

/** Tasks of a service that run or are about to. */
export async function runningTasks(aws: Aws, cluster: string, service: string): Promise<TaskReport[]> {
  return listTasks(aws, cluster, service, 'RUNNING');
}

async function listTasks(
  aws: Aws,
  cluster: string,
  serviceName: string,
  desiredStatus: DesiredStatus,
): Promise<TaskReport[]> {
  const { ecs } = aws.clients;
  const arns: string[] = [];
  for await (const { taskArns = [] } of pagesOf((nextToken) =>
    orUndefined(ecs.send(new ListTasksCommand({ cluster, serviceName, desiredStatus, nextToken }))),
  ))
    arns.push(...taskArns);
  const described = batchesOf(arns, DESCRIBED_AT_ONCE).map((tasks) =>
    ecs.send(new DescribeTasksCommand({ cluster, tasks })),
  );
  return (await Promise.all(described)).flatMap(({ tasks }) => (tasks ?? []).map(toReport));
}

/** Most tasks that DescribeTasks takes. */
const DESCRIBED_AT_ONCE = 100;

function toReport(task: Task): TaskReport {
  const network = task.attachments?.find(({ type }) => type === 'ElasticNetworkInterface');
  return {
    id: task.taskArn?.split('/').at(-1) ?? '',
    createdAt: task.createdAt,
    status: task.lastStatus ?? '',
    health: task.healthStatus ?? 'UNKNOWN',
    capacityProvider: task.capacityProviderName ?? task.launchType ?? '',
    zone: task.availabilityZone ?? '',
    interfaceId: network?.details?.find(({ name }) => name === 'networkInterfaceId')?.value ?? '',
    startedAt: task.startedAt ?? task.createdAt,
    stoppedAt: task.stoppingAt ?? task.stoppedAt,
    imageDigest: task.containers?.[0]?.imageDigest ?? '',
    stopCode: task.stopCode ?? '',
    stoppedReason: task.stoppedReason ?? '',
    containers: (task.containers ?? []).map(({ name, exitCode, reason }) => ({
      name: name ?? '',
      exitCode,
      reason: reason ?? '',
    })),
  };
}

/** Most services that DescribeServices takes. */
export const SERVICES_AT_ONCE = 10;

/** How many tasks these services run all together. */
export async function countRunning(aws: Aws, cluster: string, services: readonly string[]): Promise<number> {
  const answers = batchesOf(services, SERVICES_AT_ONCE).map((some) =>
    orUndefined(aws.clients.ecs.send(new DescribeServicesCommand({ cluster, services: some }))),
  );
  return (await Promise.all(answers))
    .flatMap((answer) => answer?.services ?? [])
    .reduce((sum, { runningCount }) => sum + (runningCount ?? 0), 0);
}
