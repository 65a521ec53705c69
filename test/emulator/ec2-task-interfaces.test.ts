import {
  CreateSecurityGroupCommand,
  DeleteNetworkInterfaceCommand,
  DeleteSecurityGroupCommand,
  DeleteSubnetCommand,
  DescribeNetworkInterfacesCommand,
  DetachInternetGatewayCommand,
} from '@aws-sdk/client-ec2';
import { DeleteServiceCommand, DescribeServicesCommand } from '@aws-sdk/client-ecs';
import { beforeEach, expect, it } from 'vitest';
import { eventually, refusal, useEmulator } from '../helpers/emulator.ts';
import { cluster, createService, register, setStage, taskWhere } from './ecs-stage.ts';
import { attachGateway, createSubnet, createVpc, given } from './network.ts';

const PULL_SECONDS = 2;
const emulator = useEmulator({
  strict: ['off', 'task-interface=1.5', `task-pull=${PULL_SECONDS}`, 'service-draining=1.5'],
});
beforeEach(() => emulator.reset());

it("A task's interface outlives it: it cannot be deleted by hand and keeps its group, subnet and gateway", async () => {
  const { ec2, ecs } = emulator.clients;
  const stage = await setStage(emulator);
  const VpcId = await createVpc(ec2);
  const SubnetId = await createSubnet(ec2, VpcId);
  const InternetGatewayId = await attachGateway(ec2, VpcId);
  const group = { VpcId, GroupName: 'worker', Description: 'a test' };
  const GroupId = given((await ec2.send(new CreateSecurityGroupCommand(group))).GroupId);
  const awsvpcConfiguration = { subnets: [SubnetId], securityGroups: [GroupId], assignPublicIp: 'ENABLED' as const };
  await createService(emulator, stage, 'worker', await register(emulator, stage), {
    networkConfiguration: { awsvpcConfiguration },
  });
  const { attachments } = await taskWhere(emulator, 'worker', 'runs', ({ lastStatus }) => lastStatus === 'RUNNING');
  await ecs.send(new DeleteServiceCommand({ cluster, service: 'worker', force: true }));
  await taskWhere(emulator, 'worker', 'has ended', ({ lastStatus }) => lastStatus === 'STOPPED');

  const Filters = [{ Name: 'subnet-id', Values: [SubnetId] }];
  const { NetworkInterfaces } = await ec2.send(new DescribeNetworkInterfacesCommand({ Filters }));
  const [left] = NetworkInterfaces ?? [];
  expect(left).toMatchObject({ Status: 'in-use', RequesterManaged: true });
  expect(left?.Description).toMatch(new RegExp(`^arn:aws:ecs:.*:attachment/${attachments?.[0]?.id}$`));
  const byHand = new DeleteNetworkInterfaceCommand({ NetworkInterfaceId: left?.NetworkInterfaceId });
  expect((await refusal(ec2.send(byHand))).name).toBe('OperationNotPermitted');

  const held = [
    () => ec2.send(new DeleteSecurityGroupCommand({ GroupId })),
    () => ec2.send(new DeleteSubnetCommand({ SubnetId })),
    () => ec2.send(new DetachInternetGatewayCommand({ InternetGatewayId, VpcId })),
  ];
  const refusals = await Promise.all(held.map((attempt) => refusal(attempt())));
  expect(refusals.map(({ name }) => name)).toEqual(held.map(() => 'DependencyViolation'));
  expect(refusals[2]?.message).toContain('has some mapped public address(es)');
  for (const attempt of held) {
    await eventually('it is let go', () =>
      attempt().then(
        () => true,
        () => undefined,
      ),
    );
  }
});

// ECS developer guide, "Task lifecycle"; how long services drain: iasql measured 56 to 901 seconds.
it('A task that is to stop while its image is pulled ends when it has it, and its service drains on for a while', async () => {
  const { ecs } = emulator.clients;
  const stage = await setStage(emulator);
  await createService(emulator, stage, 'worker', await register(emulator, stage));
  await taskWhere(emulator, 'worker', 'is there', ({ lastStatus }) => lastStatus === 'PROVISIONING');
  await ecs.send(new DeleteServiceCommand({ cluster, service: 'worker', force: true }));
  const { createdAt, startedAt, executionStoppedAt } = await taskWhere(
    emulator,
    'worker',
    'has ended',
    ({ lastStatus }) => lastStatus === 'STOPPED',
  );
  expect(startedAt).toBeUndefined();
  expect(Number(executionStoppedAt) - Number(createdAt)).toBeGreaterThanOrEqual(PULL_SECONDS * 1000);
  const status = async () =>
    (await ecs.send(new DescribeServicesCommand({ cluster, services: ['worker'] }))).services?.[0]?.status;
  expect(await status()).toBe('DRAINING');
  await eventually('it is INACTIVE', async () => (await status()) === 'INACTIVE');
});
