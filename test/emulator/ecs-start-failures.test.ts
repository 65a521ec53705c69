import { CreateSecretCommand } from '@aws-sdk/client-secrets-manager';
import { beforeEach, describe, expect, it } from 'vitest';
import { useEmulator } from '../helpers/emulator.ts';
import { createService, executionActions, permit, register, type Stage, setStage, taskWhere } from './ecs-stage.ts';

const emulator = useEmulator({ strict: ['off'], tasks: 'process' });
let stage: Stage;

beforeEach(async () => {
  await emulator.reset();
  stage = await setStage(emulator);
});

const start = async (container = {}) => {
  await createService(emulator, stage, 'worker', await register(emulator, stage, container));
};
const firstStopped = () => taskWhere(emulator, 'worker', 'stopped', (task) => task.lastStatus === 'STOPPED');

describe('a task that cannot start', () => {
  const lost = 'arn:aws:secretsmanager:us-east-1:123456789012:secret:lost-AbCdEf';

  it.each([
    [
      'its image is missing',
      { image: '123456789012.dkr.ecr.us-east-1.amazonaws.com/stage:lost' },
      /^CannotPullContainerError: .*: not found$/,
    ],
    ['its program is missing', { command: ['no-such-program'] }, /^CannotStartContainerError: .*no-such-program/],
    [
      'its secret is missing',
      { secrets: [{ name: 'KEY', valueFrom: lost }] },
      /^ResourceInitializationError: unable to pull secrets/,
    ],
  ])('says that %s', async (_what, container, reason) => {
    await start(container);
    const task = await firstStopped();
    expect(task.stopCode).toBe('TaskFailedToStart');
    expect(task.stoppedReason).toMatch(reason);
  });

  it('says which key a secret lacks', async () => {
    const { ARN } = await emulator.clients.secrets.send(
      new CreateSecretCommand({ Name: 'temporal', SecretString: '{}' }),
    );
    await start({ secrets: [{ name: 'KEY', valueFrom: `${ARN}:apiKey::` }] });
    expect((await firstStopped()).stoppedReason).toMatch(/did not contain json key apiKey$/);
  });

  it('says that its log group is missing', async () => {
    const options = { 'awslogs-group': '/lost', 'awslogs-region': 'us-east-1', 'awslogs-stream-prefix': 'p' };
    await start({ logConfiguration: { logDriver: 'awslogs', options } });
    expect((await firstStopped()).stoppedReason).toMatch(
      /^ResourceInitializationError: failed to validate logger args/,
    );
  });

  it.each([
    ['ecr:GetAuthorizationToken', /^ResourceInitializationError: .*unable to retrieve ecr registry auth/],
    ['ecr:BatchGetImage', /^CannotPullContainerError: .*403 Forbidden/],
    ['logs:CreateLogStream', /^ResourceInitializationError: failed to validate logger args/],
    ['secretsmanager:GetSecretValue', /^ResourceInitializationError: unable to pull secrets/],
  ])('says that its execution role may not %s', async (action, reason) => {
    const { ARN } = await emulator.clients.secrets.send(
      new CreateSecretCommand({ Name: 'temporal', SecretString: 'x' }),
    );
    await permit(
      emulator,
      executionActions.filter((other) => other !== action),
    );
    await start({ secrets: [{ name: 'KEY', valueFrom: ARN }] });
    const { stoppedReason } = await firstStopped();
    expect(stoppedReason).toMatch(reason);
    expect(stoppedReason).toContain(`is not authorized to perform: ${action}`);
  });
});
