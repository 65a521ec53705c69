import { CreateSecurityGroupCommand, CreateVpcCommand, DescribeSecurityGroupsCommand } from '@aws-sdk/client-ec2';
import { DescribeServicesCommand } from '@aws-sdk/client-ecs';
import {
  CreatePolicyCommand,
  DeleteRolePermissionsBoundaryCommand,
  GetRoleCommand,
  PutRolePermissionsBoundaryCommand,
} from '@aws-sdk/client-iam';
import { describe, expect, it } from 'vitest';
import { extraGroupProblems, findExtraGroups } from '../../src/aws/extra-groups.ts';
import { planStack } from '../../src/commands/stack-run.ts';
import { realClock } from '../../src/engine/wait.ts';
import { infrastructure } from '../../src/steps/index.ts';
import { type AwsStack, referenceConfig } from '../helpers/aws-stack.ts';
import { expectNoTrace, idOf, only, useSteps } from './stage.ts';
import { taggerOf } from './tagger.ts';

const stage = useSteps({ strict: ['off'] });

/** The plan as the commands make it, of a stack whose earlier configs are these. */
async function planned(stack: AwsStack, ...configs: object[]) {
  const connection = { stack: 'dev', timeScale: 0.01, clock: realClock, polling: (look: () => unknown) => look() };
  const document = { ...stack.session.document, configs: configs as Record<string, unknown>[] };
  return (await planStack(connection as never, stack.config, document, {}, stack.aws)).plan;
}

const role = (kind: string) => `temporal-fargate-us-east-1-dev-${kind}`;

async function boundaryPolicy(name: string): Promise<string> {
  const Statement = [{ Effect: 'Allow', Action: '*', Resource: '*' }];
  const PolicyDocument = JSON.stringify({ Version: '2012-10-17', Statement });
  await stage.emulator.clients.iam.send(new CreatePolicyCommand({ PolicyName: name, PolicyDocument }));
  return `arn:aws:iam::123456789012:policy/${name}`;
}

async function boundaries(): Promise<(string | undefined)[]> {
  const roles = ['execution', 'task'].map((kind) =>
    stage.emulator.clients.iam.send(new GetRoleCommand({ RoleName: role(kind) })),
  );
  return (await Promise.all(roles)).map(({ Role }) => Role?.PermissionsBoundary?.PermissionsBoundaryArn);
}

describe('a permissions boundary', () => {
  it('is there from the creation of the roles on, is put back, changed and taken away, and stays itself', async () => {
    const stack = await stage.fresh();
    const [first, second] = [await boundaryPolicy('first'), await boundaryPolicy('second')];
    const before = await stage.emulator.inventory();
    stack.config = referenceConfig({ permissionsBoundary: first });
    await stack.up();
    expect(await boundaries()).toEqual([first, first]);
    const creating = stack.calls.filter(({ name }) => /PermissionsBoundary/.test(name));
    expect(creating).toEqual([]);

    const { iam } = stage.emulator.clients;
    const RoleName = role('task');
    await iam.send(new DeleteRolePermissionsBoundaryCommand({ RoleName }));
    expect(await stack.pending()).toEqual({ 'identity/task-role': ['update', 'boundary'] });
    await stack.up();
    expect(await boundaries()).toEqual([first, first]);

    stack.config = referenceConfig({ permissionsBoundary: second });
    await stack.up();
    expect(await boundaries()).toEqual([second, second]);

    stack.config = referenceConfig();
    await stack.up();
    expect(await boundaries()).toEqual([undefined, undefined]);
    await iam.send(new PutRolePermissionsBoundaryCommand({ RoleName, PermissionsBoundary: first }));
    expect(await stack.pending()).toEqual({ 'identity/task-role': ['update', 'boundary'] });
    await expectNoTrace(stack, stage.emulator, before);
  });

  it('that does not exist makes no role, and the message names it', async () => {
    const stack = await stage.fresh();
    const missing = 'arn:aws:iam::123456789012:policy/missing';
    stack.config = referenceConfig({ permissionsBoundary: missing });
    await expect(stack.up()).rejects.toThrow(`Scope ARN: ${missing} does not exist`);
    expect((await stage.emulator.inventory()).iam?.role).not.toHaveProperty(role('task'));
  });
});

describe('extra tags', () => {
  /** Tags that are not the owner's, by the step whose thing carries them; tasks have those of their service's past. */
  async function extras(): Promise<Record<string, Record<string, string>>> {
    const kinds = Object.values(await stage.emulator.inventory()).flatMap((service) => Object.entries(service));
    const things = kinds.flatMap(([kind, all]) => (kind === 'task' ? [] : Object.values(all)));
    return Object.fromEntries(
      things.flatMap(({ tags = {} }) => {
        const { 'temporal-fargate:resource': step, ...others } = tags as Record<string, string>;
        const own = Object.entries(others).filter(([key]) => !/^(Name$|temporal-fargate:)/.test(key));
        return step === undefined ? [] : [[step, Object.fromEntries(own)]];
      }),
    );
  }
  const taggable = (stack: AwsStack) => stack.steps().filter(({ id }) => id !== 'image/worker-image/worker');
  const onAll = (stack: AwsStack, tags: Record<string, string>) =>
    Object.fromEntries(taggable(stack).map(({ id }) => [id, tags]));

  it('are on everything from its creation on, are put back and changed, and go; those of others stay', async () => {
    const stack = await stage.fresh();
    const before = await stage.emulator.inventory();
    const first = referenceConfig({ tags: 'team=core, env=dev' });
    stack.config = first;
    await stack.up();
    expect(await extras()).toEqual(onAll(stack, { team: 'core', env: 'dev' }));
    expect(
      stack.calls.filter(({ name }) => /Tag(s|Resource|Role|ging)$/.test(name) && !/Get|List|Describe/.test(name)),
    ).toEqual([]);

    for (const { id } of taggable(stack)) {
      const tagger = taggerOf(stage.emulator.clients, stack, id);
      await tagger.put({ team: 'theirs', owner: 'ada' });
      await tagger.remove(['env']);
    }
    expect(await stack.pending()).toEqual(
      Object.fromEntries(taggable(stack).map(({ id }) => [id, ['update', 'tags']])),
    );
    await stack.up();
    expect(await extras()).toEqual(onAll(stack, { team: 'core', env: 'dev', owner: 'ada' }));
    expect(await stack.pending()).toEqual({});

    stack.config = referenceConfig({ tags: 'env=prod' });
    const made = idOf(stack, 'compute/task-definition/worker');
    const { items } = await planned(stack, first, stack.config);
    expect(items.find(({ step }) => step.id === 'network/vpc')?.changes).toEqual([
      { field: 'tags', from: { env: 'dev', team: 'core' }, to: { env: 'prod' }, how: 'update' },
    ]);
    await stack.up(first);
    expect(await extras()).toEqual(onAll(stack, { env: 'prod', owner: 'ada' }));
    expect(idOf(stack, 'compute/task-definition/worker')).toBe(made);
    expect(await stack.pending()).toEqual({});

    // Tasks get the tags that their service has when they are started: it has the new ones by then.
    const second = stack.config;
    stack.config = referenceConfig({ tags: 'env=test', memory: 4096 });
    await stack.up(second);
    const revision = idOf(stack, 'compute/task-definition/worker');
    const tasks = Object.values((await stage.emulator.inventory()).ecs?.task ?? {});
    const started = tasks.filter(({ taskDefinition }) => taskDefinition === revision);
    expect(started.map(({ tags }) => tags)).toEqual([expect.objectContaining({ env: 'test' })]);
    await expectNoTrace(stack, stage.emulator, before);
  });

  it('are what everything can have but an image', () => {
    const steps = infrastructure(referenceConfig({ network: 'private-per-az' }));
    expect(steps.filter(({ retag }) => !retag).map(({ id }) => id)).toEqual(['image/worker-image/worker']);
  });
});

describe('security groups of other people', () => {
  async function group(name: string, VpcId: string | undefined): Promise<string> {
    const made = new CreateSecurityGroupCommand({ GroupName: name, Description: name, VpcId });
    return (await stage.emulator.clients.ec2.send(made)).GroupId ?? '';
  }
  async function groupsOfService(): Promise<string[] | undefined> {
    const services = { cluster: 'temporal-fargate-dev', services: ['worker'] };
    const { networkConfiguration } = only(
      (await stage.emulator.clients.ecs.send(new DescribeServicesCommand(services))).services,
    );
    return networkConfiguration?.awsvpcConfiguration?.securityGroups;
  }
  const problemsOf = async (stack: AwsStack, ids: string[], vpcId?: string) =>
    extraGroupProblems(await findExtraGroups(stack.aws, ids), vpcId).map(({ message }) => message);

  it('are joined by the tasks beside their own, left again, and never touched', async () => {
    const stack = await stage.fresh();
    await stack.up();
    const own = idOf(stack, 'network/security-group');
    const [one, two] = [await group('one', idOf(stack, 'network/vpc')), await group('two', idOf(stack, 'network/vpc'))];
    const untouched = async () =>
      (await stage.emulator.clients.ec2.send(new DescribeSecurityGroupsCommand({ GroupIds: [one, two] })))
        .SecurityGroups;
    const before = await untouched();

    stack.config = referenceConfig({ securityGroupIds: `${two}, ${one}` });
    expect(await stack.pending()).toEqual({ 'compute/service/worker': ['update', 'securityGroupIds'] });
    expect((await planned(stack, stack.config)).problems).toEqual([]);
    await stack.up();
    expect(await groupsOfService()).toEqual([own, one, two].sort());
    expect(await stack.pending()).toEqual({});

    stack.config = referenceConfig({ securityGroupIds: 'sg-01234567' });
    const { problems } = await planned(stack, stack.config);
    expect(problems.map(({ message }) => message)).toEqual([
      'security group sg-01234567 does not exist in this account and region',
    ]);
    stack.config = referenceConfig();
    await stack.up();
    expect(await groupsOfService()).toEqual([own]);
    expect(await untouched()).toEqual(before);
  });

  it('are refused when there are none such, or in another VPC than the tasks', async () => {
    const stack = await stage.fresh();
    const { ec2 } = stage.emulator.clients;
    const vpcId = (await ec2.send(new CreateVpcCommand({ CidrBlock: '10.9.0.0/16' }))).Vpc?.VpcId ?? '';
    const theirs = await group('theirs', vpcId);
    expect(await problemsOf(stack, [theirs], vpcId)).toEqual([]);
    expect(await problemsOf(stack, [theirs], 'vpc-1')).toEqual([
      `security group ${theirs} is in ${vpcId}, but the tasks run in vpc-1`,
    ]);
    expect(await problemsOf(stack, [theirs, 'sg-01234567'])).toEqual([
      `security group ${theirs} is in ${vpcId}, and the VPC of this stack is still to be made`,
      'security group sg-01234567 does not exist in this account and region',
    ]);
  });
});
