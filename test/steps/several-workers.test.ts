import { DescribeServicesCommand, DescribeTaskDefinitionCommand, ListServicesCommand } from '@aws-sdk/client-ecs';
import { expect, it } from 'vitest';
import type { StackConfig } from '../../src/config/schema.ts';
import { toStackConfig } from '../../src/config/stack-config.ts';
import { clusterName } from '../../src/steps/compute/cluster.ts';
import { type AwsStack, REFERENCE_ANSWERS, tinyImage } from '../helpers/aws-stack.ts';
import { expectNoTrace, idOf, only, useSteps } from './stage.ts';

const stage = useSteps();
const REFERENCE = { ...REFERENCE_ANSWERS, network: 'public' } as const;

const configOf = (workers: Record<string, Record<string, string | number>>): StackConfig =>
  toStackConfig(
    REFERENCE,
    { accountId: '123456789012', partition: 'aws' },
    undefined,
    Object.entries(workers).map(([name, own]) => ({ name, answers: { ...REFERENCE, taskQueue: name, ...own } })),
  );

const ORDERS = { cpu: 512, memory: 1024, taskQueue: 'order-queue' };
const BILLING = { maxTasks: 3, spotWeight: 0 };
const OF_BILLING = [
  'compute/service/billing',
  'compute/task-definition/billing',
  'image/worker-image/billing',
  'scaling/alarm/billing-cpu-high',
  'scaling/alarm/billing-cpu-low',
  'scaling/target/billing',
];

/** What ECS says of the only container of a service's tasks, and of the tasks themselves. */
async function serviceOf(stack: AwsStack, name: string) {
  const { ecs } = stack.aws.clients;
  const { services } = await ecs.send(new DescribeServicesCommand({ cluster: clusterName('dev'), services: [name] }));
  const service = only(services);
  const { taskDefinition } = await ecs.send(
    new DescribeTaskDefinitionCommand({ taskDefinition: service.taskDefinition }),
  );
  const { image, environment } = only(taskDefinition?.containerDefinitions);
  return {
    cpu: taskDefinition?.cpu,
    memory: taskDefinition?.memory,
    digest: image?.split('@')[1],
    taskQueue: environment?.find(({ name: variable }) => variable === 'TEMPORAL_TASK_QUEUE')?.value,
    spot: service.capacityProviderStrategy?.some(
      ({ capacityProvider, weight }) => capacityProvider === 'FARGATE_SPOT' && weight,
    ),
    running: service.runningCount,
  };
}

const callsOf = (stack: AwsStack, name: string): number => stack.calls.filter((call) => call.name === name).length;

it('several workers come, run each its own way on what they share, and go; the account is as we found it', async () => {
  const stack = await stage.fresh();
  const before = await stage.emulator.inventory();
  const both = configOf({ orders: ORDERS, billing: BILLING });
  stack.config = both;
  await stack.up();
  const [orders, billing] = [await serviceOf(stack, 'orders'), await serviceOf(stack, 'billing')];
  expect(orders).toMatchObject({ cpu: '512', memory: '1024', taskQueue: 'order-queue', running: 1, spot: true });
  expect(billing).toMatchObject({ cpu: '1024', memory: '2048', taskQueue: 'billing', running: 1, spot: false });
  // One image for both: a layer and a config, sent once.
  expect(billing.digest).toBe(orders.digest);
  expect([callsOf(stack, 'ECR PutImage'), callsOf(stack, 'ECR CompleteLayerUpload')]).toEqual([1, 2]);
  expect(await stack.pending()).toEqual({});

  // Other code for one of them is no business of the other.
  stack.ownImages.set('billing', tinyImage(stage.folder, 'other code'));
  expect(Object.keys(await stack.pending()).sort()).toEqual(OF_BILLING.slice(0, 3));
  await stack.up();
  const renewed = await serviceOf(stack, 'billing');
  expect(renewed.digest).not.toBe(orders.digest);
  expect(await serviceOf(stack, 'orders')).toEqual(orders);
  expect(await stack.pending()).toEqual({});

  // A worker that is not listed any more takes along what is its own, and nothing else.
  stack.config = configOf({ orders: ORDERS });
  const { items } = await stack.plan(both);
  const changed = items.filter(({ action }) => action !== 'none');
  expect(changed.map(({ step }) => step.id).sort()).toEqual(OF_BILLING);
  expect(new Set(changed.map(({ action }) => action))).toEqual(new Set(['retire']));
  const ordersBefore = idOf(stack, 'compute/task-definition/orders');
  await stack.up(both);
  const { serviceArns } = await stack.aws.clients.ecs.send(new ListServicesCommand({ cluster: clusterName('dev') }));
  expect(serviceArns?.map((arn) => arn.split('/').at(-1))).toEqual(['orders']);
  expect(idOf(stack, 'compute/task-definition/orders')).toBe(ordersBefore);
  expect(await serviceOf(stack, 'orders')).toEqual(orders);
  expect(Object.keys(stack.session.document.steps).filter((id) => id.includes('billing'))).toEqual([]);
  expect(await stack.pending()).toEqual({});

  // Another name is another worker; the image is there already.
  const one = stack.config;
  stack.config = configOf({ payments: ORDERS });
  const renamed = (await stack.plan(one)).items.map(({ step, action }) => [step.id, action]);
  expect(Object.fromEntries(renamed)).toMatchObject({
    'compute/service/payments': 'create',
    'compute/service/orders': 'retire',
  });
  await stack.up(one);
  expect(await serviceOf(stack, 'payments')).toEqual(orders);
  expect(callsOf(stack, 'ECR CompleteLayerUpload')).toBe(4);
  expect(await stack.pending()).toEqual({});

  await expectNoTrace(stack, stage.emulator, before);
});
