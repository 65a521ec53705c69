import { CreateVpcCommand, DescribeRegionsCommand } from '@aws-sdk/client-ec2';
import {
  GetAWSDefaultServiceQuotaCommand,
  GetServiceQuotaCommand,
  ListServiceQuotasCommand,
} from '@aws-sdk/client-service-quotas';
import { GetCallerIdentityCommand } from '@aws-sdk/client-sts';
import { beforeEach, describe, expect, it } from 'vitest';
import { clientsFor, refusal, useEmulator } from '../helpers/emulator.ts';

const emulator = useEmulator({ strict: ['off'] });
beforeEach(() => emulator.reset());

describe('quotas', () => {
  const limitOf = async (ServiceCode: string, QuotaCode: string): Promise<number | undefined> =>
    (await emulator.clients.quotas.send(new GetServiceQuotaCommand({ ServiceCode, QuotaCode }))).Quota?.Value;

  it.each([
    ['vpc', 'L-F678F1CE', 5],
    ['vpc', 'L-FE5A380F', 5],
    ['ec2', 'L-0263D0A3', 5],
    ['fargate', 'L-3032A538', 4000],
  ])('of %s with code %s begin with %i', async (ServiceCode, QuotaCode, value) => {
    expect(await limitOf(ServiceCode, QuotaCode)).toBe(value);
    const { Quota } = await emulator.clients.quotas.send(
      new GetAWSDefaultServiceQuotaCommand({ ServiceCode, QuotaCode }),
    );
    expect(Quota).toMatchObject({ QuotaCode, Value: value });
  });

  it('of Fargate are those that tasks are held to', async () => {
    await emulator.ask('POST', 'fargate', { capacityProvider: 'FARGATE_SPOT', quota: 6 });
    expect(await limitOf('fargate', 'L-36FBB829')).toBe(6);
    expect(await limitOf('fargate', 'L-3032A538')).toBe(4000);
    const { Quotas } = await emulator.clients.quotas.send(new ListServiceQuotasCommand({ ServiceCode: 'fargate' }));
    expect(Quotas?.map(({ QuotaCode, Value }) => [QuotaCode, Value])).toEqual([
      ['L-3032A538', 4000],
      ['L-36FBB829', 6],
    ]);
  });

  it('that are not known are refused with NoSuchResourceException', async () => {
    expect((await refusal(limitOf('vpc', 'L-00000000'))).name).toBe('NoSuchResourceException');
    const list = emulator.clients.quotas.send(new ListServiceQuotasCommand({ ServiceCode: 'none' }));
    expect((await refusal(list)).name).toBe('NoSuchResourceException');
  });
});

describe('a region that is not enabled', () => {
  it('does not know the keys of the account, and is shown only to who asks for all', async () => {
    const { ec2, sts } = clientsFor(emulator.address, 'eu-south-2');
    try {
      expect(await refusal(sts.send(new GetCallerIdentityCommand({})))).toMatchObject({
        name: 'InvalidClientTokenId',
        status: 403,
      });
      expect((await refusal(ec2.send(new DescribeRegionsCommand({})))).name).toBe('AuthFailure');
    } finally {
      for (const client of [ec2, sts]) client.destroy();
    }
    const statusOf = async (AllRegions: boolean): Promise<string | undefined> => {
      const { Regions } = await emulator.clients.ec2.send(new DescribeRegionsCommand({ AllRegions }));
      return Regions?.find(({ RegionName }) => RegionName === 'eu-south-2')?.OptInStatus;
    };
    expect(await statusOf(true)).toBe('not-opted-in');
    expect(await statusOf(false)).toBeUndefined();
  });
});

describe('a dry run', () => {
  const dryRun = () => emulator.clients.ec2.send(new CreateVpcCommand({ CidrBlock: '10.0.0.0/16', DryRun: true }));

  it('creates nothing, counts as no change, and meets only faults that are for it', async () => {
    const before = await emulator.inventory();
    const denied = { kind: 'error', status: 403, code: 'UnauthorizedOperation' } as const;
    await emulator.fault({ ...denied, match: { operation: 'CreateVpc' } });
    expect((await refusal(dryRun())).name).toBe('DryRunOperation');
    await emulator.fault({ ...denied, match: { operation: 'CreateVpc', dryRun: true } });
    expect((await refusal(dryRun())).name).toBe('UnauthorizedOperation');
    expect(await emulator.inventory()).toEqual(before);
    const calls = (await emulator.calls()).filter(({ operation }) => operation === 'CreateVpc');
    expect(calls.map(({ mutating }) => mutating)).toEqual([false, false]);
  });
});
