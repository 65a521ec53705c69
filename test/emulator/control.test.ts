import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { Readable } from 'node:stream';
import { CreateVpcCommand, DeleteVpcCommand, DescribeVpcsCommand } from '@aws-sdk/client-ec2';
import { GenerateOrganizationsAccessReportCommand } from '@aws-sdk/client-iam';
import {
  CreateBucketCommand,
  GetBucketMetricsConfigurationCommand,
  GetObjectCommand,
  PutObjectCommand,
} from '@aws-sdk/client-s3';
import { CreateSecretCommand, ListSecretsCommand, PutSecretValueCommand } from '@aws-sdk/client-secrets-manager';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { refusal, startTestEmulator, useEmulator } from '../helpers/emulator.ts';
import { createVpc, given } from './network.ts';

const emulator = useEmulator({ strict: ['off'] });
beforeEach(() => emulator.reset());

describe('what is late', () => {
  it('catches up at once when it is told to', async () => {
    const { emulator: late, stop } = await startTestEmulator({ strict: ['off', 'ec2-use=600', 'ec2-id=600'] });
    try {
      const { ec2 } = late.clients;
      const VpcId = await createVpc(ec2);
      const remove = () => ec2.send(new DeleteVpcCommand({ VpcId }));
      expect(await refusal(remove())).toMatchObject({ name: 'InvalidVpcID.NotFound' });
      expect(await refusal(ec2.send(new DescribeVpcsCommand({ VpcIds: [VpcId] })))).toBeDefined();
      await late.settle();
      expect((await ec2.send(new DescribeVpcsCommand({ VpcIds: [VpcId] }))).Vpcs).toHaveLength(1);
      await remove();
    } finally {
      await stop();
    }
  });
});

describe('the call log', () => {
  it('holds one entry per request, with the names and parameters of the AWS API', async () => {
    const { ec2, secrets } = emulator.clients;
    await ec2.send(new DescribeVpcsCommand({ Filters: [{ Name: 'tag:a', Values: ['b'] }] }));
    await refusal(ec2.send(new DeleteVpcCommand({ VpcId: 'vpc-0123456789abcdef0' })));
    await secrets.send(new ListSecretsCommand({ MaxResults: 5 }));
    const calls = await emulator.calls();
    expect(calls).toMatchObject([
      { n: 1, service: 'ec2', operation: 'DescribeVpcs', status: 200, error: null, mutating: false },
      { n: 2, service: 'ec2', operation: 'DeleteVpc', status: 400, error: 'InvalidVpcID.NotFound', mutating: true },
      { n: 3, service: 'secretsmanager', operation: 'ListSecrets', params: { MaxResults: 5 }, principal: 'operator' },
    ]);
    expect(calls[0]?.params).toEqual({ Filters: [{ Name: 'tag:a', Values: ['b'] }] });
    expect(calls[0]?.agent).toContain('aws-sdk-js');
    expect((await emulator.calls(2)).map(({ n }) => n)).toEqual([3]);
  });

  it('knows S3 operations by the names of the SDK', async () => {
    const { s3 } = emulator.clients;
    await s3.send(new CreateBucketCommand({ Bucket: 'data' }));
    await s3.send(new PutObjectCommand({ Bucket: 'data', Key: 'a/b c', Body: 'text', IfNoneMatch: '*' }));
    const calls = await emulator.calls();
    expect(calls.map(({ operation }) => operation)).toEqual(['CreateBucket', 'PutObject']);
    expect(calls[1]?.params).toMatchObject({ Bucket: 'data', Key: 'a/b c', IfNoneMatch: '*' });
  });

  it('holds no secret and no object', async () => {
    const { s3, secrets } = emulator.clients;
    const planted = 'planted-4f1d8c';
    await secrets.send(new CreateSecretCommand({ Name: 'dev', SecretString: `{"apiKey":"${planted}"}` }));
    await secrets.send(new PutSecretValueCommand({ SecretId: 'dev', SecretBinary: Buffer.from(planted) }));
    await s3.send(new CreateBucketCommand({ Bucket: 'data' }));
    await s3.send(new PutObjectCommand({ Bucket: 'data', Key: 'a', Body: planted }));
    const streamed = { Bucket: 'data', Key: 'b', Body: Readable.from([planted]), ContentLength: planted.length };
    await s3.send(new PutObjectCommand(streamed));
    const calls = await emulator.calls();
    const text = JSON.stringify([calls, await emulator.inventory()]);
    expect(calls).toHaveLength(5);
    for (const form of [planted, Buffer.from(planted).toString('base64'), emulator.address.secretAccessKey]) {
      expect(text).not.toContain(form);
    }
  });

  it('names an operation that is not implemented, which is answered with 501 NotImplemented', async () => {
    const { iam, s3 } = emulator.clients;
    await s3.send(new CreateBucketCommand({ Bucket: 'data' }));
    const refusals = await Promise.all([
      refusal(s3.send(new GetBucketMetricsConfigurationCommand({ Bucket: 'data', Id: 'all' }))),
      refusal(iam.send(new GenerateOrganizationsAccessReportCommand({ EntityPath: 'o-a1b2c3d4e5/r-f6g7h8' }))),
    ]);
    expect(refusals[0]).toMatchObject({ name: 'NotImplemented', status: 501 });
    expect(refusals[0]?.message).toContain('GetBucketMetricsConfiguration');
    expect(refusals[1]).toMatchObject({ name: 'NotImplemented', status: 501 });
    expect(refusals[1]?.message).toContain('GenerateOrganizationsAccessReport');
    expect((await emulator.calls()).at(-1)).toMatchObject({ error: 'NotImplemented', status: 501 });
  });
});

describe('the inventory', () => {
  it('is the same after a reset as at the start, whatever happened in between', async () => {
    const start = await emulator.inventory();
    expect(Object.keys(start.ec2 ?? {})).toContain('vpc');
    await createVpc(emulator.clients.ec2);
    await emulator.clients.secrets.send(new CreateSecretCommand({ Name: 'dev', SecretString: 's' }));
    expect(await emulator.inventory()).not.toEqual(start);
    await emulator.reset();
    expect(await emulator.inventory()).toEqual(start);
    expect(await emulator.calls()).toEqual([]);
  });

  it('is the same as before when all that was created is deleted', async () => {
    const { ec2 } = emulator.clients;
    const before = await emulator.inventory();
    const VpcId = await createVpc(ec2);
    expect((await emulator.inventory()).ec2?.vpc).toHaveProperty(VpcId);
    await ec2.send(new DeleteVpcCommand({ VpcId }));
    expect(await emulator.inventory()).toEqual(before);
  });
});

describe('a recording', () => {
  it('has what was changed since it began, with all that it takes to repeat it, and no secret', async () => {
    const { ec2, s3, secrets } = emulator.clients;
    await createVpc(ec2);
    await emulator.ask('POST', 'recording');
    await ec2.send(new DescribeVpcsCommand({}));
    const VpcId = await createVpc(ec2);
    await refusal(ec2.send(new DeleteVpcCommand({ VpcId: 'vpc-0123456789abcdef0' })));
    await secrets.send(new CreateSecretCommand({ Name: 'dev', SecretString: 'planted-4f1d8c' }));
    await s3.send(new CreateBucketCommand({ Bucket: 'data' }));
    await s3.send(new PutObjectCommand({ Bucket: 'data', Key: 'a', Body: Buffer.from([0, 255]) }));
    expect(await emulator.ask('GET', 'recording')).toMatchObject({
      calls: [
        { service: 'ec2', operation: 'CreateVpc', answer: { Vpc: { VpcId } } },
        { operation: 'CreateSecret', params: { Name: 'dev', SecretString: '***' }, answer: { Name: 'dev' } },
        { operation: 'CreateBucket', params: { Bucket: 'data' } },
        { operation: 'PutObject', params: { Key: 'a', Body: { base64: 'AP8=' } } },
      ],
    });
    await emulator.reset();
    await createVpc(ec2);
    expect(await emulator.ask('GET', 'recording')).toEqual({ calls: [] });
  });
});

describe('faults', () => {
  let child: ChildProcess | undefined;
  afterEach(async () => {
    await emulator.clearFaults();
    if (child?.exitCode === null && child.signalCode === null) {
      child.kill('SIGKILL');
      await once(child, 'exit');
    }
  });

  const startChild = async (): Promise<number> => {
    child = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)'], { stdio: 'ignore' });
    await once(child, 'spawn');
    return given(child.pid);
  };
  const vpcCount = async () => (await emulator.clients.ec2.send(new DescribeVpcsCommand({}))).Vpcs?.length;
  const create = () => emulator.clients.ec2.send(new CreateVpcCommand({ CidrBlock: '10.0.0.0/16' }));

  it('answers a chosen call with a chosen error, as often as asked', async () => {
    const match = { service: 'ec2', operation: 'CreateVpc' };
    await emulator.fault({ match, kind: 'error', status: 503, code: 'Unavailable', message: 'try later', times: 2 });
    expect(await vpcCount()).toBe(1);
    for (const _time of [1, 2]) expect(await refusal(create())).toMatchObject({ name: 'Unavailable', status: 503 });
    await create();
    expect(await vpcCount()).toBe(2);
  });

  it('does not count a change that AWS refuses', async () => {
    await emulator.fault({ match: { operation: 'DeleteVpc' }, kind: 'close', mutating: true });
    const { ec2 } = emulator.clients;
    expect(await refusal(ec2.send(new DeleteVpcCommand({ VpcId: 'vpc-0123456789abcdef0' })))).toMatchObject({
      name: 'InvalidVpcID.NotFound',
    });
    const VpcId = await createVpc(ec2);
    expect(await refusal(ec2.send(new DeleteVpcCommand({ VpcId })))).toMatchObject({ status: 0 });
    expect(await vpcCount()).toBe(1);
  });

  it('holds a call back for the time asked', async () => {
    await emulator.fault({ match: { service: 'ec2', operation: 'CreateVpc' }, kind: 'delay', seconds: 0.3 });
    const started = performance.now();
    await create();
    expect(performance.now() - started).toBeGreaterThan(290);
  });

  it('lets a hanging call go on when the faults are cleared', async () => {
    await emulator.fault({ match: { service: 'ec2', operation: 'CreateVpc' }, kind: 'hang' });
    let answered = false;
    const hanging = create().then(() => {
      answered = true;
    });
    expect(await vpcCount()).toBe(1);
    expect(answered).toBe(false);
    await emulator.clearFaults();
    await hanging;
    expect(await vpcCount()).toBe(2);
  });

  it('signals a process after the n-th mutating call was carried out and before its answer', async () => {
    const pid = await startChild();
    await emulator.fault({ after: 2, mutating: true, kind: 'signal', pid, signal: 'SIGKILL' });
    await create();
    expect(await vpcCount()).toBe(2);
    const exit = once(given(child), 'exit');
    await refusal(create());
    expect(await exit).toEqual([null, 'SIGKILL']);
    expect(await vpcCount()).toBe(3);
  });

  it('signals a process before the call is carried out when asked', async () => {
    const pid = await startChild();
    await emulator.fault({ after: 1, mutating: true, before: true, kind: 'signal', pid, signal: 'SIGTERM' });
    const exit = once(given(child), 'exit');
    await refusal(create());
    expect(await exit).toEqual([null, 'SIGTERM']);
    expect(await vpcCount()).toBe(1);
  });

  it.each([
    ['close-before', 1],
    ['close-after', 2],
  ] as const)('cuts the connection without an answer (%s)', async (kind, expected) => {
    await emulator.fault({ match: { service: 'ec2', operation: 'CreateVpc' }, kind });
    const refused = await refusal(create());
    expect(refused.status).toBe(0);
    expect(await vpcCount()).toBe(expected);
  });

  it('refuses a fault that it does not know', async () => {
    await expect(emulator.ask('POST', 'fault', { kind: 'explode' })).rejects.toThrow(/unknown kind/);
    await expect(emulator.ask('POST', 'fault', { kind: 'signal' })).rejects.toThrow(/needs the pid/);
  });
});

describe('S3 bodies in chunks', () => {
  it('are stored without the framing of aws-chunked', async () => {
    const { s3 } = emulator.clients;
    await s3.send(new CreateBucketCommand({ Bucket: 'data' }));
    const Body = Readable.from(['one', 'two']);
    await s3.send(new PutObjectCommand({ Bucket: 'data', Key: 'a', Body, ContentLength: 6 }));
    const read = await s3.send(new GetObjectCommand({ Bucket: 'data', Key: 'a' }));
    expect(await read.Body?.transformToString()).toBe('onetwo');
  });
});
