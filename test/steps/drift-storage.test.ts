import {
  DeleteRetentionPolicyCommand,
  DescribeLogGroupsCommand,
  PutRetentionPolicyCommand,
} from '@aws-sdk/client-cloudwatch-logs';
import {
  BatchDeleteImageCommand,
  DeleteLifecyclePolicyCommand,
  DescribeImagesCommand,
  DescribeRepositoriesCommand,
  GetLifecyclePolicyCommand,
  PutImageScanningConfigurationCommand,
  PutImageTagMutabilityCommand,
  PutLifecyclePolicyCommand,
} from '@aws-sdk/client-ecr';
import {
  DeleteRolePolicyCommand,
  GetRoleCommand,
  GetRolePolicyCommand,
  PutRolePolicyCommand,
  UpdateAssumeRolePolicyCommand,
} from '@aws-sdk/client-iam';
import {
  DeleteBucketLifecycleCommand,
  DeleteBucketPolicyCommand,
  GetBucketLifecycleConfigurationCommand,
  GetBucketPolicyCommand,
  type LifecycleRule,
  PutBucketLifecycleConfigurationCommand,
  PutBucketPolicyCommand,
} from '@aws-sdk/client-s3';
import {
  DeleteSecretCommand,
  DescribeSecretCommand,
  GetSecretValueCommand,
  PutSecretValueCommand,
} from '@aws-sdk/client-secrets-manager';
import { describe } from 'vitest';
import { referenceConfig } from '../helpers/aws-stack.ts';
import { type Drift, idOf, itPutsBack, only, useSteps } from './stage.ts';

const stage = useSteps();

/** What the answer says, or why there is none. */
const orName = <T>(answer: Promise<T>): Promise<T | string> => answer.catch((error: Error) => error.name);

describe('an image repository changed by hand', () => {
  itPutsBack(stage, (at) => {
    const ecr = () => stage.emulator.clients.ecr;
    const repositoryName = 'temporal-fargate/dev';
    const repository = async () => {
      const answer = await ecr().send(new DescribeRepositoriesCommand({ repositoryNames: [repositoryName] }));
      const { imageTagMutability, imageScanningConfiguration } = only(answer.repositories);
      return { imageTagMutability, imageScanningConfiguration };
    };
    const lifecycle = () =>
      orName(
        ecr()
          .send(new GetLifecyclePolicyCommand({ repositoryName }))
          .then(({ lifecyclePolicyText }) => JSON.parse(lifecyclePolicyText ?? '') as unknown),
      );
    const changed = (field: string) => ({ 'image/repository': ['update', field] });
    const expiring = {
      rules: [
        {
          rulePriority: 1,
          selection: { tagStatus: 'any', countType: 'imageCountMoreThan', countNumber: 1 },
          action: { type: 'expire' },
        },
      ],
    };
    return [
      {
        field: 'repository with mutable tags',
        plan: changed('mutability'),
        read: repository,
        spoil: () => ecr().send(new PutImageTagMutabilityCommand({ repositoryName, imageTagMutability: 'MUTABLE' })),
      },
      {
        field: 'repository that does not scan on push',
        plan: changed('scanOnPush'),
        read: repository,
        spoil: () =>
          ecr().send(
            new PutImageScanningConfigurationCommand({
              repositoryName,
              imageScanningConfiguration: { scanOnPush: false },
            }),
          ),
      },
      {
        field: 'lifecycle that expires tagged images',
        plan: changed('lifecycle'),
        read: lifecycle,
        spoil: () =>
          ecr().send(new PutLifecyclePolicyCommand({ repositoryName, lifecyclePolicyText: JSON.stringify(expiring) })),
      },
      {
        field: 'lifecycle removed',
        plan: changed('lifecycle'),
        read: lifecycle,
        spoil: () => ecr().send(new DeleteLifecyclePolicyCommand({ repositoryName })),
      },
      {
        field: 'image deleted',
        // Which digest the build will give is not known before it is built; it turns out to be the same.
        plan: {
          'image/worker-image/worker': ['create'],
          'compute/task-definition/worker': ['update', 'image', 'environment'],
          'compute/service/worker': ['update', 'taskDefinition'],
        },
        read: async () => {
          const { imageDetails } = await ecr().send(new DescribeImagesCommand({ repositoryName }));
          return (imageDetails ?? []).map(({ imageDigest, imageTags }) => [imageDigest, imageTags]);
        },
        spoil: () =>
          ecr().send(
            new BatchDeleteImageCommand({
              repositoryName,
              imageIds: [{ imageDigest: idOf(at(), 'image/worker-image/worker') }],
            }),
          ),
      },
    ];
  });
});

describe('a secret changed by hand', () => {
  itPutsBack(stage, () => {
    const secrets = () => stage.emulator.clients.secrets;
    const SecretId = 'temporal-fargate/dev/temporal';
    const value = () =>
      orName(
        secrets()
          .send(new GetSecretValueCommand({ SecretId }))
          .then(({ SecretString }) => JSON.parse(SecretString ?? '') as unknown),
      );
    return [
      {
        field: 'secret with another value',
        plan: { 'secrets/temporal': ['update', 'currentVersion'] },
        read: value,
        spoil: () => secrets().send(new PutSecretValueCommand({ SecretId, SecretString: '{"TEMPORAL_API_KEY":"x"}' })),
      },
      {
        field: 'secret scheduled for deletion',
        plan: { 'secrets/temporal': ['update', 'scheduledForDeletion'] },
        read: async () => [
          (await secrets().send(new DescribeSecretCommand({ SecretId }))).DeletedDate !== undefined,
          await value(),
        ],
        spoil: () => secrets().send(new DeleteSecretCommand({ SecretId, RecoveryWindowInDays: 7 })),
      },
    ];
  });
});

describe('roles changed by hand', () => {
  itPutsBack(stage, () => {
    const iam = () => stage.emulator.clients.iam;
    const PolicyName = 'temporal-fargate';
    const parsed = (text: string | undefined) => JSON.parse(decodeURIComponent(text ?? '')) as unknown;
    return ['execution', 'task'].flatMap((kind): Drift[] => {
      const RoleName = `temporal-fargate-us-east-1-dev-${kind}`;
      const changed = (field: string) => ({ [`identity/${kind}-role`]: ['update', field] });
      const policy = () =>
        orName(
          iam()
            .send(new GetRolePolicyCommand({ RoleName, PolicyName }))
            .then(({ PolicyDocument }) => parsed(PolicyDocument)),
        );
      const everything = {
        Version: '2012-10-17',
        Statement: [{ Effect: 'Allow', Action: '*', Resource: '*' }],
      };
      const anyTask = {
        Version: '2012-10-17',
        Statement: [{ Effect: 'Allow', Principal: { Service: 'ecs-tasks.amazonaws.com' }, Action: 'sts:AssumeRole' }],
      };
      return [
        {
          field: `trust of the ${kind} role without its conditions`,
          plan: changed('trust'),
          read: async () => parsed((await iam().send(new GetRoleCommand({ RoleName }))).Role?.AssumeRolePolicyDocument),
          spoil: () =>
            iam().send(new UpdateAssumeRolePolicyCommand({ RoleName, PolicyDocument: JSON.stringify(anyTask) })),
        },
        {
          field: `policy of the ${kind} role that allows everything`,
          plan: changed('policy'),
          read: policy,
          spoil: () =>
            iam().send(new PutRolePolicyCommand({ RoleName, PolicyName, PolicyDocument: JSON.stringify(everything) })),
        },
        {
          field: `policy of the ${kind} role removed`,
          plan: changed('policy'),
          read: policy,
          spoil: () => iam().send(new DeleteRolePolicyCommand({ RoleName, PolicyName })),
        },
      ];
    });
  });
});

describe('a log group and a data bucket changed by hand', () => {
  itPutsBack(stage, (at) => {
    const { logs, s3 } = { logs: () => stage.emulator.clients.logs, s3: () => stage.emulator.clients.s3 };
    const logGroupName = '/temporal-fargate/dev';
    const Bucket = () => idOf(at(), 'data/bucket');
    const retention = async () => {
      const answer = await logs().send(new DescribeLogGroupsCommand({ logGroupNamePrefix: logGroupName }));
      return only(answer.logGroups).retentionInDays;
    };
    const policy = () =>
      orName(
        s3()
          .send(new GetBucketPolicyCommand({ Bucket: Bucket() }))
          .then(({ Policy }) => JSON.parse(Policy ?? '') as unknown),
      );
    return [
      {
        field: 'log retention changed',
        plan: { 'compute/log-group': ['update', 'retentionDays'] },
        read: retention,
        spoil: () => logs().send(new PutRetentionPolicyCommand({ logGroupName, retentionInDays: 30 })),
      },
      {
        field: 'log retention removed',
        plan: { 'compute/log-group': ['update', 'retentionDays'] },
        read: retention,
        spoil: () => logs().send(new DeleteRetentionPolicyCommand({ logGroupName })),
      },
      {
        field: 'bucket policy replaced',
        plan: { 'data/bucket': ['update', 'policy'] },
        read: policy,
        spoil: () => {
          const Resource = `arn:aws:s3:::${Bucket()}/*`;
          const Statement = [{ Effect: 'Allow', Principal: '*', Action: 's3:GetObject', Resource }];
          const Policy = JSON.stringify({ Version: '2012-10-17', Statement });
          return s3().send(new PutBucketPolicyCommand({ Bucket: Bucket(), Policy }));
        },
      },
      {
        field: 'bucket policy removed',
        plan: { 'data/bucket': ['update', 'policy'] },
        read: policy,
        spoil: () => s3().send(new DeleteBucketPolicyCommand({ Bucket: Bucket() })),
      },
    ];
  });
});

describe('the lifecycle rule of a data bucket changed by hand', () => {
  itPutsBack(
    stage,
    (at) => {
      const s3 = () => stage.emulator.clients.s3;
      const Bucket = () => idOf(at(), 'data/bucket');
      const rules = () =>
        orName(
          s3()
            .send(new GetBucketLifecycleConfigurationCommand({ Bucket: Bucket() }))
            .then(({ Rules }) => Rules ?? []),
        );
      const changed = (field: string, change: Partial<LifecycleRule>): Drift => ({
        field: `lifecycle rule with another ${field}`,
        plan: { 'data/lifecycle-rule': ['update', field] },
        read: rules,
        spoil: async () => {
          const Rules = [{ ...only((await rules()) as LifecycleRule[]), ...change }];
          const configuration = { Bucket: Bucket(), LifecycleConfiguration: { Rules } };
          return s3().send(new PutBucketLifecycleConfigurationCommand(configuration));
        },
      });
      return [
        changed('status', { Status: 'Disabled' }),
        changed('expireDays', { Expiration: { Days: 1 } }),
        changed('abortUploadsDays', { AbortIncompleteMultipartUpload: { DaysAfterInitiation: 1 } }),
        changed('filter', { Filter: { Prefix: 'logs/' } }),
        changed('furtherActions', { Transitions: [{ Days: 7, StorageClass: 'GLACIER' }] }),
        {
          field: 'lifecycle rule removed',
          plan: { 'data/lifecycle-rule': ['create'] },
          read: rules,
          spoil: () => s3().send(new DeleteBucketLifecycleCommand({ Bucket: Bucket() })),
        },
      ];
    },
    (stack) => {
      stack.about = /^data\//;
      stack.config = referenceConfig({ dataExpireDays: 30 });
    },
  );
});
