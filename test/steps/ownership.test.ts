import {
  DeregisterScalableTargetCommand,
  RegisterScalableTargetCommand,
} from '@aws-sdk/client-application-auto-scaling';
import { PutMetricAlarmCommand } from '@aws-sdk/client-cloudwatch';
import { CreateLogGroupCommand } from '@aws-sdk/client-cloudwatch-logs';
import { CreateRepositoryCommand } from '@aws-sdk/client-ecr';
import {
  CreateClusterCommand,
  CreateServiceCommand,
  DeleteServiceCommand,
  DescribeServicesCommand,
  RegisterTaskDefinitionCommand,
} from '@aws-sdk/client-ecs';
import { CreateRoleCommand } from '@aws-sdk/client-iam';
import { CreateBucketCommand } from '@aws-sdk/client-s3';
import { CreateSecretCommand } from '@aws-sdk/client-secrets-manager';
import { describe, expect, it } from 'vitest';
import type { AwsStack } from '../helpers/aws-stack.ts';
import { type Clients, eventually, type Inventory } from '../helpers/emulator.ts';
import { idOf, only, useSteps } from './stage.ts';

const stage = useSteps();
const cluster = 'temporal-fargate-dev';

/** Refuses both ways, names the thing, and leaves the account as it is. */
async function expectRefused(stack: AwsStack, says: string[]): Promise<void> {
  const before = await stage.emulator.inventory();
  const calls = stack.calls.length;
  const failures = [await failure(stack.up()), await failure(stack.down({ purge: true, deleteData: true }))];
  for (const message of failures) {
    for (const text of [...says, 'it was not touched']) expect(message).toContain(text);
  }
  expect(stack.calls.slice(calls).filter(({ mutating }) => mutating)).toEqual([]);
  expect(await stage.emulator.inventory()).toEqual(before);
}

async function failure(run: Promise<unknown>): Promise<string> {
  return run.then(
    () => 'it was not refused',
    (error: Error) => error.message,
  );
}

const trust = JSON.stringify({
  Version: '2012-10-17',
  Statement: [{ Effect: 'Allow', Principal: { Service: 'ecs-tasks.amazonaws.com' }, Action: 'sts:AssumeRole' }],
});

const role = (kind: string) => `temporal-fargate-us-east-1-dev-${kind}`;
const alarm = (kind: string) => `temporal-fargate-dev_worker-cpu-${kind}`;

/** What somebody else may have under one of our names: what it is called in the refusal, and how it is made. */
const foreign: readonly [what: string, name: string, make: (clients: Clients) => Promise<unknown>][] = [
  [
    'image repository',
    'temporal-fargate/dev',
    ({ ecr }) => ecr.send(new CreateRepositoryCommand({ repositoryName: 'temporal-fargate/dev' })),
  ],
  [
    'secret',
    'temporal-fargate/dev/temporal',
    ({ secrets }) =>
      secrets.send(new CreateSecretCommand({ Name: 'temporal-fargate/dev/temporal', SecretString: 'theirs' })),
  ],
  ...['execution', 'task'].map((kind): (typeof foreign)[number] => [
    `${kind} role`,
    role(kind),
    ({ iam }) => iam.send(new CreateRoleCommand({ RoleName: role(kind), AssumeRolePolicyDocument: trust })),
  ]),
  [
    'log group',
    '/temporal-fargate/dev',
    ({ logs }) => logs.send(new CreateLogGroupCommand({ logGroupName: '/temporal-fargate/dev' })),
  ],
  ['cluster', cluster, ({ ecs }) => ecs.send(new CreateClusterCommand({ clusterName: cluster }))],
  [
    'cluster of another stack id',
    cluster,
    ({ ecs }) =>
      ecs.send(
        new CreateClusterCommand({
          clusterName: cluster,
          tags: [
            { key: 'temporal-fargate:managed', value: 'true' },
            { key: 'temporal-fargate:stack', value: 'dev' },
            { key: 'temporal-fargate:stack-id', value: 'another-life' },
            { key: 'temporal-fargate:resource', value: 'compute/cluster' },
          ],
        }),
      ),
  ],
  [
    'data bucket',
    'tfg-dev-data-123456789012-us-east-1-an',
    ({ s3 }) =>
      s3.send(
        new CreateBucketCommand({
          Bucket: 'tfg-dev-data-123456789012-us-east-1-an',
          BucketNamespace: 'account-regional',
        }),
      ),
  ],
  ...['high', 'low'].map((kind): (typeof foreign)[number] => [
    `${kind} alarm`,
    alarm(kind),
    ({ cloudwatch }) =>
      cloudwatch.send(
        new PutMetricAlarmCommand({
          AlarmName: alarm(kind),
          MetricName: 'Theirs',
          Namespace: 'Theirs',
          Statistic: 'Sum',
          Period: 60,
          EvaluationPeriods: 1,
          Threshold: 1,
          ComparisonOperator: 'GreaterThanThreshold',
        }),
      ),
  ]),
  [
    'task definition family',
    'temporal-fargate-dev_worker:1',
    ({ ecs }) =>
      ecs.send(
        new RegisterTaskDefinitionCommand({
          family: 'temporal-fargate-dev_worker',
          containerDefinitions: [{ name: 'theirs', image: 'busybox', memory: 64 }],
        }),
      ),
  ],
];

describe("somebody else's thing of our name", () => {
  it.each(foreign)('%s: nothing is created, changed or deleted', async (_what, name, make) => {
    const stack = await stage.fresh();
    await make(stage.emulator.clients);
    await expectRefused(stack, [name]);
  });

  it('all of them are named at once', async () => {
    const stack = await stage.fresh();
    const once = foreign.filter(([what]) => what !== 'cluster of another stack id');
    for (const [, , make] of once) await make(stage.emulator.clients);
    const message = await failure(stack.up());
    for (const [, name] of once) expect(message).toContain(name);
  });

  it('service in our cluster', async () => {
    const stack = await stage.fresh();
    await stack.up();
    const { ecs } = stage.emulator.clients;
    const services = { cluster, services: ['worker'] };
    const { capacityProviderStrategy, networkConfiguration } = only(
      (await ecs.send(new DescribeServicesCommand(services))).services,
    );
    await ecs.send(new DeleteServiceCommand({ cluster, service: 'worker', force: true }));
    await eventually('the service is gone', async () => {
      const [found] = (await ecs.send(new DescribeServicesCommand(services))).services ?? [];
      return found?.status === 'INACTIVE';
    });
    const taskDefinition = idOf(stack, 'compute/task-definition/worker');
    const theirs = { taskDefinition, capacityProviderStrategy, networkConfiguration, desiredCount: 0 };
    await ecs.send(new CreateServiceCommand({ cluster, serviceName: 'worker', ...theirs }));
    const running = await stage.emulator.inventory();
    expect(await failure(stack.up())).toContain('ECS service (worker): worker has no temporal-fargate tags');
    expect(await stage.emulator.inventory()).toEqual(running);
    expect(await failure(stack.down())).toContain('ECS service (worker): worker has no temporal-fargate tags');
    expect(servicesOf(await stage.emulator.inventory())).toEqual(servicesOf(running));
  });

  it('scalable target of our service', async () => {
    const stack = await stage.fresh();
    await stack.up();
    const { autoscaling } = stage.emulator.clients;
    const ResourceId = `service/${cluster}/worker`;
    const target = { ServiceNamespace: 'ecs', ScalableDimension: 'ecs:service:DesiredCount', ResourceId } as const;
    await autoscaling.send(new DeregisterScalableTargetCommand(target));
    await autoscaling.send(new RegisterScalableTargetCommand({ ...target, MinCapacity: 1, MaxCapacity: 3 }));
    const { autoscaling: theirs } = await stage.emulator.inventory();
    const says = `scalable target (worker): ${ResourceId} has no temporal-fargate tags`;
    expect(await failure(stack.up())).toContain(says);
    expect(await failure(stack.down())).toContain(says);
    expect((await stage.emulator.inventory()).autoscaling).toEqual(theirs);
  });
});

const servicesOf = ({ ecs }: Inventory) => ecs?.service;
