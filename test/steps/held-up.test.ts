import {
  AuthorizeSecurityGroupIngressCommand,
  CreateNetworkInterfaceCommand,
  CreateSecurityGroupCommand,
  DeleteNetworkInterfaceCommand,
  DeleteSecurityGroupCommand,
  DescribeNetworkInterfacesCommand,
} from '@aws-sdk/client-ec2';
import { describe, expect, it } from 'vitest';
import { apply } from '../../src/engine/apply.ts';
import { destroy } from '../../src/engine/destroy.ts';
import { UserError } from '../../src/errors.ts';
import { type AwsStack, referenceConfig } from '../helpers/aws-stack.ts';
import { eventually } from '../helpers/emulator.ts';
import { expectNoTrace, hurried, idOf, useSteps } from './stage.ts';

const stage = useSteps({ strict: ['off', 'task-interface=1.5'] });
const ec2 = () => stage.emulator.clients.ec2;

/** What was said while waiting for a step, without repetitions. */
const saidOf = (stack: AwsStack, stepId: string) =>
  stack.events.flatMap((event) => (event.type === 'waiting' && event.id === stepId ? [event] : []));

async function foreignInterface(stack: AwsStack): Promise<string> {
  const SubnetId = idOf(stack, 'network/subnet/private-a');
  const { NetworkInterface } = await ec2().send(
    new CreateNetworkInterfaceCommand({ SubnetId, Description: 'database' }),
  );
  return NetworkInterface?.NetworkInterfaceId ?? '';
}

/** What a destroy that is held up until its deadline says. */
async function failureOfDestroy(stack: AwsStack): Promise<string> {
  const error = await destroy({ ...hurried(stack), cloud: stack.as('destroy') }, stack.steps(), {
    purge: true,
    deleteData: true,
  }).then(
    () => undefined,
    (reason: unknown) => reason,
  );
  expect(error).toBeInstanceOf(UserError);
  expect((error as UserError).code).toBe('WAIT_TIMEOUT');
  return `${(error as UserError).message} ${(error as UserError).fix}`;
}

describe('A destroy that something holds up', () => {
  it('names the interfaces of ended tasks and how long they stay, and goes on when they are gone', async () => {
    const stack = await stage.fresh();
    const before = await stage.emulator.inventory();
    stack.config = referenceConfig({ network: 'public' });
    await stack.up();
    await expectNoTrace(stack, stage.emulator, before);
    const holdUps = ['network/security-group', 'network/internet-gateway'].map((id) => saidOf(stack, id)[0]);
    for (const said of holdUps) {
      expect(said?.reason).toMatch(
        /^network interface eni-\w+ still uses it: it is of (task \w+|an ECS task \(attachment)/,
      );
      expect(said?.reason).toContain('AWS deletes it some time after the task has ended');
      expect(said?.usualSeconds?.[1]).toBeGreaterThanOrEqual(300);
    }
    // Looking is enough while the blocker is seen: no hail of deletes that AWS would have to refuse.
    const deletes = (await stage.emulator.calls()).filter(({ operation }) => operation === 'DeleteSecurityGroup');
    expect(deletes.length).toBeLessThanOrEqual(2);
  });

  it('names an interface that is not ours, leaves it alone, and goes on as soon as somebody deletes it', async () => {
    const stack = await stage.fresh();
    const before = await stage.emulator.inventory();
    await stack.up();
    const NetworkInterfaceId = await foreignInterface(stack);
    const going = expectNoTrace(stack, stage.emulator, before);
    const said = await eventually('it is named', async () =>
      saidOf(stack, 'network/subnet/private-a').find(({ reason }) => reason.includes(NetworkInterfaceId)),
    );
    expect(said.reason).toContain(
      'this stack did not make it (database): delete it with aws ec2 delete-network-interface',
    );
    await ec2().send(new DescribeNetworkInterfacesCommand({ NetworkInterfaceIds: [NetworkInterfaceId] }));
    await ec2().send(new DeleteNetworkInterfaceCommand({ NetworkInterfaceId }));
    await going;
  });

  it('fails at the deadline with what is in the way and how to go on, and the next destroy does', async () => {
    const stack = await stage.fresh();
    const before = await stage.emulator.inventory();
    await stack.up();
    const NetworkInterfaceId = await foreignInterface(stack);
    const failure = await failureOfDestroy(stack);
    expect(failure).toMatch(/private subnet \(us-east-1a\) subnet-\w+ to be gone: gave up after 20 minutes/);
    expect(failure).toContain(`${NetworkInterfaceId} still uses it`);
    expect(failure).toContain('Run the same command again');
    await ec2().send(new DeleteNetworkInterfaceCommand({ NetworkInterfaceId }));
    await expectNoTrace(stack, stage.emulator, before);
  });

  it('names a security group of somebody else whose rule refers to ours, and one that is left in the VPC', async () => {
    const stack = await stage.fresh();
    const before = await stage.emulator.inventory();
    await stack.up();
    const VpcId = idOf(stack, 'network/vpc');
    const own = idOf(stack, 'network/security-group');
    const input = { VpcId, GroupName: 'database', Description: 'not of the stack' };
    const { GroupId } = await ec2().send(new CreateSecurityGroupCommand(input));
    const peer = { IpProtocol: 'tcp', FromPort: 5432, ToPort: 5432, UserIdGroupPairs: [{ GroupId: own }] };
    await ec2().send(new AuthorizeSecurityGroupIngressCommand({ GroupId, IpPermissions: [peer] }));
    expect(await failureOfDestroy(stack)).toContain(
      `security group ${GroupId} (database) has a rule that names it: remove that rule`,
    );
    await ec2().send(new DeleteSecurityGroupCommand({ GroupId }));
    const { GroupId: other } = await ec2().send(new CreateSecurityGroupCommand(input));
    expect(await failureOfDestroy(stack)).toContain(
      `security group ${other} (database) is in it, which this stack did not make: delete that`,
    );
    await ec2().send(new DeleteSecurityGroupCommand({ GroupId: other }));
    await expectNoTrace(stack, stage.emulator, before);
  });
});

describe('A create that something holds up', () => {
  it('a bucket name that stays busy is named with the reason, and the same command goes on later', async () => {
    const stack = await stage.fresh();
    await stage.emulator.fault({
      kind: 'error',
      code: 'OperationAborted',
      status: 409,
      match: { operation: 'CreateBucket' },
      times: 1000,
    });
    const failure = await apply(hurried(stack), await stack.plan()).catch((error: Error) => error);
    expect(failure).toMatchObject({ code: 'WAIT_TIMEOUT', fix: expect.stringContaining('Run the same command again') });
    expect((failure as Error).message).toMatch(/S3 has not freed the name tfg-dev-data-.* for minutes, up to an hour/);
    await stage.emulator.clearFaults();
    await stack.up();
    expect(await stack.pending()).toEqual({});
  });
});
