import { PutScalingPolicyCommand } from '@aws-sdk/client-application-auto-scaling';
import { PutMetricAlarmCommand } from '@aws-sdk/client-cloudwatch';
import { CreateLogGroupCommand } from '@aws-sdk/client-cloudwatch-logs';
import {
  CreateNatGatewayCommand,
  CreateSubnetCommand,
  CreateVpcCommand,
  DescribeVpcsCommand,
} from '@aws-sdk/client-ec2';
import { CreateRepositoryCommand } from '@aws-sdk/client-ecr';
import { CreateClusterCommand } from '@aws-sdk/client-ecs';
import { CreateRoleCommand } from '@aws-sdk/client-iam';
import { PutBucketVersioningCommand } from '@aws-sdk/client-s3';
import { CreateSecretCommand } from '@aws-sdk/client-secrets-manager';
import { describe, expect, it } from 'vitest';
import { type Clients, refusal, useEmulator } from '../helpers/emulator.ts';

const emulator = useEmulator();

/** Input that the SDK's types would not allow. */
const wrong = (input: object): never => input as never;

const REFUSED: [what: string, call: (clients: Clients) => Promise<unknown>, name: string, message: RegExp][] = [
  [
    'EC2: a required parameter is missing',
    ({ ec2 }) => ec2.send(new CreateSubnetCommand(wrong({ CidrBlock: '10.0.1.0/24' }))),
    'MissingParameter',
    /must contain the parameter VpcId/,
  ],
  [
    'EC2: a value that an enum does not have',
    ({ ec2 }) => ec2.send(new CreateNatGatewayCommand(wrong({ SubnetId: 'subnet-1', ConnectivityType: 'shared' }))),
    'InvalidParameterValue',
    /\('shared'\) for parameter ConnectivityType is invalid/,
  ],
  [
    'EC2: a number out of range',
    ({ ec2 }) => ec2.send(new DescribeVpcsCommand({ MaxResults: 3 })),
    'InvalidParameterValue',
    /MaxResults.*greater than or equal to 5/,
  ],
  [
    'IAM: a name that is too long',
    ({ iam }) => iam.send(new CreateRoleCommand({ RoleName: 'r'.repeat(65), AssumeRolePolicyDocument: '{}' })),
    'ValidationError',
    /1 validation error detected: Value 'r+' at 'roleName' .* length less than or equal to 64/,
  ],
  [
    'IAM: a name with characters that its pattern does not have',
    ({ iam }) => iam.send(new CreateRoleCommand({ RoleName: 'größe', AssumeRolePolicyDocument: '{}' })),
    'ValidationError',
    /roleName.*regular expression pattern/,
  ],
  [
    'Application Auto Scaling: deep inside of a structure, all of it at once',
    ({ autoscaling }) =>
      autoscaling.send(
        new PutScalingPolicyCommand(
          wrong({
            PolicyName: 'p',
            ServiceNamespace: 'ec5',
            ResourceId: 'service/c/s',
            ScalableDimension: 'ecs:service:DesiredCount',
            StepScalingPolicyConfiguration: { StepAdjustments: [{ MetricIntervalLowerBound: 0 }] },
          }),
        ),
      ),
    'ValidationException',
    /2 validation errors.*'serviceNamespace'.*'stepScalingPolicyConfiguration.stepAdjustments.1.member.scalingAdjustment'/,
  ],
  [
    'CloudWatch: an operator that does not exist',
    ({ cloudwatch }) =>
      cloudwatch.send(
        new PutMetricAlarmCommand(wrong({ AlarmName: 'a', EvaluationPeriods: 1, ComparisonOperator: 'Above' })),
      ),
    'ValidationException',
    /comparisonOperator/,
  ],
  [
    'CloudWatch Logs: a name with a blank',
    ({ logs }) => logs.send(new CreateLogGroupCommand({ logGroupName: 'a b' })),
    'InvalidParameterException',
    /logGroupName/,
  ],
  [
    'ECR: capitals in a name',
    ({ ecr }) => ecr.send(new CreateRepositoryCommand({ repositoryName: 'Worker' })),
    'InvalidParameterException',
    /Invalid parameter at 'repositoryName'/,
  ],
  [
    'ECS: a setting that does not exist',
    ({ ecs }) =>
      ecs.send(new CreateClusterCommand(wrong({ clusterName: 'c', settings: [{ name: 'insights', value: 'on' }] }))),
    'InvalidParameterException',
    /settings/,
  ],
  [
    'S3: a status that does not exist',
    ({ s3 }) =>
      s3.send(new PutBucketVersioningCommand(wrong({ Bucket: 'b', VersioningConfiguration: { Status: 'On' } }))),
    'MalformedXML',
    /schema/,
  ],
  [
    'Secrets Manager: a token that is too short, without a word about the secret',
    ({ secrets }) =>
      secrets.send(new CreateSecretCommand({ Name: 's', SecretString: 'hush', ClientRequestToken: 'short' })),
    'ValidationException',
    /^(?!.*hush).*clientRequestToken.*greater than or equal to 32/,
  ],
];

describe('What the API model of a service does not allow', () => {
  it.each(REFUSED)('is refused in the words of its protocol. %s', async (_what, call, name, message) => {
    const error = await refusal(call(emulator.clients));
    expect(error).toMatchObject({ name, status: 400 });
    expect(error.message).toMatch(message);
  });
});

describe('What this emulator does not know', () => {
  /** Sends what the SDK has written with a change of its text. */
  const changed = (client: Clients['ec2'] | Clients['ecs'] | Clients['s3'], from: string, to: string) => {
    (client as Clients['ec2']).middlewareStack.add(
      (next) => (args) => {
        const request = args.request as { body: string | Uint8Array };
        request.body = Buffer.from(request.body as string)
          .toString()
          .replace(from, to);
        return next(args);
      },
      { step: 'serialize', priority: 'low', name: 'changeBody', override: true },
    );
    return () => client.middlewareStack.remove('changeBody');
  };

  it.each([
    [
      'ec2',
      'CidrBlock=',
      'Sky=1&CidrBlock=',
      (c: Clients) => c.ec2.send(new CreateVpcCommand({ CidrBlock: '10.0.0.0/16' })),
    ],
    [
      'ecs',
      '"clusterName"',
      '"Sky":1,"clusterName"',
      (c: Clients) => c.ecs.send(new CreateClusterCommand({ clusterName: 'c' })),
    ],
    [
      's3',
      '<Status>',
      '<Sky>1</Sky><Status>',
      (c: Clients) =>
        c.s3.send(new PutBucketVersioningCommand({ Bucket: 'b', VersioningConfiguration: { Status: 'Enabled' } })),
    ],
  ] as const)('a parameter fails loudly and by name (%s)', async (service, from, to, call) => {
    const undo = changed(emulator.clients[service], from, to);
    try {
      const error = await refusal(call(emulator.clients));
      expect(error).toMatchObject({ name: 'NotImplemented', status: 501 });
      expect(error.message).toContain('Sky');
    } finally {
      undo();
    }
  });
});
