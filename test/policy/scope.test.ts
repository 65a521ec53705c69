import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { policyDocuments } from '../../src/policy/index.ts';
import { clusterName } from '../../src/steps/compute/cluster.ts';
import { logGroupName } from '../../src/steps/compute/log-group.ts';
import { familyName } from '../../src/steps/compute/task-definition.ts';
import { dataBucketName } from '../../src/steps/data/data-bucket.ts';
import { roleName } from '../../src/steps/identity/role-name.ts';
import { repositoryName } from '../../src/steps/image/repository.ts';
import { alarmName } from '../../src/steps/scaling/alarm.ts';
import { secretName } from '../../src/steps/secrets/temporal-secret.ts';
import { stateBucket } from '../../state/bucket.ts';
import { fits, listOf } from './matching.ts';

const ACCOUNT = '123456789012';

/** ARNs of everything that a stack has a name for, by the functions that give the names. */
function thingsOf(stack: string, worker: string, region: string): string[] {
  const regional = (service: string, resource: string): string => `arn:aws:${service}:${region}:${ACCOUNT}:${resource}`;
  const cluster = clusterName(stack);
  const state = stateBucket({ accountId: ACCOUNT, region }).Bucket;
  const data = dataBucketName(stack, ACCOUNT, region);
  const roles = ['execution', 'task', 'github-deploy', 'github-plan'].map((kind) => roleName(kind, region, stack));
  return [
    ...[`cluster/${cluster}`, `service/${cluster}/${worker}`, `service-deployment/${cluster}/${worker}/x`].map(
      (resource) => regional('ecs', resource),
    ),
    regional('ecs', `task/${cluster}/0f3a`),
    regional('ecs', `task-definition/${familyName(stack, worker)}:7`),
    regional('logs', `log-group:${logGroupName(stack)}`),
    regional('logs', `log-group:${logGroupName(stack)}:log-stream:worker/${worker}/0f3a`),
    regional('ecr', `repository/${repositoryName(stack)}`),
    regional('secretsmanager', `secret:${secretName(stack)}`),
    regional('secretsmanager', `secret:${secretName(stack)}-AbCdEf`),
    ...['high', 'low'].map((kind) => regional('cloudwatch', `alarm:${alarmName(stack, worker, kind)}`)),
    ...[...roles, roleName('task', region, stack, worker)].map(
      (name) => `arn:aws:iam::${ACCOUNT}:role/temporal-fargate/${name}`,
    ),
    `arn:aws:s3:::${data}`,
    `arn:aws:s3:::${data}/any/key`,
    ...['state.json', 'lock.json'].map((object) => `arn:aws:s3:::${state}/${stack}/${object}`),
  ];
}

/** Patterns of the things that a policy names without a further condition; what all may see of the states is apart. */
const namedIn = (stack: string | undefined, region: string): string[] =>
  policyDocuments({ accountId: ACCOUNT, partition: 'aws', region, stack, commands: ['all'] })
    .flatMap(({ document }) => document.Statement)
    .filter(({ Sid, Condition }) => Sid !== 'StatesOfAll' && (!Condition || JSON.stringify(Condition).includes('iam:')))
    .flatMap(({ Resource }) => listOf(Resource))
    .filter((resource) => resource !== '*');

const name = fc.stringMatching(/^[a-z](-?[a-z0-9]){1,19}$/).filter((text) => text.length <= 20);
const region = fc.constantFrom('us-east-1', 'ap-southeast-2', 'me-south-1');

describe('A policy for one stack', () => {
  it.each([
    ['dev', 'dev-2'],
    ['dev-2', 'dev'],
    ['dev', 'dev2'],
    ['dev', 'de'],
    ['dev', 'dev-data'],
    ['dev', 'dev-task'],
    ['dev', 'dev-github'],
    ['data', 'state'],
    ['abcdefghijklmnopqrs', 'abcdefghijklmnopqrst'],
  ])('names all that %s has, and nothing of %s', (own, other) => {
    const patterns = namedIn(own, 'ap-southeast-2');
    const covered = (arn: string): boolean => patterns.some((pattern) => fits(pattern, arn));
    const worker = 'a-worker-of-20-chars';
    expect(thingsOf(own, worker, 'ap-southeast-2').filter((arn) => !covered(arn))).toEqual([]);
    expect(thingsOf(other, worker, 'ap-southeast-2').filter(covered)).toEqual([]);
  });

  it('fits no thing of any other, whatever they are called', () => {
    fc.assert(
      fc.property(name, name, name, region, (own, other, worker, where) => {
        fc.pre(own !== other);
        const patterns = namedIn(own, where);
        const covered = (arn: string): boolean => patterns.some((pattern) => fits(pattern, arn));
        expect(thingsOf(own, worker, where).filter((arn) => !covered(arn))).toEqual([]);
        expect(thingsOf(other, worker, where).filter(covered)).toEqual([]);
      }),
      { numRuns: 40 },
    );
  });

  it('without a name fits those of every stack', () => {
    const patterns = namedIn(undefined, 'us-east-1');
    const things = ['dev', 'prod-2'].flatMap((stack) => thingsOf(stack, 'orders', 'us-east-1'));
    expect(things.filter((arn) => !patterns.some((pattern) => fits(pattern, arn)))).toEqual([]);
  });
});

it('Roles for workflows, which have no boundary, can be looked at and deleted, and neither written nor handed to a task', () => {
  const role = `arn:aws:iam::${ACCOUNT}:role/temporal-fargate/${roleName('github-deploy', 'us-east-1', 'dev')}`;
  const actions = policyDocuments({
    ...{ accountId: ACCOUNT, partition: 'aws', region: 'us-east-1', stack: 'dev' },
    commands: ['all'],
  })
    .flatMap(({ document }) => document.Statement)
    .filter(({ Resource }) => listOf(Resource).some((arn) => arn !== '*' && fits(arn, role)))
    .flatMap(({ Action }) => listOf(Action));
  expect(actions).toEqual(expect.arrayContaining(['iam:GetRole', 'iam:GetRolePolicy', 'iam:DeleteRole']));
  expect(actions.filter((action) => !/:(Get|List|Delete|Detach|Tag|Untag)Role/.test(action))).toEqual([
    'iam:ListAttachedRolePolicies',
  ]);
});

it('What has no name of its own is told apart by the tag of the stack, which nobody can put on or take off', () => {
  const statements = policyDocuments({
    ...{ accountId: ACCOUNT, partition: 'aws', region: 'us-east-1', stack: 'dev' },
    commands: ['all'],
  }).flatMap(({ document }) => document.Statement);
  const nameless = statements.filter(({ Resource }) =>
    listOf(Resource).some((arn) => /:(ec2|application-autoscaling):/.test(arn)),
  );
  expect(nameless.length).toBeGreaterThan(5);
  for (const { Sid, Action, Condition } of nameless) {
    const { StringEquals: equals = {}, ...others } = Condition ?? {};
    const byRequest = equals['aws:RequestTag/temporal-fargate:stack'] === 'dev';
    const byThing = equals['aws:ResourceTag/temporal-fargate:stack'] === 'dev';
    expect([Sid, byRequest !== byThing]).toEqual([Sid, true]);
    if (!listOf(Action).some((action) => /Tag(s|Resource)$/.test(action) && !/List/.test(action))) continue;
    // Our own tags only while a thing is made; later only those of a person.
    const whileMaking =
      equals['ec2:CreateAction'] !== undefined || others.Null?.['aws:ResourceTag/temporal-fargate:stack'] === 'true';
    const onlyOthers = others['ForAllValues:StringNotLike']?.['aws:TagKeys'] === 'temporal-fargate:*';
    expect([Sid, byRequest ? whileMaking : onlyOthers]).toEqual([Sid, true]);
  }
});

it('A thing that is made is never judged by tags that are meant for what it is made in', () => {
  const made = policyDocuments({
    ...{ accountId: ACCOUNT, partition: 'aws', region: 'us-east-1', stack: 'dev' },
    commands: ['init'],
  })
    .flatMap(({ document }) => document.Statement)
    .filter(({ Sid }) => /^Create/.test(Sid))
    .map(({ Action, Resource }) => ({
      actions: listOf(Action),
      types: listOf(Resource).map((arn) => /:([a-z-]+)\/\*$/.exec(arn)?.[1]),
    }));
  // Source: Service Authorization Reference, "Amazon EC2": the resource types of each action besides what it makes.
  const parents: Record<string, string[]> = {
    'ec2:CreateSubnet': ['vpc'],
    'ec2:CreateRouteTable': ['vpc'],
    'ec2:CreateSecurityGroup': ['vpc'],
    'ec2:CreateVpcEndpoint': ['vpc', 'route-table'],
    'ec2:CreateNatGateway': ['vpc', 'subnet', 'elastic-ip'],
  };
  expect(made.flatMap(({ actions }) => actions).filter((action) => action in parents)).toHaveLength(5);
  for (const { actions, types } of made)
    for (const action of actions) expect(types.filter((type) => parents[action]?.includes(type ?? ''))).toEqual([]);
});
