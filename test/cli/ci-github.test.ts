import { spawn, spawnSync } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  CreateAccessKeyCommand,
  CreateUserCommand,
  GetRoleCommand,
  GetRolePolicyCommand,
  ListOpenIDConnectProvidersCommand,
  PutUserPolicyCommand,
} from '@aws-sdk/client-iam';
import { DeleteObjectCommand } from '@aws-sdk/client-s3';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { stateBucket } from '../../state/bucket.ts';
import { type CliResult, leanBin } from '../helpers/cli.ts';
import { isTrusted } from '../helpers/github-trust.ts';
import { DESTROY, expectRefusal, INIT, useCliStage } from './stage.ts';

const stage = useCliStage();
const folder = mkdtempSync(join(tmpdir(), 'temporal-fargate-github-'));
const workflow = join(folder, '.github/workflows/temporal-fargate-dev.yml');
const REPOSITORY = { full_name: 'acme/orders', id: 4711, owner: { id: 99 } };

let github: Server;
let asked: string[] = [];

beforeAll(async () => {
  github = createServer((request, response) => {
    asked.push(request.url ?? '');
    const isKnown = request.url === '/repos/acme/orders';
    response.writeHead(isKnown ? 200 : 404).end(JSON.stringify(isKnown ? REPOSITORY : { message: 'Not Found' }));
  });
  await new Promise<void>((resolve) => github.listen(0, '127.0.0.1', resolve));
  expect((await stage.run(INIT)).code).toBe(0);
});

afterAll(() => {
  github.close();
  rmSync(folder, { recursive: true, force: true });
});

const api = (): string => `http://127.0.0.1:${(github.address() as AddressInfo).port}`;

/** In a folder of its own, where the workflow file goes. */
function run(args: readonly string[], cwd = folder): Promise<CliResult> {
  const child = spawn(process.execPath, [leanBin(), ...args], {
    cwd,
    env: stage.env({ GITHUB_API_URL: api() }),
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const said = { stdout: '', stderr: '' };
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    said.stdout += text;
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    said.stderr += text;
  });
  return new Promise((resolve, reject) =>
    child.on('error', reject).on('close', (code, signal) => resolve({ code: code ?? signal ?? '', ...said })),
  );
}

const CI = ['ci', 'github', '--yes', '--repo', 'acme/orders'];

async function roleFor(use: 'deploy' | 'plan') {
  const { iam } = stage.emulator.clients;
  const RoleName = `temporal-fargate-us-east-1-dev-github-${use}`;
  const { Role } = await iam.send(new GetRoleCommand({ RoleName }));
  const { PolicyDocument } = await iam.send(new GetRolePolicyCommand({ RoleName, PolicyName: 'temporal-fargate' }));
  return {
    arn: Role?.Arn,
    trust: JSON.parse(decodeURIComponent(Role?.AssumeRolePolicyDocument ?? '')),
    policy: decodeURIComponent(PolicyDocument ?? ''),
  };
}

/** The environment of somebody who may do what the role may, and no more; AWS gives it by GitHub's token instead. */
async function asRole(use: 'deploy' | 'plan'): Promise<Record<string, string>> {
  const { iam } = stage.emulator.clients;
  const UserName = `as-${use}`;
  await iam.send(new CreateUserCommand({ UserName }));
  const PolicyDocument = (await roleFor(use)).policy;
  await iam.send(new PutUserPolicyCommand({ UserName, PolicyName: use, PolicyDocument }));
  const { AccessKey } = await iam.send(new CreateAccessKeyCommand({ UserName }));
  return { AWS_ACCESS_KEY_ID: AccessKey?.AccessKeyId ?? '', AWS_SECRET_ACCESS_KEY: AccessKey?.SecretAccessKey ?? '' };
}

describe('ci github', () => {
  it('makes provider and roles, and writes the workflow; a second run changes nothing', async () => {
    const first = await run(CI);
    expect(first.code, first.stderr).toBe(0);
    expect(first.stdout).toContain('.github/workflows/temporal-fargate-dev.yml is written; commit and push it.');
    expect(first.stdout).toContain('No secret has to be set in GitHub.');
    const { OpenIDConnectProviderList } = await stage.emulator.clients.iam.send(
      new ListOpenIDConnectProvidersCommand({}),
    );
    expect(OpenIDConnectProviderList).toHaveLength(1);
    const written = readFileSync(workflow, 'utf8');
    for (const use of ['deploy', 'plan'] as const) expect(written).toContain((await roleFor(use)).arn);

    await stage.emulator.clearCalls();
    const second = await run(CI);
    expect(second.code, second.stderr).toBe(0);
    expect(second.stdout).toContain('Nothing to do: roles and workflow are as asked.');
    expect(readFileSync(workflow, 'utf8')).toBe(written);
    expect((await stage.changes()).map(({ operation }) => operation)).toEqual([]);
    // And for init they are a part of the stack like any other.
    const plan = await stage.run(['plan', '--detailed-exitcode']);
    expect(plan.code, plan.stdout).toBe(0);
  });

  it('trusts pushes to this branch of this repository, and nobody else', async () => {
    const { deploy, plan } = { deploy: (await roleFor('deploy')).trust, plan: (await roleFor('plan')).trust };
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
    const deploy = (await roleFor('deploy')).policy;
    const plan = (await roleFor('plan')).policy;
    expect(deploy + plan).not.toContain('GetSecretValue');
    expect(deploy).toContain('ecs:UpdateService');
    const actions = [...plan.matchAll(/"([a-z0-9-]+:[A-Z]\w+)"/g)].map(([, action]) => action ?? '');
    expect(actions.length).toBeGreaterThan(20);
    // BatchGet only reads, in spite of its name.
    expect(actions.filter((action) => !/:(Describe|Get|List|BatchGet)/.test(action))).toEqual([]);
  });

  it('says what is wrong with what it was asked', async () => {
    expectRefusal(expect, await run(['ci', 'github', '--yes', '--repo', 'acme/nothing']), {
      code: 64,
      says: /looking up repository acme\/nothing: there is no such repository, or it is private/,
      fix: /--repository-id and --owner-id/,
    });
    expectRefusal(expect, await run(['ci', 'github', '--yes']), {
      code: 64,
      says: /this folder is no clone of a repository on GitHub/,
      fix: /Give --repo owner\/name/,
    });
    const both = [...CI, '--worker-dir', 'worker', '--image-from-stack', 'staging'];
    expectRefusal(expect, await run(both), {
      code: 64,
      says: /--image-from-stack and --worker-dir both say what is to run/,
      fix: /Give one of them/,
    });
    asked = [];
    const ids = ['--repository-id', '1', '--owner-id', '2'];
    expectRefusal(expect, await run(['ci', 'github', '--yes', '--repo', 'acme', ...ids]), {
      code: 64,
      says: /a repository is written like owner\/name/,
      fix: /named above/,
    });
    expect(asked).toEqual([]);
    const below = join(folder, 'clone/worker');
    mkdirSync(below, { recursive: true });
    expect(spawnSync('git', ['init', '--quiet'], { cwd: join(folder, 'clone') }).status).toBe(0);
    expectRefusal(expect, await run(CI, below), {
      code: 64,
      says: /this folder is worker\/ of its repository/,
      fix: /Run the command there/,
    });
  });
});

/** The `run` scripts of a job, in their order, as the runner has them. */
function scriptsOf(job: string): string[] {
  const text = readFileSync(workflow, 'utf8');
  const body = text.slice(text.indexOf(`\n  ${job}:\n`)).split(/\n {2}\w+:\n/)[1] ?? '';
  return [...body.matchAll(/ {8}run: \|\n((?: {10}.*\n)+)/g)].map(([, script]) =>
    (script ?? '').replaceAll(/^ {10}/gm, ''),
  );
}

describe('the workflow, its steps run as a runner would, with stand-ins for npx (the registry) and gh (GitHub)', () => {
  const bin = join(folder, 'bin');
  const temp = join(folder, 'runner-temp');
  const summary = join(folder, 'summary.md');
  const comments = join(folder, 'comments');

  beforeAll(() => {
    const script = (name: string, body: string): void => {
      writeFileSync(join(bin, name), `#!/usr/bin/env bash\n${body}\n`);
      chmodSync(join(bin, name), 0o755);
    };
    mkdirSync(bin);
    mkdirSync(temp);
    const { version } = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8'));
    script(
      'npx',
      `[ "$1 $2" = "--yes temporal-fargate@${version}" ] || exit 9\nshift 2\nexec ${process.execPath} ${leanBin()} "$@"`,
    );
    // What was commented before is comment 11.
    script('gh', `if [ "$2" = --paginate ] && [ -e ${comments} ]; then echo 11; fi\necho "$@" >> ${comments}`);
  });

  const step = (script: string, cwd: string, keys: Readonly<Record<string, string>> = {}) =>
    spawnSync('bash', ['--noprofile', '--norc', '-eo', 'pipefail', '-c', script], {
      cwd,
      encoding: 'utf8',
      env: {
        ...stage.env({ TEMPORAL_API_KEY: undefined, TEMPORAL_ADDRESS: undefined }),
        PATH: `${bin}:${process.env.PATH}`,
        RUNNER_TEMP: temp,
        GITHUB_WORKSPACE: folder,
        GITHUB_REPOSITORY: 'acme/orders',
        GITHUB_STEP_SUMMARY: summary,
        PULL_REQUEST: '7',
        ...keys,
      },
    });

  it('shows the plan of a pull request as a comment and in the summary, and locks nothing', async () => {
    const [plan = '', show = '', ...more] = scriptsOf('plan');
    expect(more).toEqual([]);
    const keys = await asRole('plan');
    await stage.emulator.clearCalls();
    const planned = step(plan, temp, keys);
    expect(planned.status, planned.stderr).toBe(0);
    expect((await stage.emulator.calls()).filter(({ mutating }) => mutating)).toEqual([]);
    expect(step(show, temp).status).toBe(0);
    expect(readFileSync(summary, 'utf8')).toContain('Nothing to do: everything is as configured.');
    expect(step(show, temp).status).toBe(0);
    const said = readFileSync(comments, 'utf8').trim().split('\n');
    expect(said.filter((line) => !line.includes('--paginate'))).toEqual([
      'pr comment 7 --repo acme/orders --body-file plan.md',
      'api --silent --method PATCH repos/acme/orders/issues/comments/11 --field body=@plan.md',
    ]);
    // Another stack has a comment of its own.
    expect(said[0]).toContain('startswith("### Plan of stack dev\\n")');
  });

  it('deploys a push without a key of Temporal, and says in the summary how it went', async () => {
    const [deploy = '', say = '', ...more] = scriptsOf('deploy');
    expect(more).toEqual([]);
    const deployed = step(deploy, folder, await asRole('deploy'));
    expect(deployed.status, deployed.stdout).toBe(0);
    rmSync(summary);
    expect(step(say, folder).status).toBe(0);
    expect(readFileSync(summary, 'utf8')).toMatch(/^### Deployment of stack dev\n```\n(.*\n)+```\n$/);
  });

  it('fails, and shows the report, when the deployment does', async () => {
    const [deploy = '', say = ''] = scriptsOf('deploy');
    await stage.emulator.fault({ kind: 'error', match: { service: 'sts' }, status: 403, code: 'AccessDenied' });
    expect(step(deploy, folder).status).toBe(1);
    rmSync(summary);
    expect(step(say, folder).status).toBe(0);
    expect(readFileSync(summary, 'utf8')).toContain('✖');
  });

  it('names every action of others by a commit', () => {
    const uses = [...readFileSync(workflow, 'utf8').matchAll(/uses: (.*)/g)].map(([, action]) => action);
    expect(uses.length).toBeGreaterThan(4);
    for (const action of uses) expect(action).toMatch(/^[\w-]+\/[\w-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+$/);
  });
});

describe('a stack that runs the images of another', () => {
  it('is deployed when somebody starts its workflow, by a role that may read that image and its state', async () => {
    const { code, stdout, stderr } = await run([...CI, '--image-from-stack', 'staging']);
    expect(code, stderr).toBe(0);
    expect(stdout).toContain('what stack staging runs is deployed to dev when somebody starts the workflow on main.');
    const written = readFileSync(workflow, 'utf8');
    expect(written).toMatch(/^on:\n {2}pull_request:\n {2}workflow_dispatch:\n\n/m);
    expect(written).toContain("if: github.event_name == 'workflow_dispatch' && github.ref == 'refs/heads/main'");
    expect(scriptsOf('deploy')[0]).toContain(' deploy --stack dev --image-from-stack staging --verify health ');
    const [theirs, state] = ['repository/temporal-fargate/staging', '/staging/state.json'];
    const [deploy, plan] = [(await roleFor('deploy')).policy, (await roleFor('plan')).policy];
    expect([deploy.includes(theirs), deploy.includes(state)]).toEqual([true, true]);
    expect(plan).not.toContain('staging');
  });
});

describe('in the end', () => {
  it('--remove takes roles and workflow back and leaves the provider, and destroy has nothing left to do about them', async () => {
    const removed = await run(['ci', 'github', '--remove', '--yes']);
    expect(removed.code, removed.stderr).toBe(0);
    expect(removed.stdout).toContain('GitHub may do nothing with the stack any more.');
    expect(existsSync(workflow)).toBe(false);
    await expect(roleFor('deploy')).rejects.toThrow(/not found/);
    const { OpenIDConnectProviderList } = await stage.emulator.clients.iam.send(
      new ListOpenIDConnectProvidersCommand({}),
    );
    expect(OpenIDConnectProviderList).toHaveLength(1);
  });

  it('a workflow file of somebody else is not written over, and destroy takes the roles along without a state that names them', async () => {
    expect((await run(CI)).code).toBe(0);
    writeFileSync(workflow, 'name: mine\n');
    expectRefusal(expect, await run(CI), {
      code: 1,
      says: /temporal-fargate-dev\.yml is there, and this program has not written it/,
      fix: /Move it away/,
    });
    // The versions of a bucket that keeps them are not asked: to the program it is lost.
    const { Bucket } = stateBucket(stage.emulator.address);
    await stage.emulator.clients.s3.send(new DeleteObjectCommand({ Bucket, Key: 'dev/state.json' }));
    const destroyed = await stage.run(DESTROY);
    expect(destroyed.code, destroyed.stderr).toBe(0);
    expect(destroyed.stdout).toMatch(/^0 left$/m);
    await expect(roleFor('plan')).rejects.toThrow(/not found/);
  });
});
