import {
  AuthorizeSecurityGroupIngressCommand,
  CreateSecurityGroupCommand,
  DeleteSecurityGroupCommand,
  RunInstancesCommand,
  TerminateInstancesCommand,
} from '@aws-sdk/client-ec2';
import {
  CreateServiceCommand,
  DeleteServiceCommand,
  ListTasksCommand,
  UpdateServiceCommand,
} from '@aws-sdk/client-ecs';
import { describe, expect, it } from 'vitest';
import { blockerOfService } from '../../src/aws/ecs-blockers.ts';
import { destroy } from '../../src/engine/destroy.ts';
import { ManyErrors, type UserError } from '../../src/errors.ts';
import type { AwsStack } from '../helpers/aws-stack.ts';
import { eventually } from '../helpers/emulator.ts';
import { countable } from '../helpers/inventory.ts';
import { expectNoTrace, hurried, idOf, only, useSteps } from '../steps/stage.ts';

/** Seconds of the tests' clock in one of the machine's: ten minutes are three seconds. */
const PACE = 200;
const minutes = (count: number): number => (count * 60) / PACE;

const stage = useSteps({
  strict: ['off', `task-pull=${minutes(8)}`, `service-draining=${minutes(4)}`, `task-interface=${minutes(15)}`],
});
const cluster = 'temporal-fargate-dev';
const EVERYTHING = { purge: true, deleteData: true };

/** What was said while waiting for a step. */
const saidOf = (stack: AwsStack, stepId: string): string[] =>
  stack.events.flatMap((event) => (event.type === 'waiting' && event.id === stepId ? [event.reason] : []));

/** What a destroy says that cannot go on until its deadlines, step by step. */
async function failuresOf(stack: AwsStack): Promise<string[]> {
  const error: unknown = await destroy(hurried(stack, PACE), stack.steps(), EVERYTHING).then(
    () => undefined,
    (reason) => reason,
  );
  const errors = error instanceof ManyErrors ? error.errors : [error];
  return errors.map((one) => {
    expect(one).toMatchObject({
      code: 'WAIT_TIMEOUT',
      exitCode: 1,
      fix: expect.stringContaining('Run the same command'),
    });
    return (one as UserError).message;
  });
}

describe('destroy', () => {
  it('waits for an image to be pulled, a service to drain for ten minutes, and an interface that stays for fifteen', async () => {
    const stack = await stage.fresh();
    const before = countable(await stage.emulator.inventory());
    await stack.up();
    const { ecs } = stage.emulator.clients;
    await ecs.send(new UpdateServiceCommand({ cluster, service: 'worker', desiredCount: 2 }));
    await eventually('a second task starts', async () => {
      const { taskArns = [] } = await ecs.send(new ListTasksCommand({ cluster }));
      return taskArns.length === 2;
    });
    await ecs.send(new DeleteServiceCommand({ cluster, service: 'worker', force: true }));
    const held = await eventually('the service waits for it', () => blockerOfService(stack.aws, cluster, 'worker'));
    expect(held).toMatch(
      /^task [0-9a-f]{32}( and 1 more)? was asked to stop and is PROVISIONING: ECS ends it once its image is pulled$/,
    );
    expect(await destroy(hurried(stack, PACE), stack.steps(), EVERYTHING)).toEqual({ kept: [], left: [] });
    expect(countable(await stage.emulator.inventory())).toEqual(before);
    expect(await blockerOfService(stack.aws, cluster, 'worker')).toBeUndefined();

    expect(saidOf(stack, 'compute/service/worker').at(-1)).toMatch(/^draining, \d tasks running/);
    const interfaces = saidOf(stack, 'network/security-group');
    expect(interfaces.at(-1)).toMatch(/^network interface eni-\w+ .*some time after the task has ended/);
  });

  it('ends at its deadlines with the name and owner of all that is in its way; the next one goes on to nothing', async () => {
    const stack = await stage.fresh();
    const before = await stage.emulator.inventory();
    await stack.up();
    const { ec2, ecs } = stage.emulator.clients;
    const [VpcId, SubnetId, own] = ['network/vpc', 'network/subnet/public-a', 'network/security-group'].map((step) =>
      idOf(stack, step),
    );
    const run = { ImageId: 'ami-12c6146b', SubnetId, MinCount: 1, MaxCount: 1 };
    const instance = only((await ec2.send(new RunInstancesCommand(run))).Instances);
    const group = { VpcId, GroupName: 'database', Description: 'not of the stack' };
    const { GroupId } = await ec2.send(new CreateSecurityGroupCommand(group));
    const peer = { IpProtocol: 'tcp', FromPort: 5432, ToPort: 5432, UserIdGroupPairs: [{ GroupId: own }] };
    await ec2.send(new AuthorizeSecurityGroupIngressCommand({ GroupId, IpPermissions: [peer] }));
    const taskDefinition = idOf(stack, 'compute/task-definition/worker');
    const networkConfiguration = { awsvpcConfiguration: { subnets: [SubnetId ?? ''] } };
    const theirs = { taskDefinition, networkConfiguration, launchType: 'FARGATE', desiredCount: 0 } as const;
    await ecs.send(new CreateServiceCommand({ cluster, serviceName: 'theirs', ...theirs }));

    const failures = (await failuresOf(stack)).join('\n');
    expect(failures).toContain(
      `ECS cluster ${cluster} to be gone: gave up after 10 minutes (service theirs is in it, created by arn:aws:iam::123456789012:root and not by this stack: delete it with aws ecs delete-service --cluster ${cluster} --service theirs --force)`,
    );
    expect(failures).toContain(
      `it is of instance ${instance.InstanceId} of account 123456789012, which this stack did not make: end that with aws ec2 terminate-instances`,
    );
    expect(failures).toContain(`security group ${GroupId} (database) has a rule that names it: remove that rule`);
    // What could not go is on record, with what was not begun because of it.
    const recorded = stack.session.document.steps;
    for (const step of ['compute/cluster', 'network/subnet/public-a', 'network/security-group', 'network/vpc'])
      expect(recorded[step]?.id, step).toBeDefined();

    await ecs.send(new DeleteServiceCommand({ cluster, service: 'theirs', force: true }));
    await ec2.send(new TerminateInstancesCommand({ InstanceIds: [instance.InstanceId ?? ''] }));
    await ec2.send(new DeleteSecurityGroupCommand({ GroupId }));
    await expectNoTrace(stack, stage.emulator, before);
    expect(stack.session.document.steps).toEqual({});
  });
});
