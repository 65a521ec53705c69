import {
  AuthorizeSecurityGroupIngressCommand,
  CreateSecurityGroupCommand,
  CreateVpcEndpointCommand,
  DescribeSubnetsCommand,
  DescribeVpcEndpointsCommand,
  RevokeSecurityGroupEgressCommand,
} from '@aws-sdk/client-ec2';
import { CreateSecretCommand } from '@aws-sdk/client-secrets-manager';
import { describe, expect, it } from 'vitest';
import { eventually } from '../helpers/emulator.ts';
import { createService, deploymentIs, register } from './ecs-stage.ts';
import { logsTo, useFailures } from './failure-stage.ts';

const at = useFailures();
const { emulator, failure } = at;

/** Tasks of a subnet with a way to an internet gateway, which serves public addresses only. */
const enclosed = () => ({
  networkConfiguration: { awsvpcConfiguration: { subnets: at.stage.subnets, assignPublicIp: 'DISABLED' as const } },
});

async function vpcId(): Promise<string> {
  const { Subnets } = await emulator.clients.ec2.send(new DescribeSubnetsCommand({ SubnetIds: at.stage.subnets }));
  return Subnets?.[0]?.VpcId ?? '';
}

/** Interface endpoints with private names, in a security group that takes calls from the whole VPC. */
async function addEndpoints(services: readonly string[], GroupId: string): Promise<void> {
  const { ec2 } = emulator.clients;
  const VpcId = await vpcId();
  const made = services.map((service) =>
    ec2.send(
      new CreateVpcEndpointCommand({
        VpcId,
        ServiceName: `com.amazonaws.us-east-1.${service}`,
        VpcEndpointType: 'Interface',
        SubnetIds: at.stage.subnets,
        SecurityGroupIds: [GroupId],
        PrivateDnsEnabled: true,
      }),
    ),
  );
  const VpcEndpointIds = (await Promise.all(made)).map(({ VpcEndpoint }) => VpcEndpoint?.VpcEndpointId ?? '');
  await eventually('the endpoints', async () => {
    const { VpcEndpoints = [] } = await ec2.send(new DescribeVpcEndpointsCommand({ VpcEndpointIds }));
    return VpcEndpoints.every(({ State }) => State?.toLowerCase() === 'available');
  });
}

async function securityGroup(GroupName: string): Promise<string> {
  const group = new CreateSecurityGroupCommand({ VpcId: await vpcId(), GroupName, Description: GroupName });
  return (await emulator.clients.ec2.send(group)).GroupId ?? '';
}

describe('a task without a way out', () => {
  it('is told by the service that it does not reach, until there are endpoints for all that it needs', async () => {
    const { ec2, secrets } = emulator.clients;
    const group = await securityGroup('endpoints');
    const { ARN } = await secrets.send(new CreateSecretCommand({ Name: 'temporal', SecretString: 'x' }));
    const container = { secrets: [{ name: 'KEY', valueFrom: ARN }] };
    const lacking: [service: string, reason: RegExp, endpoints: string[]][] = [
      ['Secrets Manager', /^ResourceInitializationError: .* from secrets manager: .*i\/o timeout/, ['secretsmanager']],
      ['ECR', /^ResourceInitializationError: .*ecr registry auth: .*i\/o timeout/, ['ecr.api', 'ecr.dkr']],
      ['S3, where ECR keeps the layers of images', /^CannotPullContainerError: .*i\/o timeout/, ['s3']],
      ['CloudWatch Logs', /^ResourceInitializationError: .*logger args: .*i\/o timeout/, ['logs']],
    ];
    for (const [step, [service, reason, endpoints]] of lacking.entries()) {
      const { task, lines, fix } = await failure(container, { name: `without-${step}`, service: enclosed() });
      expect(task).toMatchObject({ stopCode: 'TaskFailedToStart', stoppedReason: expect.stringMatching(reason) });
      expect(lines[0]).toBe(`Cause: the task does not reach ${service}.`);
      expect(fix).toMatch(/NAT gateway.*endpoints.*port 443/);
      await addEndpoints(endpoints, group);
      if (step > 0) continue;
      // An endpoint that takes no calls is as good as none.
      expect((await failure(container, { name: 'refused', service: enclosed() })).lines[0]).toBe(lines[0]);
      const IpPermissions = [
        { IpProtocol: 'tcp', FromPort: 443, ToPort: 443, IpRanges: [{ CidrIp: '172.31.0.0/16' }] },
      ];
      await ec2.send(new AuthorizeSecurityGroupIngressCommand({ GroupId: group, IpPermissions }));
    }
    const definition = await register(emulator, at.stage, { name: 'worker', ...logsTo({}), ...container });
    await createService(emulator, at.stage, 'worker', definition, enclosed());
    await deploymentIs(emulator, 'worker', 'SUCCESSFUL');
  });

  it('because of its security group is told the same', async () => {
    const GroupId = await securityGroup('closed');
    const IpPermissions = [{ IpProtocol: '-1', IpRanges: [{ CidrIp: '0.0.0.0/0' }] }];
    await emulator.clients.ec2.send(new RevokeSecurityGroupEgressCommand({ GroupId, IpPermissions }));
    const { subnets } = at.stage;
    const awsvpcConfiguration = { subnets, securityGroups: [GroupId], assignPublicIp: 'ENABLED' as const };
    const { lines, fix } = await failure({}, { service: { networkConfiguration: { awsvpcConfiguration } } });
    expect(lines[0]).toBe('Cause: the task does not reach ECR.');
    expect(fix).toContain('security group');
  });
});
