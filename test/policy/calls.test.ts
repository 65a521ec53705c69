import { readdirSync, readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { iamActionOf } from '../../src/aws/failed-call.ts';
import { policyDocuments } from '../../src/policy/index.ts';
import { actionsOf } from './matching.ts';

/** The SDK's name of a service by its package. */
const SERVICES: Readonly<Record<string, string>> = {
  'application-auto-scaling': 'ApplicationAutoScaling',
  cloudwatch: 'CloudWatch',
  'cloudwatch-logs': 'CloudWatchLogs',
  ec2: 'EC2',
  ecr: 'ECR',
  ecs: 'ECS',
  iam: 'IAM',
  'resource-groups-tagging-api': 'ResourceGroupsTaggingAPI',
  s3: 'S3',
  'secrets-manager': 'SecretsManager',
  'service-quotas': 'ServiceQuotas',
  sts: 'STS',
};

const sources = ['src', 'state'].flatMap((folder) =>
  readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((path) => path.endsWith('.ts'))
    .map((path) => readFileSync(`${folder}/${path}`, 'utf8')),
);

/** Actions of all calls that the program can make, by the commands that it imports of the SDK. */
const called = new Set(
  sources.flatMap((text) =>
    [...text.matchAll(/import \{([^}]*)\} from '@aws-sdk\/client-([\w-]+)'/g)].flatMap(([, names = '', client = '']) =>
      [...names.matchAll(/(\w+)Command\b(?!Input|Output)/g)].map(([, operation = '']) =>
        iamActionOf({ service: SERVICES[client] ?? client, operation }),
      ),
    ),
  ),
);

const USES = [
  'arn:aws:ec2:us-east-1:123456789012:vpc/vpc-0',
  'arn:aws:secretsmanager:us-east-1:123456789012:secret:x-AbCdEf',
  'arn:aws:kms:us-east-1:123456789012:key/0',
  'arn:aws:ecr:us-east-1:123456789012:repository/x',
  'arn:aws:iam::aws:policy/x',
];

const allowed = actionsOf(
  policyDocuments({
    ...{ accountId: '123456789012', region: 'us-east-1', partition: 'aws', stack: undefined, uses: USES },
    commands: ['all'],
  }).flatMap(({ document }) => document.Statement),
);

it('Every call of the program is in the policies, but for those that have a reason', () => {
  const reasons: Readonly<Record<string, string>> = {
    'sts:GetCallerIdentity': 'needs no permission',
    'iam:DeleteRolePermissionsBoundary': 'for an administrator: the boundary is what the policy rests on',
  };
  expect([...called].filter((action) => !allowed.has(action)).sort()).toEqual(Object.keys(reasons).sort());
  expect(called.size).toBeGreaterThan(100);
});

it('Nothing is in the policies but calls of the program, and what AWS asks for beside a call', () => {
  // Source of each: Service Authorization Reference and API reference of the service (2026-11).
  const beside: Readonly<Record<string, string>> = {
    'iam:PassRole': 'RegisterTaskDefinition names the roles of its tasks',
    'kms:Decrypt': "GetSecretValue of a secret with a customer's key",
    's3:DeleteObjectVersion': 'DeleteObjects with version ids',
    's3:GetObjectVersion': 'GetObject with a version id',
    's3:TagResource': 'CreateBucket with tags',
  };
  expect([...allowed].filter((action) => !called.has(action)).sort()).toEqual(Object.keys(beside).sort());
});
