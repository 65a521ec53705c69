import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { CreateVpcEndpointCommand, DeleteVpcEndpointsCommand, DescribeVpcEndpointsCommand } from '@aws-sdk/client-ec2';
import { ListOpenIDConnectProvidersCommand } from '@aws-sdk/client-iam';
import { DeleteObjectCommand, GetObjectCommand, PutObjectCommand } from '@aws-sdk/client-s3';
import { describe, expect, it } from 'vitest';
import { stateBucket } from '../../state/bucket.ts';
import { leanBin, startCli } from '../helpers/cli.ts';
import { isTrusted } from '../helpers/github-trust.ts';
import { CI, useGithubStage } from './github-stage.ts';
import { DESTROY, expectRefusal } from './stage.ts';

const stage = useGithubStage();

describe('ci github', () => {
  it('makes provider and roles, and writes the workflow; a second run changes nothing', async () => {
    const first = await stage.runThere(CI);
    expect(first.code, first.stderr).toBe(0);
    expect(first.stdout).toContain('.github/workflows/temporal-fargate-dev.yml is written; commit and push it.');
    expect(first.stdout).toContain('No secret has to be set in GitHub.');
    const { OpenIDConnectProviderList } = await stage.emulator.clients.iam.send(
      new ListOpenIDConnectProvidersCommand({}),
    );
    expect(OpenIDConnectProviderList).toHaveLength(1);
    const written = readFileSync(stage.workflow, 'utf8');
    for (const use of ['deploy', 'plan'] as const) expect(written).toContain((await stage.roleFor(use)).arn);

    await stage.emulator.clearCalls();
    const second = await stage.runThere(CI);
    expect(second.code, second.stderr).toBe(0);
    expect(second.stdout).toContain('Nothing to do: roles and workflow are as asked.');
    expect(readFileSync(stage.workflow, 'utf8')).toBe(written);
    expect((await stage.changes()).map(({ operation }) => operation)).toEqual([]);
    // And for init they are a part of the stack like any other.
    const plan = await stage.runThere(['plan', '--detailed-exitcode']);
    expect(plan.code, plan.stdout).toBe(0);
  });

  it('tells what else is wrong with the stack, and does its own work all the same', async () => {
    const { ec2, s3 } = stage.emulator.clients;
    const [{ VpcId, ServiceName, Tags } = {}] =
      (await ec2.send(new DescribeVpcEndpointsCommand({}))).VpcEndpoints ?? [];
    const TagSpecifications = [{ ResourceType: 'vpc-endpoint' as const, Tags }];
    const { VpcEndpoint } = await ec2.send(new CreateVpcEndpointCommand({ VpcId, ServiceName, TagSpecifications }));
    const another = VpcEndpoint?.VpcEndpointId ?? '';
    // Without a record nothing tells which of the two is the stack's.
    const stored = { Bucket: stateBucket(stage.emulator.address).Bucket, Key: 'dev/state.json' };
    const Body = (await (await s3.send(new GetObjectCommand(stored))).Body?.transformToString()) ?? '';
    const { steps, ...document } = JSON.parse(Body);
    delete steps['network/s3-endpoint'];
    await s3.send(new PutObjectCommand({ ...stored, Body: JSON.stringify({ ...document, steps }) }));

    const { code, stdout, stderr } = await stage.runThere(CI);
    expect(code, stderr).toBe(0);
    expect(stdout).toContain('Nothing to do: roles and workflow are as asked.');
    expect(stderr).toMatch(new RegExp(`S3 gateway endpoint.*${another}`));
    await s3.send(new PutObjectCommand({ ...stored, Body }));
    await ec2.send(new DeleteVpcEndpointsCommand({ VpcEndpointIds: [another] }));
  });

  it('trusts pushes to this branch of this repository, and nobody else', async () => {
    const { deploy, plan } = {
      deploy: (await stage.roleFor('deploy')).trust,
      plan: (await stage.roleFor('plan')).trust,
    };
    const repository_id = '4711';
    const main = 'repo:acme/orders:ref:refs/heads/main';
    expect(isTrusted(deploy, { sub: main, repository_id })).toBe(true);
    // The format of repositories made since July 2026.
    expect(isTrusted(deploy, { sub: 'repo:acme@99/orders@4711:ref:refs/heads/main', repository_id })).toBe(true);
    expect(isTrusted(plan, { sub: 'repo:acme/orders:pull_request', repository_id })).toBe(true);
    expect(isTrusted(plan, { sub: 'repo:acme@99/orders@4711:pull_request', repository_id })).toBe(true);

    const strangers = {
      'another branch': { sub: 'repo:acme/orders:ref:refs/heads/main2', repository_id },
      'a tag of that name': { sub: 'repo:acme/orders:ref:refs/tags/main', repository_id },
      'a pull request': { sub: 'repo:acme/orders:pull_request', repository_id },
      'an environment': { sub: 'repo:acme/orders:environment:production', repository_id },
      'a fork': { sub: 'repo:eve/orders:ref:refs/heads/main', repository_id: '666' },
      'a similar name': { sub: 'repo:acme/orders-2:ref:refs/heads/main', repository_id: '4712' },
      'the name, given up and taken by somebody else': { sub: main, repository_id: '666' },
      'another audience': { sub: main, repository_id, aud: 'https://github.com/acme' },
    };
    for (const [who, claims] of Object.entries(strangers)) expect(isTrusted(deploy, claims), who).toBe(false);
    expect(isTrusted(plan, { sub: main, repository_id })).toBe(false);
  });

  it('lets neither role read a secret, nor that of pull requests change or lock anything', async () => {
    const deploy = (await stage.roleFor('deploy')).policy;
    const plan = (await stage.roleFor('plan')).policy;
    expect(deploy + plan).not.toContain('GetSecretValue');
    expect(deploy).toContain('ecs:UpdateService');
    const actions = [...plan.matchAll(/"([a-z0-9-]+:[A-Z]\w+)"/g)].map(([, action]) => action ?? '');
    expect(actions.length).toBeGreaterThan(20);
    // BatchGet only reads, in spite of its name.
    expect(actions.filter((action) => !/:(Describe|Get|List|BatchGet)/.test(action))).toEqual([]);
  });

  it('says what is wrong with what it was asked', async () => {
    expectRefusal(expect, await stage.runThere(['ci', 'github', '--yes', '--repo', 'acme/nothing']), {
      code: 64,
      says: /looking up repository acme\/nothing: there is no such repository, or it is private/,
      fix: /--repository-id and --owner-id/,
    });
    expectRefusal(expect, await stage.runThere(['ci', 'github', '--yes']), {
      code: 64,
      says: /this folder is no clone of a repository on GitHub/,
      fix: /Give --repo owner\/name/,
    });
    const both = [...CI, '--worker-dir', 'worker', '--image-from-stack', 'staging'];
    expectRefusal(expect, await stage.runThere(both), {
      code: 64,
      says: /--image-from-stack and --worker-dir both say what is to run/,
      fix: /Give one of them/,
    });
    stage.asked.length = 0;
    const ids = ['--repository-id', '1', '--owner-id', '2'];
    expectRefusal(expect, await stage.runThere(['ci', 'github', '--yes', '--repo', 'acme', ...ids]), {
      code: 64,
      says: /a repository is written like owner\/name/,
      fix: /named above/,
    });
    expect(stage.asked).toEqual([]);
    const below = join(stage.folder, 'clone/worker');
    mkdirSync(below, { recursive: true });
    expect(spawnSync('git', ['init', '--quiet'], { cwd: join(stage.folder, 'clone') }).status).toBe(0);
    expectRefusal(expect, await startCli(CI, stage.env(), undefined, leanBin(), below).result, {
      code: 64,
      says: /this folder is worker\/ of its repository/,
      fix: /Run the command there/,
    });
  });
});

describe('a stack that runs the images of another', () => {
  it('is deployed when somebody starts its workflow, by a role that may read that image and its state', async () => {
    const { code, stdout, stderr } = await stage.runThere([...CI, '--image-from-stack', 'staging']);
    expect(code, stderr).toBe(0);
    expect(stdout).toContain('what stack staging runs is deployed to dev when somebody starts the workflow on main.');
    const written = readFileSync(stage.workflow, 'utf8');
    expect(written).toMatch(/^on:\n {2}pull_request:\n {2}workflow_dispatch:\n\n/m);
    expect(written).toContain("if: github.event_name == 'workflow_dispatch' && github.ref == 'refs/heads/main'");
    expect(written).toContain(' deploy --stack dev --image-from-stack staging --verify health ');
    const [theirs, state] = ['repository/temporal-fargate/staging', '/staging/state.json'];
    const [deploy, plan] = [(await stage.roleFor('deploy')).policy, (await stage.roleFor('plan')).policy];
    expect([deploy.includes(theirs), deploy.includes(state)]).toEqual([true, true]);
    expect(plan).not.toContain('staging');
  });
});

describe('in the end', () => {
  it('--remove takes roles and workflow back and leaves the provider, and destroy has nothing left to do about them', async () => {
    const removed = await stage.runThere(['ci', 'github', '--remove', '--yes']);
    expect(removed.code, removed.stderr).toBe(0);
    expect(removed.stdout).toContain('GitHub may do nothing with the stack any more.');
    expect(existsSync(stage.workflow)).toBe(false);
    await expect(stage.roleFor('deploy')).rejects.toThrow(/not found/);
    const { OpenIDConnectProviderList } = await stage.emulator.clients.iam.send(
      new ListOpenIDConnectProvidersCommand({}),
    );
    expect(OpenIDConnectProviderList).toHaveLength(1);
  });

  it('a workflow file of somebody else is not written over, and destroy takes the roles along without a state that names them', async () => {
    expect((await stage.runThere(CI)).code).toBe(0);
    writeFileSync(stage.workflow, 'name: mine\n');
    expectRefusal(expect, await stage.runThere(CI), {
      code: 1,
      says: /temporal-fargate-dev\.yml is there, and this program has not written it/,
      fix: /Move it away/,
    });
    // The versions of a bucket that keeps them are not asked: to the program it is lost.
    const { Bucket } = stateBucket(stage.emulator.address);
    await stage.emulator.clients.s3.send(new DeleteObjectCommand({ Bucket, Key: 'dev/state.json' }));
    const destroyed = await stage.runThere(DESTROY);
    expect(destroyed.code, destroyed.stderr).toBe(0);
    expect(destroyed.stdout).toMatch(/^0 left$/m);
    await expect(stage.roleFor('plan')).rejects.toThrow(/not found/);
  });
});
