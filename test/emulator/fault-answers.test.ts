import { DescribeAlarmsCommand } from '@aws-sdk/client-cloudwatch';
import { CreateVpcCommand, DescribeSubnetsCommand, DescribeVpcsCommand } from '@aws-sdk/client-ec2';
import { ListClustersCommand } from '@aws-sdk/client-ecs';
import { ListRolesCommand } from '@aws-sdk/client-iam';
import { ListBucketsCommand, ListObjectsV2Command } from '@aws-sdk/client-s3';
import { afterEach, describe, expect, it } from 'vitest';
import { type Fault, refusal, useEmulator } from '../helpers/emulator.ts';

const emulator = useEmulator({ strict: ['off'] });
afterEach(() => emulator.reset());

/** A call of each protocol, and one of the service that answers by JSON with the names of the query protocol. */
const CALLS = {
  ec2: () => emulator.clients.ec2.send(new DescribeVpcsCommand({})),
  iam: () => emulator.clients.iam.send(new ListRolesCommand({})),
  s3: () => emulator.clients.s3.send(new ListBucketsCommand({})),
  ecs: () => emulator.clients.ecs.send(new ListClustersCommand({})),
  monitoring: () => emulator.clients.cloudwatch.send(new DescribeAlarmsCommand({})),
} as const;

const NAMES = {
  'server-error': [
    'InternalError',
    'ServiceFailureException',
    'InternalError',
    'ServerException',
    'InternalServiceFault',
  ],
  unavailable: ['Unavailable', 'ServiceUnavailable', 'ServiceUnavailable', 'ServiceUnavailable', 'ServiceUnavailable'],
  throttle: ['RequestLimitExceeded', 'Throttling', 'SlowDown', 'ThrottlingException', 'Throttling'],
  expired: ['RequestExpired', 'ExpiredToken', 'ExpiredToken', 'ExpiredTokenException', 'ExpiredToken'],
  denied: ['UnauthorizedOperation', 'AccessDenied', 'AccessDenied', 'AccessDeniedException', 'AccessDenied'],
} as const satisfies Partial<Record<Fault['kind'], readonly string[]>>;

describe('what AWS fails with', () => {
  it.each(Object.entries(NAMES))('is named by each service as its SDK knows it (%s)', async (kind, names) => {
    for (const [index, call] of Object.values(CALLS).entries()) {
      await emulator.fault({ kind: kind as Fault['kind'] });
      const { name, status } = await refusal(call());
      expect(name).toBe(names[index]);
      expect(status).toBeGreaterThanOrEqual(400);
      await emulator.clearFaults();
      await call();
    }
  });

  it('is logged as the fault that struck the call', async () => {
    await emulator.fault({ kind: 'throttle', match: { service: 'iam' } });
    await CALLS.ec2();
    await refusal(CALLS.iam());
    expect((await emulator.calls()).map(({ fault }) => fault)).toEqual([null, 'throttle']);
  });
});

describe('credentials that expire', () => {
  it('are refused by every service from then on, whatever the call', async () => {
    await emulator.fault({ kind: 'expired', match: { service: 's3' } });
    await CALLS.ec2();
    await refusal(CALLS.s3());
    expect((await refusal(CALLS.ec2())).name).toBe('RequestExpired');
    expect((await refusal(CALLS.ecs())).name).toBe('ExpiredTokenException');
  });
});

describe('a denied action', () => {
  it('stays denied, names who may not do what, and leaves all others allowed', async () => {
    await emulator.fault({ kind: 'denied', match: { service: 'ec2', operation: 'DescribeVpcs' } });
    for (const _time of [1, 2]) {
      expect((await refusal(CALLS.ec2())).message).toContain(
        'User: arn:aws:iam::123456789012:user/sandbox is not authorized to perform: ec2:DescribeVpcs on resource: *',
      );
    }
    await emulator.clients.ec2.send(new DescribeSubnetsCommand({}));
    await CALLS.iam();
  });

  it('is that of IAM, which may allow several calls, on what the call names', async () => {
    const list = () => emulator.clients.s3.send(new ListObjectsV2Command({ Bucket: 'data' }));
    await emulator.fault({ kind: 'denied', match: { operation: 'HeadBucket' } });
    expect((await refusal(list())).name).toBe('NoSuchBucket');
    await emulator.clearFaults();
    await emulator.fault({ kind: 'denied', match: { service: 's3' } });
    expect((await refusal(list())).message).toMatch(/s3:ListBucket on resource: arn:aws:s3:::data because/);
  });
});

describe('answers that do not come as AWS gives them', () => {
  const create = () => emulator.clients.ec2.send(new CreateVpcCommand({ CidrBlock: '10.0.0.0/16' }));
  const vpcCount = async () => (await CALLS.ec2()).Vpcs?.length;

  it('are carried out all the same when something else answers in their place', async () => {
    await emulator.fault({ kind: 'garbled', match: { operation: 'CreateVpc' } });
    const answer = await create().catch((error: Error) => error);
    expect(JSON.stringify(answer)).not.toContain('vpc-');
    expect(await vpcCount()).toBe(2);
  });

  it('are carried out before their time when they are late', async () => {
    await emulator.fault({ kind: 'late', seconds: 0.4, match: { operation: 'CreateVpc' } });
    const startedAt = performance.now();
    const created = create();
    while ((await vpcCount()) === 1);
    expect(performance.now() - startedAt).toBeLessThan(390);
    await created;
    expect(performance.now() - startedAt).toBeGreaterThan(390);
  });
});
