import { beforeAll, describe, expect, it } from 'vitest';
import { countable } from '../helpers/inventory.ts';
import { DESTROY, INIT, useCliStage } from './stage.ts';

const stage = useCliStage();
const { emulator } = stage;

interface Line {
  readonly type: string;
  readonly [field: string]: unknown;
}

/** Every line of standard output as JSON; fails when one is not. */
const lines = (stdout: string): Line[] =>
  stdout
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as Line);

describe('plan', () => {
  beforeAll(() => emulator.reset());

  it('of a stack that is not there yet lists all of it, on standard output only', async () => {
    const { stdout, stderr, code } = await stage.run(['plan']);
    expect(code).toBe(0);
    // What it costs depends on the architecture of this machine.
    expect(stdout.replace(/\d+\.\d\d \$/g, '… $')).toMatchInlineSnapshot(`
      "  + VPC
        + internet gateway
        + public subnet (us-east-1a)
        + public subnet (us-east-1b)
        + private subnet (us-east-1a)
        + private subnet (us-east-1b)
        + Elastic IP (us-east-1a)
        + NAT gateway (us-east-1a)
        + public route table
        + private route table
        + S3 gateway endpoint
        + security group (no ingress)
        + log group
        + ECR repository
        + worker image (worker)
        + data bucket
        + secret with the Temporal credentials
        + execution role
        + task role
        + ECS cluster
        + task definition (worker)
        + ECS service (worker)
        + scalable target (worker)
        + alarm (worker CPU high)
        + alarm (worker CPU low)
      Plan: 25 to create.
      Monthly bill in AWS: … $ with 1 task, … $ with 10 tasks.
      "
    `);
    expect(stderr).toContain('  Address range of the VPC: 10.0.0.0/16 (default)\n');
    expect(stderr).toMatch(/AWS calls: \d+ and 0 while waiting/);
    expect(await stage.changes()).toEqual([]);
  });

  it('exits with 2 under --detailed-exitcode when there is something to do', async () => {
    expect((await stage.run(['plan', '--detailed-exitcode'])).code).toBe(2);
  });
});

describe('a stack from init to destroy', () => {
  it('tells its story on standard error and its result on standard output', async () => {
    await emulator.reset();
    const before = await emulator.inventory();
    const made = await stage.run([...INIT]);
    expect(made.stdout).toMatch(
      /^Stack dev is up \(\d+ s\)\. worker: task [0-9a-f]{32} is healthy\. Temporal itself was not asked\.\nNext: temporal-fargate trigger --stack dev\n$/,
    );
    expect(made.stderr).toMatch(/✔ VPC created: vpc-[0-9a-f]+\n/);
    expect(made.stderr).toMatch(/… NAT gateway \(us-east-1a\): pending \(\d+ s; usually 1 to 3 min in AWS\)\n/);
    expect(made.stderr).toContain('  Temporal API key: ******** (TEMPORAL_API_KEY)\n');

    const again = await stage.run(['plan', '--detailed-exitcode', '--debug']);
    expect(again).toMatchObject({ code: 0, stdout: 'Nothing to do: everything is as configured.\n' });
    expect(again.stderr).toMatch(/^debug: EC2 DescribeVpcs \d+ ms$/m);

    const destroyed = await stage.run([...DESTROY]);
    expect(destroyed.stdout).toBe(
      'Stays in the account at no cost: service-linked roles of ECS and auto scaling.\n0 left\n',
    );
    expect(countable(await emulator.inventory())).toEqual(countable(before));
  });

  it('is newline-delimited JSON under --json: steps, notes, and the result last', async () => {
    await emulator.reset();
    const made = await stage.run([...INIT, '--json']);
    expect(made).toMatchObject({ code: 0, stderr: '' });
    const events = lines(made.stdout);
    expect(events).toContainEqual(
      expect.objectContaining({ type: 'step', event: 'done', id: 'network/vpc', action: 'create' }),
    );
    expect(events.at(-1)).toMatchObject({
      type: 'result',
      result: { stack: 'dev', region: 'us-east-1', changed: true, calls: { aws: expect.any(Number) } },
    });
    expect(events.filter(({ type }) => type === 'result')).toHaveLength(1);

    const versions = await stage.run(['state', 'versions', '--json']);
    expect(lines(versions.stdout).at(-1)?.type).toBe('result');
    const destroyed = await stage.run([...DESTROY, '--json']);
    expect(lines(destroyed.stdout).at(-1)).toMatchObject({ type: 'result', result: { left: [], kept: [] } });
  });
});

describe('an error under --json', () => {
  beforeAll(() => emulator.reset());

  it('of the command line is a line with code, message and fix', async () => {
    const { stdout, code } = await stage.run(['init', '--json', '--nonsense']);
    expect(code).toBe(64);
    expect(lines(stdout)).toEqual([
      { type: 'error', code: 'USAGE', message: "unknown option '--nonsense'", fix: 'Add --help to see what there is.' },
    ]);
  });

  it('of an answer is the last line', async () => {
    const { stdout, code } = await stage.run([...INIT, '--json', '--cpu', '1000']);
    expect(code).toBe(64);
    expect(lines(stdout).at(-1)).toMatchObject({
      type: 'error',
      code: 'BAD_ANSWER',
      message: expect.stringContaining('CPU 1000 does not exist'),
      fix: 'Change the answers named above.',
    });
  });

  it('of several steps names each, with its fix', async () => {
    const denied = { status: 403, code: 'AccessDenied', message: 'not you' };
    await emulator.fault({ kind: 'error', match: { operation: 'CreateRole' }, times: 2, ...denied });
    const { stdout, code } = await stage.run([...INIT, '--json']);
    expect(code).toBe(1);
    const events = lines(stdout);
    expect(events.filter(({ event }) => event === 'failed')).toHaveLength(2);
    expect(events.at(-1)).toMatchObject({
      type: 'error',
      code: 'MANY',
      errors: [
        {
          code: 'ACCESS_DENIED',
          message: expect.stringMatching(/^creating .* role: these credentials may not iam:CreateRole/),
          fix: expect.any(String),
        },
        { code: 'ACCESS_DENIED' },
      ],
    });
  });
});

describe('--debug', () => {
  it('shows where an error came from, and without it no stack is shown', async () => {
    const wrong = { AWS_SECRET_ACCESS_KEY: 'wrong' };
    const shown = await stage.run(['status', '--debug'], wrong);
    expect(shown.stderr).toMatch(/UserError: AWS does not know these credentials[\s\S]*\n {4}at /);
    expect(shown.stderr).toMatch(/SignatureDoesNotMatch: [\s\S]*\n {4}at /);
    expect((await stage.run(['status'], wrong)).stderr).not.toMatch(/\n {4}at /);
    const json = await stage.run(['status', '--json', '--debug'], wrong);
    expect(lines(json.stdout).at(-1)).toMatchObject({ type: 'error', stack: expect.stringContaining('\n    at ') });
  });
});
