import { randomUUID } from 'node:crypto';
import {
  CreateSecretCommand,
  DeleteSecretCommand,
  DescribeSecretCommand,
  GetSecretValueCommand,
  PutSecretValueCommand,
  RestoreSecretCommand,
} from '@aws-sdk/client-secrets-manager';
import { beforeEach, describe, expect, it } from 'vitest';
import { eventually, refusal, useEmulator } from '../helpers/emulator.ts';
import { given } from './network.ts';

const emulator = useEmulator({ strict: ['off', 'secret-name=0.5'] });
beforeEach(() => emulator.reset());
const Name = 'temporal-fargate/dev/temporal';
const Tags = [{ Key: 'temporal-fargate:stack', Value: 'dev' }];

function create(SecretString = 'first', ClientRequestToken: string = randomUUID()) {
  return emulator.clients.secrets.send(new CreateSecretCommand({ Name, SecretString, ClientRequestToken, Tags }));
}

function schedule() {
  return emulator.clients.secrets.send(new DeleteSecretCommand({ SecretId: Name, RecoveryWindowInDays: 7 }));
}

describe('a secret', () => {
  it('has an ARN with six random characters, its tags and its versions by stage', async () => {
    const { secrets } = emulator.clients;
    const token = randomUUID();
    expect((await create('first', token)).ARN).toMatch(/:secret:temporal-fargate\/dev\/temporal-[A-Za-z0-9]{6}$/);
    const second = randomUUID();
    const value = { SecretId: Name, SecretString: 'second', ClientRequestToken: second };
    await secrets.send(new PutSecretValueCommand(value));
    const found = await secrets.send(new DescribeSecretCommand({ SecretId: Name }));
    expect(found).toMatchObject({ Tags, VersionIdsToStages: { [token]: ['AWSPREVIOUS'], [second]: ['AWSCURRENT'] } });
    expect(found.DeletedDate).toBeUndefined();
  });

  it('refuses the name of an existing one with ResourceExistsException', async () => {
    await create();
    expect((await refusal(create())).name).toBe('ResourceExistsException');
  });

  it('takes the same request token with the same value again and refuses another value', async () => {
    const token = randomUUID();
    const first = await create('first', token);
    expect((await create('first', token)).ARN).toBe(first.ARN);
    expect((await refusal(create('other', token))).name).toBe('ResourceExistsException');
    const { secrets } = emulator.clients;
    const put = { SecretId: Name, SecretString: 'other', ClientRequestToken: token };
    expect((await refusal(secrets.send(new PutSecretValueCommand(put)))).name).toBe('ResourceExistsException');
  });
});

describe('a secret that is scheduled for deletion', () => {
  it('blocks its name with InvalidRequestException', async () => {
    await create();
    await schedule();
    const refused = await refusal(create());
    expect(refused.name).toBe('InvalidRequestException');
    expect(refused.message).toBe(
      "You can't create this secret because a secret with this name is already scheduled for deletion.",
    );
  });

  it('cannot be read or written, and shows its date of deletion', async () => {
    const { secrets } = emulator.clients;
    await create();
    await schedule();
    const attempts = [
      secrets.send(new GetSecretValueCommand({ SecretId: Name })),
      secrets.send(new PutSecretValueCommand({ SecretId: Name, SecretString: 'second' })),
      schedule(),
    ];
    const names = (await Promise.all(attempts.map(refusal))).map(({ name }) => name);
    expect(new Set(names)).toEqual(new Set(['InvalidRequestException']));
    const found = await secrets.send(new DescribeSecretCommand({ SecretId: Name }));
    expect(given(found.DeletedDate).getTime()).toBeGreaterThan(Date.now());
  });

  it('comes back with its value by RestoreSecret', async () => {
    const { secrets } = emulator.clients;
    await create();
    await schedule();
    await secrets.send(new RestoreSecretCommand({ SecretId: Name }));
    expect((await secrets.send(new GetSecretValueCommand({ SecretId: Name }))).SecretString).toBe('first');
    expect((await secrets.send(new DescribeSecretCommand({ SecretId: Name }))).DeletedDate).toBeUndefined();
  });

  it('goes at once by force, which frees the name a while later', async () => {
    const { secrets } = emulator.clients;
    await create();
    await schedule();
    await secrets.send(new DeleteSecretCommand({ SecretId: Name, ForceDeleteWithoutRecovery: true }));
    const again = await refusal(create('again'));
    expect(again).toMatchObject({ name: 'InvalidRequestException', message: expect.stringContaining('scheduled') });
    await eventually('the name is free', () => create('again').catch(() => undefined));
    expect((await secrets.send(new GetSecretValueCommand({ SecretId: Name }))).SecretString).toBe('again');
  });
});
