import {
  DescribeServicesCommand,
  DescribeTasksCommand,
  type DesiredStatus,
  ListTasksCommand,
  type Task,
} from '@aws-sdk/client-ecs';
import type { Aws } from './aws.ts';
import { batchesOf, pagesOf } from './paging.ts';
import { SERVICES_AT_ONCE } from './service-report.ts';

/** What ECS runs in a cluster, or is about to. */
export interface InUse {
  /** ARNs of task definitions that a task or a deployment of a service has. */
  readonly taskDefinitions: ReadonlySet<string>;
  /** `sha256:…` of the images of tasks. */
  readonly images: ReadonlySet<string>;
}

/** @param services names of all services of the cluster */
export async function inUse(aws: Aws, cluster: string, services: readonly string[]): Promise<InUse> {
  const taskDefinitions = new Set<string>();
  const images = new Set<string>();
  for (const some of batchesOf(services, SERVICES_AT_ONCE)) {
    const answer = await aws.clients.ecs.send(new DescribeServicesCommand({ cluster, services: some }));
    for (const { taskDefinition, deployments } of answer.services ?? []) {
      for (const arn of [taskDefinition, ...(deployments ?? []).map((one) => one.taskDefinition)])
        if (arn !== undefined) taskDefinitions.add(arn);
    }
  }
  // A task that is to stop runs on for as long as it has work: two minutes at most.
  for (const desired of ['RUNNING', 'STOPPED'] as const) {
    for (const { taskDefinitionArn, lastStatus, containers } of await tasksOf(aws, cluster, desired)) {
      if (lastStatus === 'STOPPED') continue;
      if (taskDefinitionArn !== undefined) taskDefinitions.add(taskDefinitionArn);
      for (const { imageDigest } of containers ?? []) if (imageDigest !== undefined) images.add(imageDigest);
    }
  }
  return { taskDefinitions, images };
}

/** Those that are to run, or that are to stop or have stopped. A page of ListTasks is what DescribeTasks takes: a hundred. */
export async function tasksOf(
  { clients: { ecs } }: Aws,
  cluster: string,
  desiredStatus: DesiredStatus,
  serviceName?: string,
): Promise<Task[]> {
  const tasks: Task[] = [];
  for await (const { taskArns = [] } of pagesOf((nextToken) =>
    ecs.send(new ListTasksCommand({ cluster, desiredStatus, serviceName, nextToken })),
  )) {
    if (taskArns.length === 0) continue;
    const described = await ecs.send(new DescribeTasksCommand({ cluster, tasks: taskArns }));
    tasks.push(...(described.tasks ?? []));
  }
  return tasks;
}
