import { readdirSync, readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { iamActionOf } from '../../src/aws/failed-call.ts';
import { toStackConfig } from '../../src/config/stack-config.ts';
import { STAND_IN } from '../../src/config/stand-in.ts';
import { boundaryArn, boundaryDocument, policyDocuments } from '../../src/policy/index.ts';
import { everyStep } from '../../src/policy/steps.ts';
import { dataBucketName } from '../../src/steps/data/data-bucket.ts';
import { infrastructure } from '../../src/steps/index.ts';
import { verdictOf } from '../helpers/authorizations.ts';
import { actionsOf, fits, listOf } from './matching.ts';

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
    'iam:AddClientIDToOpenIDConnectProvider': 'for an administrator: ci github makes the account trust GitHub',
    'iam:CreateOpenIDConnectProvider': 'likewise',
    'iam:GetOpenIDConnectProvider': 'likewise',
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

it('No kind of step is left out of the policies, also none that few stacks have', () => {
  const titles = sources.flatMap((text) => /defineStep\(\{[\s\S]*?title: ['`]([^'`$(]+)/.exec(text)?.[1] ?? []);
  expect(titles).toContain('S3 lifecycle rule');
  const known = everyStep().map(({ title }) => title);
  expect(titles.filter((title) => !known.some((one) => one.startsWith(title)))).toEqual([]);
});

const AT = { accountId: '123456789012', region: 'us-east-1', partition: 'aws', stack: 'dev' } as const;
const arn = (service: string, resource: string): string => `arn:aws:${service}:us-east-1:123456789012:${resource}`;

interface RoleStatement {
  readonly Action: string | readonly string[];
  readonly Resource: string | readonly string[];
}

/** What a role of the stack is given, as `init` would write it. */
function policyOf(role: 'execution' | 'task'): RoleStatement[] {
  const config = toStackConfig({ ...STAND_IN, dataBucket: true }, { accountId: AT.accountId, partition: 'aws' });
  const step = infrastructure(config).find(({ id }) => id === `identity/${role}-role`);
  // More than the engine knows of live things, and as much as these steps look at.
  const from: Record<string, object> = {
    repository: { arn: arn('ecr', 'repository/temporal-fargate/dev') },
    logGroup: { arn: arn('logs', 'log-group:/temporal-fargate/dev') },
    secret: { id: arn('secretsmanager', 'secret:temporal-fargate/dev/temporal-AbCdEf'), currentVersion: '1' },
    dataBucket: { id: dataBucketName('dev', AT.accountId, AT.region) },
  };
  const want = step?.want(config, from as never) as { policy: { Statement: RoleStatement[] } };
  return want.policy.Statement;
}

const { name, document } = boundaryDocument(AT);

const allows = (action: string, resource: string): boolean =>
  document.Statement.some(
    ({ Action, Resource }) =>
      listOf(Action).includes(action) &&
      listOf(Resource).some((pattern) => fits(pattern, resource.replaceAll('*', 'x'))),
  );

it.each(['execution', 'task'] as const)('The boundary lets the %s role do all that init gives it', (role) => {
  const given = policyOf(role).flatMap(({ Action, Resource }) =>
    listOf(Action).flatMap((action) => listOf(Resource).map((resource) => [action, resource] as const)),
  );
  expect(given.length).toBeGreaterThan(4);
  expect(given.filter(([action, resource]) => !allows(action, resource))).toEqual([]);
});

it('The boundary of a stack lets its roles read nothing of another stack, and change no permissions', () => {
  const foreign: [string, string][] = [
    ['secretsmanager:GetSecretValue', arn('secretsmanager', 'secret:temporal-fargate/dev-2/temporal-AbCdEf')],
    ['s3:GetObject', `arn:aws:s3:::${dataBucketName('dev-2', AT.accountId, AT.region)}/key`],
    ['s3:GetObject', 'arn:aws:s3:::tfg-state-123456789012-us-east-1-an/dev/state.json'],
    ['ecr:BatchGetImage', arn('ecr', 'repository/temporal-fargate/dev-2')],
    ['logs:PutLogEvents', arn('logs', 'log-group:/temporal-fargate/dev-2:log-stream:x')],
    ['iam:PutRolePolicy', 'arn:aws:iam::123456789012:role/temporal-fargate/temporal-fargate-us-east-1-dev-task'],
  ];
  expect(foreign.filter(([action, resource]) => allows(action, resource))).toEqual([]);
});

it('The boundary stops what --task-policy adds, until it has the same statements', async () => {
  const added = { Sid: 'Orders', Effect: 'Allow', Action: 'sqs:SendMessage', Resource: arn('sqs', 'orders') } as const;
  const one = { action: added.Action, resource: added.Resource, context: { 'aws:PrincipalAccount': AT.accountId } };
  expect((await verdictOf(one, [added], document.Statement)).allowed).toBe(false);
  expect((await verdictOf(one, [added], [...document.Statement, added])).allowed).toBe(true);
});

it('The boundary has the name that policies ask for, and takes in what the stack uses of others', () => {
  expect(boundaryArn(AT)).toBe(`arn:aws:iam::123456789012:policy/${name}`);
  const given = { ...AT, boundary: 'arn:aws:iam::123456789012:policy/team/limit' };
  expect(boundaryDocument(given).name).toBe('limit');
  const secret = arn('secretsmanager', 'secret:shared-AbCdEf');
  const more = boundaryDocument({ ...AT, uses: [secret] }).document.Statement;
  expect(more).toContainEqual({
    Sid: 'UsedSecrets',
    Effect: 'Allow',
    Action: 'secretsmanager:GetSecretValue',
    Resource: secret,
  });
});
