import { DescribeServicesCommand, ListServicesCommand, type Task } from '@aws-sdk/client-ecs';
import type { Aws } from './aws.ts';
import { orUndefined } from './errors.ts';
import { tasksOf } from './in-use.ts';

/** Which tasks keep a deleted service from being gone. `undefined`: none is left. */
export async function blockerOfService(aws: Aws, cluster: string, serviceName: string): Promise<string | undefined> {
  const left = (await orUndefined(tasksOf(aws, cluster, 'STOPPED', serviceName)))?.filter(isThere) ?? [];
  // The one that takes longest is named.
  const [first, ...others] = left.sort((a, b) => stageOf(a) - stageOf(b));
  if (!first) return undefined;
  const more = others.length > 0 ? ` and ${others.length} more` : '';
  return `task ${idOf(first)}${more} was asked to stop and is ${first.lastStatus}: ${stopping(first)}`;
}

/** Our own services are gone by then: what is left in the cluster, somebody else has started. */
export async function blockerOfCluster(aws: Aws, cluster: string): Promise<string | undefined> {
  const { serviceArns = [] } = await aws.clients.ecs.send(new ListServicesCommand({ cluster }));
  const [service] = serviceArns;
  if (service) {
    const { services } = await aws.clients.ecs.send(new DescribeServicesCommand({ cluster, services: [service] }));
    const name = service.split('/').at(-1);
    return `service ${name} is in it, created by ${services?.[0]?.createdBy ?? 'somebody else'} and not by this stack: delete it with aws ecs delete-service --cluster ${cluster} --service ${name} --force`;
  }
  const [task] = await tasksOf(aws, cluster, 'RUNNING');
  if (task) {
    const by = task.startedBy ? `, started by ${task.startedBy} and not by this stack` : ', not started by this stack';
    return `task ${idOf(task)} (${task.group}) runs in it${by}: stop it with aws ecs stop-task --cluster ${cluster} --task ${idOf(task)}`;
  }
  const last = (await tasksOf(aws, cluster, 'STOPPED')).find(isThere);
  return last && `task ${idOf(last)} was asked to stop and is ${last.lastStatus}: ${stopping(last)}`;
}

const STARTING = ['PROVISIONING', 'PENDING', 'ACTIVATING'];

/** The less far a task has come, the more is still to be waited for. */
const stageOf = ({ lastStatus = '' }: Task): number => {
  if (STARTING.includes(lastStatus)) return 0;
  return lastStatus === 'RUNNING' ? 1 : 2;
};

const isThere = ({ lastStatus }: Task): boolean => lastStatus !== 'STOPPED';
const idOf = ({ taskArn }: Task): string => taskArn?.split('/').at(-1) ?? '';

/** What becomes of it. Source: ECS developer guide, "Task lifecycle". */
const stopping = (task: Task): string =>
  [
    'ECS ends it once its image is pulled',
    'it has two minutes at most for the work that it has begun',
    'AWS takes its network interface back',
  ][stageOf(task)] ?? '';
