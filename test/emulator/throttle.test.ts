import { CreateInternetGatewayCommand, DescribeVpcsCommand } from '@aws-sdk/client-ec2';
import { CreateClusterCommand } from '@aws-sdk/client-ecs';
import { CreateRoleCommand } from '@aws-sdk/client-iam';
import { describe, expect, it } from 'vitest';
import { eventually, useEmulator } from '../helpers/emulator.ts';

const emulator = useEmulator({ strict: ['off', 'throttle=0.5'] });

describe('Too many calls that change something', () => {
  /** The first refusal of calls that are made until there is one. */
  async function firstRefusal(call: () => Promise<unknown>) {
    for (let calls = 0; calls < 40; calls += 1) {
      const error = await call().then(
        () => undefined,
        (reason: Error & { $metadata: { httpStatusCode?: number } }) => reason,
      );
      if (error) return { name: error.name, message: error.message, status: error.$metadata.httpStatusCode };
    }
    throw new Error('there was none');
  }

  it('are throttled under the name that each service has for it; reads are not, and a while later all is well', async () => {
    const { ec2, ecs, iam } = emulator.clients;
    const gateway = () => ec2.send(new CreateInternetGatewayCommand({}));
    expect(await firstRefusal(gateway)).toMatchObject({ name: 'RequestLimitExceeded', status: 503 });
    await ec2.send(new DescribeVpcsCommand({}));
    expect(await firstRefusal(() => ecs.send(new CreateClusterCommand({ clusterName: 'c' })))).toEqual({
      name: 'ThrottlingException',
      message: 'Rate exceeded',
      status: 400,
    });
    let n = 0;
    const role = () => {
      n += 1;
      return iam.send(new CreateRoleCommand({ RoleName: `r${n}`, AssumeRolePolicyDocument: '{}' }));
    };
    expect(await firstRefusal(role)).toEqual({ name: 'Throttling', message: 'Rate exceeded', status: 400 });
    await eventually('a gateway', () => gateway().catch(() => undefined));
  });
});
