import type { WorkerConfig } from '../../config/schema.ts';
import { type Use, whileTasksRun } from '../monthly-cost.ts';
import { taskRange } from './task-range.ts';

const ADDRESS: Use['parts'] = [{ amount: 1, of: 'h', price: 'public-ipv4-hour' }];

/** Tasks on demand and on Spot, each with its public address where there is no NAT gateway. */
export function taskCosts(worker: WorkerConfig, publicAddresses: boolean): Use[] {
  const { architecture } = worker;
  const tasks = taskRange(worker);
  const [fewest, most] = [splitTasks(worker, tasks.min), splitTasks(worker, tasks.max)];
  const size = (market: 'fargate' | 'fargate-spot'): Use['parts'] => [
    { amount: worker.cpu / 1024, of: 'vCPU', price: `${market}-${architecture}-vcpu-hour` },
    { amount: worker.memory / 1024, of: 'GB', price: `${market}-${architecture}-gb-hour` },
  ];
  return [
    whileTasksRun('Fargate on demand', size('fargate'), { min: fewest.onDemand, max: most.onDemand }),
    whileTasksRun('Fargate Spot', size('fargate-spot'), { min: fewest.spot, max: most.spot }),
    ...(publicAddresses ? [whileTasksRun('public IPv4 address', ADDRESS, tasks)] : []),
  ];
}

/**
 * How many of a service's tasks run on Spot and how many on demand, by its capacity provider strategy: the base comes
 * first, and of the rest each provider gets its share by weight, as far as whole tasks allow. Nothing fails over.
 * Source: Amazon ECS API reference, CapacityProviderStrategyItem. It gives the ratio, not which provider gets a task
 * that does not divide evenly: here the one that is then closest to its share, Spot first, as the sandbox does it.
 */
export function splitTasks(
  { onDemandBase, spotWeight, onDemandWeight }: Pick<WorkerConfig, 'onDemandBase' | 'spotWeight' | 'onDemandWeight'>,
  tasks: number,
): { spot: number; onDemand: number } {
  const base = Math.min(onDemandBase, tasks);
  let [spot, onDemand] = [0, 0];
  while (base + spot + onDemand < tasks) {
    if ((spot + 1) * onDemandWeight <= (onDemand + 1) * spotWeight) spot += 1;
    else onDemand += 1;
  }
  return { spot, onDemand: base + onDemand };
}
