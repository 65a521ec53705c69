import { describe, expect, it } from 'vitest';
import { documentsOf, type PrintedStatement, statementsOf } from '../../src/policy/document.ts';
import { POLICY_COMMANDS, type PolicyRequest, policyDocuments } from '../../src/policy/index.ts';
import { may, type PolicyPlace, type Scope } from '../../src/steps/permission.ts';
import { actionsOf, listOf } from './matching.ts';

const AT = { accountId: '123456789012', region: 'ap-southeast-2', partition: 'aws' } as const;
const USES = [
  'arn:aws:ec2:ap-southeast-2:123456789012:vpc/vpc-0123456789abcdef0',
  'arn:aws:secretsmanager:ap-southeast-2:123456789012:secret:shared/temporal-AbCdEf',
  'arn:aws:kms:ap-southeast-2:123456789012:key/0a1b2c3d-0000-1111-2222-333344445555',
  'arn:aws:ecr:ap-southeast-2:999999999999:repository/team/worker',
  'arn:aws:iam::aws:policy/AmazonDynamoDBReadOnlyAccess',
];
/** As long as a name can be. */
const LONGEST = 'abcdefghijklmnopqrst';

const requests: PolicyRequest[] = [undefined, 'dev', LONGEST].flatMap((stack) =>
  [[], USES].map((uses) => ({ ...AT, stack, uses })),
);

describe.each(requests)('The policies for stack $stack with $uses.length things of others', (request) => {
  it.each(POLICY_COMMANDS)('are as few as fit into the limits of IAM, and exact: %s', (command) => {
    const policies = policyDocuments({ ...request, commands: [command] });
    const lengths = policies.map(({ document }) => JSON.stringify(document).length);
    const total = lengths.reduce((sum, length) => sum + length, 0);
    expect(Math.max(...lengths)).toBeLessThanOrEqual(6144);
    expect(policies).toHaveLength(Math.ceil(total / 6144));
    expect(new Set(policies.map(({ name }) => name)).size).toBe(policies.length);
    for (const { name, document } of policies) {
      // IAM's own rules for the names of policies and of statements.
      expect(name).toMatch(/^[\w+=,.@-]{1,128}$/);
      const sids = document.Statement.map(({ Sid }) => Sid);
      expect(sids.filter((sid) => !/^[a-zA-Z0-9]+$/.test(sid))).toEqual([]);
      expect(new Set(sids).size).toBe(sids.length);
    }
    const statements = policies.flatMap(({ document }) => document.Statement);
    expect([...actionsOf(statements)].filter((action) => !/^[a-z0-9-]+:[A-Za-z]+$/.test(action))).toEqual([]);
  });
});

it('What only some stacks use is in their policies only, and by its ARN', () => {
  const statements = (uses: readonly string[]): readonly PrintedStatement[] =>
    policyDocuments({ ...AT, stack: 'dev', uses, commands: ['all'] }).flatMap(({ document }) => document.Statement);
  const without = statements([]);
  const added = statements(USES).filter(({ Sid }) => !without.some((one) => one.Sid === Sid));
  const things = Object.fromEntries(added.map(({ Sid, Action, Resource }) => [Sid, { Action, Resource }]));
  expect(things).toMatchObject({
    UsedVpcs: { Action: 'ec2:CreateSecurityGroup', Resource: USES[0] },
    UsedSecrets: {
      Action: ['secretsmanager:DescribeSecret', 'secretsmanager:GetSecretValue'],
      Resource: USES[1],
    },
    UsedKeys: { Action: 'kms:Decrypt', Resource: USES[2] },
    UsedRepositories: {
      Action: ['ecr:BatchGetImage', 'ecr:DescribeImages', 'ecr:GetDownloadUrlForLayer'],
      Resource: USES[3],
    },
    UsedPolicies: { Action: 'iam:GetPolicy', Resource: USES[4] },
    AttachUsedPolicies: { Action: ['iam:AttachRolePolicy', 'iam:DetachRolePolicy'] },
  });
  expect(Object.keys(things)).toHaveLength(6);
  expect(JSON.stringify(without)).not.toContain('AttachRolePolicy');
});

it('Whose images may be taken, is named by its repository, and only deploy reads its state', () => {
  const dev = 'arn:aws:ecr:ap-southeast-2:123456789012:repository/temporal-fargate/dev';
  const statesOf = (uses: readonly string[], command: (typeof POLICY_COMMANDS)[number] = 'deploy') =>
    policyDocuments({ ...AT, stack: 'prod', uses, commands: [command] })
      .flatMap(({ document }) => document.Statement)
      .filter(({ Sid }) => Sid === 'UsedStates')
      .map(({ Action, Resource }) => ({ Action, Resource }));
  const bucket = 'arn:aws:s3:::tfg-state-123456789012-ap-southeast-2-an';
  expect(statesOf([dev])).toEqual([{ Action: 's3:GetObject', Resource: `${bucket}/dev/state.json` }]);
  // Repositories of a user's, of another region and of another account are not those of stacks here.
  const others = [dev.replace('temporal-fargate', 'team'), dev.replace('-2:', '-1:'), dev.replace('1234', '9234')];
  expect(statesOf([...USES, ...others])).toEqual([]);
  expect(statesOf([dev], 'init')).toEqual([]);
});

it('Roles are made and changed with the boundary only, that of the stack or one that is given', () => {
  const bounded = (request: PolicyRequest): unknown =>
    policyDocuments({ ...request, commands: ['init'] })
      .flatMap(({ document }) => document.Statement)
      .filter(({ Action }) => listOf(Action).some((action) => /^iam:(CreateRole$|Put|Update|Attach)/.test(action)))
      .map(({ Condition }) => Condition?.StringEquals?.['iam:PermissionsBoundary']);
  const own = 'arn:aws:iam::123456789012:policy/temporal-fargate-ap-southeast-2-dev-boundary';
  expect(bounded({ ...AT, stack: 'dev', uses: USES })).toEqual([own, own]);
  const given = 'arn:aws:iam::123456789012:policy/limit';
  expect(bounded({ ...AT, stack: 'dev', boundary: given })).toEqual([given]);
});

it('The bucket that all stacks share is not for the operator of one', () => {
  const actions = (stack: string | undefined): Set<string> =>
    actionsOf(
      policyDocuments({ ...AT, stack, commands: ['all'] })
        .flatMap(({ document }) => document.Statement)
        .filter(({ Sid }) => Sid === 'StateBucket'),
    );
  expect([...actions('dev')].filter((action) => /:(Put|Create|Delete)/.test(action))).toEqual([]);
  expect([...actions(undefined)]).toEqual(
    expect.arrayContaining(['s3:CreateBucket', 's3:DeleteBucket', 's3:PutBucketPolicy']),
  );
});

describe('Statements', () => {
  const place: PolicyPlace = { ...AT, stack: 'dev', boundary: '', uses: [] };
  const scope = (
    sid: string,
    resources: string[],
    conditions?: ReturnType<NonNullable<Scope['conditions']>>,
  ): Scope => ({
    sid,
    resources: () => resources,
    ...(conditions && { conditions: () => conditions }),
  });
  const tagged = (sid: string, resource: string, values: Record<string, string[]>): Scope =>
    scope(sid, [resource], { StringEquals: values });

  it('of the same things are joined, and those of no thing left out', () => {
    const buckets = scope('Buckets', ['b']);
    const permissions = [may(buckets, 's3:Two'), may(scope('None', []), 's3:No'), may(buckets, 's3:One', 's3:Two')];
    expect(statementsOf(permissions, place)).toEqual([
      { Sid: 'Buckets', Effect: 'Allow', Action: ['s3:One', 's3:Two'], Resource: 'b' },
    ]);
  });

  it('that differ in the values of one condition are joined as well', () => {
    const of = (...values: string[]): Scope => tagged('Tags', '*', { same: ['x'], key: values });
    expect(statementsOf([may(of('a'), 'e:T'), may(of('b'), 'e:T')], place)).toEqual([
      {
        Sid: 'Tags',
        Effect: 'Allow',
        Action: 'e:T',
        Resource: '*',
        Condition: { StringEquals: { same: 'x', key: ['a', 'b'] } },
      },
    ]);
  });

  it('stay apart where together they would allow more', () => {
    const apart = [
      may(tagged('One', '*', { key: ['a'], other: ['1'] }), 'e:T'),
      may(tagged('Two', '*', { key: ['b'], other: ['2'] }), 'e:T'),
      may(tagged('Three', '*', { key: ['a'] }), 'e:T'),
      may(tagged('Four', 'thing', { key: ['c'] }), 'e:T'),
      may(tagged('Five', '*', { key: ['d'] }), 'e:Other'),
      may(scope('Six', ['*']), 'e:T'),
    ];
    expect(statementsOf(apart, place)).toHaveLength(apart.length);
  });

  it('go into as few documents as hold them, each whole', () => {
    const statement = (Sid: string, length: number): PrintedStatement => ({
      ...{ Sid, Effect: 'Allow', Action: 'x'.repeat(length) },
      Resource: '*',
    });
    const some = [statement('A', 300), statement('B', 600), statement('C', 100), statement('D', 500)];
    const documents = documentsOf(some, 1000);
    expect(documents.map(({ Statement }) => Statement.map(({ Sid }) => Sid))).toEqual([
      ['B', 'C'],
      ['A', 'D'],
    ]);
  });
});
