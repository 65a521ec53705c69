import { CreateNetworkInterfaceCommand, CreateSubnetCommand, DescribeSubnetsCommand } from '@aws-sdk/client-ec2';
import { BatchGetImageCommand, PutImageCommand } from '@aws-sdk/client-ecr';
import { type ContainerDefinition, UpdateServiceCommand } from '@aws-sdk/client-ecs';
import {
  CreatePolicyCommand,
  DeleteRoleCommand,
  DeleteRolePolicyCommand,
  PutRolePermissionsBoundaryCommand,
} from '@aws-sdk/client-iam';
import { CreateSecretCommand } from '@aws-sdk/client-secrets-manager';
import { describe, expect, it } from 'vitest';
import { currentProblem, explainFailure } from '../../src/aws/deployment-failure.ts';
import { reportService } from '../../src/aws/service-report.ts';
import {
  breaker,
  cluster,
  createService,
  deploymentIs,
  executionActions,
  logGroup,
  permit,
  register,
  sha256,
  taskWhere,
} from './ecs-stage.ts';
import { logsTo, registry, useFailures } from './failure-stage.ts';

const at = useFailures();
const { emulator, failure } = at;
const ARM = { cpuArchitecture: 'ARM64', operatingSystemFamily: 'LINUX' } as const;

describe('a task that cannot start', () => {
  const lost = 'arn:aws:secretsmanager:us-east-1:123456789012:secret:lost-AbCdEf';

  it.each<[string, Partial<ContainerDefinition>, RegExp, string, RegExp]>([
    [
      'its image is missing',
      { image: `${registry}/stage:lost` },
      /^CannotPullContainerError: .*: not found$/,
      'the image is not in its repository',
      /pushes the worker's image/,
    ],
    [
      'its program is missing',
      { command: ['no-such-program'] },
      /^CannotStartContainerError: .*no-such-program/,
      "the image has no such program as the container's command names",
      /ENTRYPOINT and CMD/,
    ],
    [
      'its secret is missing',
      { secrets: [{ name: 'KEY', valueFrom: lost }] },
      /^ResourceInitializationError: unable to pull secrets/,
      'the secret is gone or about to be deleted',
      /makes or restores the secret/,
    ],
    [
      'its log group is missing',
      logsTo({ 'awslogs-group': '/lost' }),
      /^ResourceInitializationError: failed to validate logger args/,
      'the log group is gone',
      /makes the log group/,
    ],
  ])('says that %s, and the program says what to do', async (_what, container, reason, cause, fix) => {
    const { task, lines, fix: told } = await failure(container);
    expect(task.stopCode).toBe('TaskFailedToStart');
    expect(task.stoppedReason).toMatch(reason);
    expect(lines[0]).toBe(`Cause: ${cause}.`);
    expect(lines[1]).toContain(task.stoppedReason);
    expect(told).toMatch(fix);
  });

  it('says which key a secret lacks', async () => {
    const { ARN } = await emulator.clients.secrets.send(
      new CreateSecretCommand({ Name: 'temporal', SecretString: '{}' }),
    );
    const { task, lines, fix } = await failure({ secrets: [{ name: 'KEY', valueFrom: `${ARN}:apiKey::` }] });
    expect(task.stoppedReason).toMatch(/did not contain json key apiKey$/);
    expect(lines[0]).toBe("Cause: the stack's secret lacks a key that the worker needs.");
    expect(fix).toContain('TEMPORAL_API_KEY');
  });

  it.each([
    [
      'ecr:GetAuthorizationToken',
      /^ResourceInitializationError: .*unable to retrieve ecr registry auth/,
      'log in to ECR',
    ],
    ['ecr:BatchGetImage', /^CannotPullContainerError: .*403 Forbidden/, 'pull the image'],
    ['logs:CreateLogStream', /^ResourceInitializationError: failed to validate logger args/, 'write logs'],
    ['secretsmanager:GetSecretValue', /^ResourceInitializationError: unable to pull secrets/, 'read the secret'],
  ])('says that its execution role may not %s', async (action, reason, may) => {
    const { ARN } = await emulator.clients.secrets.send(
      new CreateSecretCommand({ Name: 'temporal', SecretString: 'x' }),
    );
    await permit(
      emulator,
      executionActions.filter((other) => other !== action),
    );
    const { task, lines, fix } = await failure({ secrets: [{ name: 'KEY', valueFrom: ARN }] });
    expect(task.stoppedReason).toMatch(reason);
    expect(task.stoppedReason).toContain(`is not authorized to perform: ${action}`);
    expect(lines[0]).toBe(`Cause: the execution role may not ${may}.`);
    expect(fix).toContain(action);
  });

  it('needs kms:Decrypt for a secret that is encrypted with a key of the customer', async () => {
    const { ARN } = await emulator.clients.secrets.send(
      new CreateSecretCommand({ Name: 'temporal', SecretString: 'x', KmsKeyId: 'alias/team' }),
    );
    const { task, lines, fix } = await failure({ secrets: [{ name: 'KEY', valueFrom: ARN }] });
    expect(lines[0]).toBe('Cause: the execution role may not decrypt the secret.');
    expect(fix).toContain('key policy');
    expect(task.stoppedReason).toMatch(
      /failed to fetch secret .*: AccessDeniedException: Access to KMS is not allowed$/,
    );
  });

  it('may do no more than the permissions boundary of its role allows', async () => {
    const { iam, secrets } = emulator.clients;
    const { ARN } = await secrets.send(new CreateSecretCommand({ Name: 'temporal', SecretString: 'x' }));
    const Statement = { Effect: 'Allow', NotAction: 'secretsmanager:*', Resource: '*' };
    const PolicyDocument = JSON.stringify({ Version: '2012-10-17', Statement });
    const { Policy } = await iam.send(new CreatePolicyCommand({ PolicyName: 'boundary', PolicyDocument }));
    await iam.send(new PutRolePermissionsBoundaryCommand({ RoleName: 'task', PermissionsBoundary: Policy?.Arn }));
    const { task } = await failure({ secrets: [{ name: 'KEY', valueFrom: ARN }] });
    expect(task.stoppedReason).toContain('is not authorized to perform: secretsmanager:GetSecretValue');
  });

  it('says that an index has no image for its architecture', async () => {
    const [, digest = ''] = at.stage.image.split('@');
    const { images } = await emulator.clients.ecr.send(
      new BatchGetImageCommand({ repositoryName: 'stage', imageIds: [{ imageDigest: digest }] }),
    );
    const entry = {
      mediaType: 'application/vnd.oci.image.manifest.v1+json',
      digest,
      size: images?.[0]?.imageManifest?.length ?? 0,
      platform: { os: 'linux', architecture: 'amd64' },
    };
    const mediaType = 'application/vnd.oci.image.index.v1+json';
    const index = JSON.stringify({ schemaVersion: 2, mediaType, manifests: [entry] });
    await emulator.clients.ecr.send(new PutImageCommand({ repositoryName: 'stage', imageManifest: index }));
    const image = `${registry}/stage@${sha256(index)}`;
    const { task, lines, fix } = await failure({ image }, { platform: ARM });
    expect(task.stoppedReason).toMatch(
      /^CannotPullContainerError: .*does not contain descriptor matching platform 'linux\/arm64'$/,
    );
    expect(lines[0]).toMatch(/^Cause: the image is for another processor architecture/);
    expect(fix).toContain('--architecture');
  });
});

describe('a task that starts and ends by itself', () => {
  it('because its image is for another architecture says so in its log', async () => {
    const { task, lines, fix } = await failure({}, { platform: ARM });
    expect(task).toMatchObject({ stopCode: 'EssentialContainerExited', containers: [{ exitCode: 1 }] });
    expect(lines.slice(-2)).toEqual(['Its last log lines:', '  exec node: exec format error']);
    expect(lines[0]).toMatch(/^Cause: the image is for another processor architecture/);
    expect(fix).toContain('--architecture');
  });

  it('because of an error has its exit code and last log lines told', async () => {
    const { lines, fix } = await failure({ command: ['sh', 'crash.sh'] });
    expect(lines).toEqual([
      'Cause: the container ended by itself.',
      expect.stringMatching(/^Task [0-9a-f]{32} stopped: EssentialContainerExited: /),
      '  container worker: exit code 7',
      'Its last log lines:',
      '  about to fail',
    ]);
    expect(fix).toMatch(/log lines say why/);
  });

  it('because it needs more memory than it has is killed, with AWS’s reason', async () => {
    const command = ['node', '-e', 'globalThis.kept = Buffer.alloc(300 << 20, 1); setInterval(() => {}, 1000);'];
    const { task, lines, fix } = await failure({ command, memory: 200 });
    expect(task).toMatchObject({
      stopCode: 'EssentialContainerExited',
      containers: [{ exitCode: 137, reason: 'OutOfMemoryError: Container killed due to memory usage' }],
    });
    expect(lines[0]).toBe('Cause: the worker needs more memory than its task has.');
    expect(fix).toContain('--memory');
  });

  it('because it never becomes healthy is stopped by ECS', async () => {
    const healthCheck = { command: ['CMD-SHELL', 'exit 1'], interval: 5, retries: 1 };
    const { task, lines } = await failure({ command: ['node', 'idle.js'], healthCheck });
    expect(task).toMatchObject({
      stopCode: 'ServiceSchedulerInitiated',
      stoppedReason: 'Task failed container health checks',
    });
    expect(lines[0]).toBe('Cause: the worker started but did not poll.');
    expect(lines).toContain('  idle');
  });
});

describe('a deployment', () => {
  it('whose role ECS cannot assume is explained from the events', async () => {
    const { iam } = emulator.clients;
    const definition = await register(emulator, at.stage);
    await iam.send(new DeleteRolePolicyCommand({ RoleName: 'task', PolicyName: 'task' }));
    await iam.send(new DeleteRoleCommand({ RoleName: 'task' }));
    await createService(emulator, at.stage, 'worker', definition, { deploymentConfiguration: breaker(1, true) });
    await deploymentIs(emulator, 'worker', 'STOPPED');
    const told = await explainFailure(at.aws, { cluster, service: 'worker', logGroup });
    expect(told?.lines[0]).toBe('Cause: ECS cannot assume a role of the task definition.');
  });

  it('whose subnet is full is explained from the events', async () => {
    const { ec2 } = emulator.clients;
    const { Subnets } = await ec2.send(new DescribeSubnetsCommand({ SubnetIds: at.stage.subnets.slice(0, 1) }));
    const { Subnet } = await ec2.send(
      new CreateSubnetCommand({ VpcId: Subnets?.[0]?.VpcId, CidrBlock: '172.31.250.0/28' }),
    );
    const SubnetId = Subnet?.SubnetId ?? '';
    // Sixteen addresses, of which AWS keeps five.
    for (let taken = 0; taken < 11; taken += 1) await ec2.send(new CreateNetworkInterfaceCommand({ SubnetId }));
    await createService(emulator, at.stage, 'worker', await register(emulator, at.stage), {
      networkConfiguration: { awsvpcConfiguration: { subnets: [SubnetId], assignPublicIp: 'ENABLED' } },
      deploymentConfiguration: breaker(1, true),
    });
    await deploymentIs(emulator, 'worker', 'STOPPED');
    const told = await explainFailure(at.aws, { cluster, service: 'worker', logGroup });
    expect(told?.lines.join('\n')).toContain(`in subnet '${SubnetId}': InsufficientFreeAddressesInSubnet.`);
    expect(told?.lines[0]).toBe('Cause: the subnet has no free addresses left.');
  });

  it('that runs and is not what was waited for is told with the last lines of its task', async () => {
    await createService(
      emulator,
      at.stage,
      'worker',
      await register(emulator, at.stage, { name: 'worker', ...logsTo({}) }),
    );
    await deploymentIs(emulator, 'worker', 'SUCCESSFUL');
    const told = await explainFailure(at.aws, { cluster, service: 'worker', logGroup });
    expect(told?.lines).toEqual([
      expect.stringMatching(/^Task [0-9a-f]{32}: RUNNING, UNKNOWN$/),
      'Its last log lines:',
      '  idle',
    ]);
    expect(told?.fix).toBeUndefined();
  });

  it('that was rolled back is explained by its own task, not by that of an earlier one', async () => {
    const named = { name: 'worker', ...logsTo({}) };
    const [good, bad] = [
      await register(emulator, at.stage, named),
      await register(emulator, at.stage, { ...named, command: ['sh', 'crash.sh'] }),
    ];
    await createService(emulator, at.stage, 'worker', bad);
    await taskWhere(emulator, 'worker', 'stopped', ({ lastStatus }) => lastStatus === 'STOPPED');
    const update = (taskDefinition: string) =>
      emulator.clients.ecs.send(
        new UpdateServiceCommand({
          cluster,
          service: 'worker',
          taskDefinition,
          deploymentConfiguration: breaker(1, true),
        }),
      );
    await update(good);
    await deploymentIs(emulator, 'worker', 'SUCCESSFUL');
    const problem = async () => {
      const report = await reportService(at.aws, cluster, 'worker');
      return report && currentProblem(report)?.cause;
    };
    expect(await problem()).toBeUndefined();
    await update(await register(emulator, at.stage, { ...named, command: ['no-such-program'] }));
    await deploymentIs(emulator, 'worker', 'ROLLBACK_SUCCESSFUL');
    const told = await explainFailure(at.aws, { cluster, service: 'worker', logGroup });
    expect(told?.lines.join('\n')).toContain('no-such-program');
    expect(await problem()).toMatch(/^the image has no such program/);
  });
});
