import { createServer } from 'node:net';
import { CreateLogGroupCommand } from '@aws-sdk/client-cloudwatch-logs';
import { PutObjectCommand } from '@aws-sdk/client-s3';
import { beforeEach, describe, expect, it } from 'vitest';
import { countable } from '../helpers/inventory.ts';
import { counts, DESTROY, expectRefusal, INIT, useCliStage } from './stage.ts';

const stage = useCliStage();
const { emulator } = stage;
beforeEach(() => emulator.reset());

const ACCESS_DENIED = { status: 403, code: 'AccessDenied', message: 'Access Denied' };
const EXPIRED = { status: 403, code: 'ExpiredToken', message: 'The security token included in the request is expired' };

/** The same command again repairs what a failed run left, and destroy leaves nothing of both. */
async function goesOn(before: Awaited<ReturnType<typeof emulator.inventory>>): Promise<void> {
  await emulator.clearFaults();
  const again = await stage.run([...INIT]);
  expect(again).toMatchObject({ code: 0, stdout: expect.stringContaining('Stack dev is up') });
  const made = counts(await emulator.inventory());
  expect(made['ec2 natgateway']).toBe(1);
  expect((await stage.run([...DESTROY])).stdout).toMatch(/^0 left$/m);
  expect(countable(await emulator.inventory())).toEqual(countable(before));
}

describe('credentials that expire', () => {
  it('are named before anything is created', async () => {
    await emulator.fault({ kind: 'error', match: { service: 'sts', operation: 'GetCallerIdentity' }, ...EXPIRED });
    expectRefusal(expect, await stage.run([...INIT]), {
      code: 1,
      says: 'the AWS credentials have expired',
      fix: 'Log in again (aws sso login), then run the same command: it goes on where it stopped.',
    });
    expect(await stage.changes()).toEqual([]);
  });

  it('in the middle of a run are one message, not one for each step, and the next run goes on', async () => {
    const before = await emulator.inventory();
    await emulator.fault({ kind: 'error', mutating: true, after: 25, times: 999, ...EXPIRED });
    // It cannot give its lock back, which is free only because its process is gone.
    const failed = await stage.start(INIT).result;
    expectRefusal(expect, failed, {
      code: 1,
      says: /^✖ the AWS credentials have expired \(ExpiredToken\)\n/,
      fix: 'Log in again (aws sso login), then run the same command: it goes on where it stopped.',
    });
    await goesOn(before);
  });
});

describe('calls that are refused', () => {
  it('name the step that lacks the permission, and the next run goes on', async () => {
    const before = await emulator.inventory();
    await emulator.fault({
      kind: 'error',
      match: { service: 'ec2', operation: 'CreateNatGateway' },
      status: 403,
      code: 'UnauthorizedOperation',
      message:
        'You are not authorized to perform this operation. User: arn:aws:iam::123456789012:user/ada is not authorized to perform: ec2:CreateNatGateway on resource: arn:aws:ec2:us-east-1:123456789012:natgateway/* because no identity-based policy allows the ec2:CreateNatGateway action. Encoded authorization failure message: 4GIOHlTkIaWHQD0Q0m6XSnuUMCm-abcdef',
    });
    const failed = await stage.run([...INIT]);
    expectRefusal(expect, failed, {
      code: 1,
      says: /creating NAT gateway \(us-east-1a\): arn:aws:iam::123456789012:user\/ada may not ec2:CreateNatGateway on arn:aws:ec2:us-east-1:123456789012:natgateway\/\* \(UnauthorizedOperation, because [^)]*\)\n/,
      fix: /Allow ec2:CreateNatGateway on arn:aws:ec2:us-east-1:123456789012:natgateway\/\* for these credentials.*\n {2}All that init needs: temporal-fargate policy --for init --stack dev\n/,
    });
    expect(failed.stderr).not.toMatch(/(NAT gateway \(us-east-1a\).*){2}|Encoded authorization/);
    // Before that AWS may not have seen the address yet, which is no reason to give up.
    expect((await emulator.calls()).filter(({ error }) => error === 'UnauthorizedOperation')).toHaveLength(1);
    await goesOn(before);
  });

  it('are all reported when there are several', async () => {
    for (const operation of ['CreateRepository', 'PutRetentionPolicy'])
      await emulator.fault({ kind: 'error', match: { operation }, ...ACCESS_DENIED, code: 'AccessDeniedException' });
    const failed = await stage.run([...INIT]);
    for (const [doing, action] of [
      ['creating', 'ecr:CreateRepository'],
      ['updating', 'logs:PutRetentionPolicy'],
    ]) {
      expectRefusal(expect, failed, {
        code: 1,
        says: new RegExp(`^✖ 2 things failed:\n(.*\n)* {2}- ${doing} .*: these credentials may not ${action} `),
        fix: `\n  Allow ${action} for these credentials, or ask whoever administers the account to.\n`,
      });
    }
    expect(failed.stderr.match(/All that init needs: temporal-fargate policy --for init --stack dev\n/g)).toHaveLength(
      1,
    );
  });

  it('say what prints the policy also where reading is refused, or the state', async () => {
    const init = [...INIT, '--stack', 'pr-17', '--region', 'us-east-1'];
    const printed = /\n {2}All that init needs: temporal-fargate policy --for init --stack pr-17 --region us-east-1\n/;
    const again = 'What was done is recorded: with that, run the same command again.';
    await emulator.fault({ kind: 'error', match: { operation: 'DescribeClusters' }, times: 9, ...ACCESS_DENIED });
    const blind = await stage.run(init);
    expectRefusal(expect, blind, {
      code: 1,
      says: 'looking for ECS cluster: these credentials may not ecs:DescribeClusters ',
      fix: printed,
    });
    await emulator.clearFaults();
    await emulator.fault({
      kind: 'error',
      match: { service: 's3', operation: 'PutObject' },
      times: 9,
      ...ACCESS_DENIED,
    });
    const unrecorded = await stage.run(init);
    expectRefusal(expect, unrecorded, {
      code: 1,
      says: 'using state bucket tfg-state-123456789012-us-east-1-an: access denied',
      fix: printed,
    });
    expect(unrecorded.stderr).toContain('Allow s3:PutObject and s3:GetObject on it');
    for (const { stderr } of [blind, unrecorded]) expect(stderr).toContain(again);
    // Nothing but the bucket of the state was made.
    expect((await stage.changes()).filter(({ service }) => service !== 's3')).toEqual([]);
  });

  it('for another reason quote it, and say that the same command goes on', async () => {
    await emulator.fault({
      kind: 'error',
      match: { operation: 'CreateRepository' },
      code: 'BrandNewException',
      message: 'too many repositories',
    });
    expectRefusal(expect, await stage.run([...INIT]), {
      code: 1,
      says: 'creating ECR repository: AWS refuses (BrandNewException: too many repositories)',
      fix: 'What was done is recorded: mend the cause and run the same command again.',
    });
  });
});

describe('things of others', () => {
  it('that have our name are refused, by name, and left alone', async () => {
    await emulator.clients.logs.send(new CreateLogGroupCommand({ logGroupName: '/temporal-fargate/dev' }));
    const before = await emulator.inventory();
    await emulator.clearCalls();
    const failed = await stage.run([...INIT]);
    expectRefusal(expect, failed, { code: 1, says: /\/temporal-fargate\/dev/, fix: /tag|delete|name/i });
    expect(await stage.changes()).toEqual([]);
    expect(await emulator.inventory()).toEqual(before);
  });

  it('that hold the lock are named with the time, exit code 75, and nothing is changed', async () => {
    expect((await stage.run([...INIT])).code).toBe(0);
    const [Bucket = ''] = Object.keys((await emulator.inventory()).s3?.bucket ?? {}).filter((name) =>
      /state/.test(name),
    );
    const holder = {
      nonce: 'n',
      user: 'ada',
      host: 'build-7',
      pid: 4711,
      boot: 'other',
      command: 'init',
      acquiredAt: '2026-11-25T08:00:00.000Z',
      leaseSeconds: 60,
      renewals: 0,
      cliVersion: '0.1.0',
    };
    await emulator.clients.s3.send(
      new PutObjectCommand({ Bucket, Key: 'dev/lock.json', Body: JSON.stringify(holder) }),
    );
    await emulator.clearCalls();
    for (const command of [[...INIT, '--max-tasks', '5'], DESTROY]) {
      expectRefusal(expect, await stage.run(command), {
        code: 75,
        says: /ada@build-7 .*4711.* "init" since 2026-11-25T08:00:00\.000Z/,
        fix: /unlock|wait|again/i,
      });
    }
    expect(await stage.changes()).toEqual([]);

    expectRefusal(expect, await stage.run(['unlock']), {
      code: 64,
      says: 'there is no terminal to ask at, and no --yes',
      fix: 'Add --yes to break this lock.',
    });
    const broken = await stage.run(['unlock', '--yes']);
    expect(broken).toMatchObject({ code: 0, stdout: 'The lock of stack dev is broken.\n' });
    expect(broken.stderr).toMatch(/locked: ada@build-7/);
    expect((await stage.run([...INIT])).stdout).toBe('Stack dev is as configured. Nothing was changed.\n');
  });
});

describe('tasks that Fargate has no room for', () => {
  it('are given up with the reason and the fix, and the fix works', async () => {
    await emulator.ask('POST', 'fargate', { capacityProvider: 'FARGATE_SPOT', capacity: 0 });
    const failed = await stage.run([...INIT], { TEMPORAL_FARGATE_TIME_SCALE: '0.005' });
    expectRefusal(expect, failed, {
      code: 1,
      says: /become ready: 0 of 1 tasks of this deployment running; .*Capacity is unavailable.*\n {2}Cause: Fargate has no capacity/,
      fix: 'run init again with more on demand (--on-demand-base 1, or --spot-weight 0)',
    });
    const again = await stage.run([...INIT, '--on-demand-base', '1']);
    expect(again).toMatchObject({ code: 0, stdout: expect.stringContaining('Stack dev is up') });
  });
});

describe('a plan that replaces things', () => {
  it('needs --allow-replace under --yes, and changes nothing without it', async () => {
    expect((await stage.run([...INIT])).code).toBe(0);
    const before = await emulator.inventory();
    const network = counts(before);
    await emulator.clearCalls();
    expectRefusal(expect, await stage.run([...INIT, '--cidr', '10.1.0.0/16']), {
      code: 64,
      says: /^✖ the plan replaces or deletes VPC, internet gateway, public subnet/,
      fix: 'If that is what you want, add --allow-replace.',
    });
    expect(await stage.changes()).toEqual([]);
    const replaced = await stage.run([...INIT, '--cidr', '10.1.0.0/16', '--allow-replace']);
    expect(replaced.stderr).toMatch(/Plan: .* to replace, \d+ unchanged\./);
    expect(replaced.code).toBe(0);
    expect(counts(countable(await emulator.inventory()))['ec2 vpc']).toBe(network['ec2 vpc']);
    expect((await stage.run([...INIT])).stdout).toBe('Stack dev is as configured. Nothing was changed.\n');
  });
});

describe('an AWS that does not answer', () => {
  it('is given up after three attempts, not after minutes (stub that cuts every connection)', async () => {
    let connections = 0;
    const server = createServer((socket) => {
      connections += 1;
      socket.destroy();
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const address = server.address();
    const port = typeof address === 'object' ? address?.port : 0;
    const result = await stage.run([...INIT], { AWS_ENDPOINT_URL: `http://127.0.0.1:${port}` });
    server.close();
    expectRefusal(expect, result, {
      code: 1,
      says: /AWS does not answer: /,
      fix: 'Check the network and the region, then run the same command',
    });
    expect(connections).toBe(3);
  });
});
