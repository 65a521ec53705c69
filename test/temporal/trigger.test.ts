import { UpdateServiceCommand } from '@aws-sdk/client-ecs';
import { PutSecretValueCommand } from '@aws-sdk/client-secrets-manager';
import { Client, Connection } from '@temporalio/client';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { reportTaskQueue } from '../../src/temporal/task-queue.ts';
import { expectRefusal } from '../cli/stage.ts';
import { eventually } from '../helpers/emulator.ts';
import { useSandbox } from '../helpers/temporal.ts';

const sandbox = useSandbox();
const DESTROY = 'destroy --yes --purge --delete-data --delete-state-bucket --confirm dev'.split(' ');
/** The server asks for none; the stack keeps it all the same. */
const KEYED = { TEMPORAL_API_KEY: 'planted-in-the-stack' };

let temporal: Client;
beforeAll(async () => {
  temporal = new Client({ connection: await Connection.connect({ address: sandbox.temporalAddress }) });
  expect((await sandbox.run(['init', '--yes'], KEYED)).code).toBe(0);
});
afterAll(async () => {
  await temporal.connection.close();
  expect((await sandbox.run(DESTROY)).stdout).toMatch(/^0 left$/m);
});

describe('trigger', () => {
  it('gives the workflow the id that was asked for', async () => {
    expect((await sandbox.run(['trigger', '--workflow-id', 'mine'])).code).toBe(0);
    expect((await temporal.workflow.getHandle('mine').describe()).status.name).toBe('COMPLETED');
  });

  it('refuses the id of a workflow that still runs', async () => {
    await temporal.workflow.start('Waiting', { taskQueue: 'nobody', workflowId: 'busy' });
    expectRefusal(expect, await sandbox.run(['trigger', '--workflow-id', 'busy']), {
      code: 1,
      says: 'starting MessageWorkflow: a workflow with the id busy runs already',
      fix: 'Give another --workflow-id, or leave it out.',
    });
    await temporal.workflow.getHandle('busy').terminate();
  });

  it.each([
    [
      'input without a message',
      ['--input', '{}'],
      /the input has no message; it must look like \{"message": "some text"\}/,
    ],
    ['input that is null', ['--input', 'null'], /the input has no message/],
    ['a workflow that does not answer in time', ['--workflow', 'Unknown', '--timeout', '2'], /timed? ?out/i],
  ])('fails with the reason and exit code 1: %s', async (_name, args, reason) => {
    const { code, stdout } = await sandbox.run(['trigger', '--workflow-id', 'failing', ...args]);
    expect(stdout).toMatch(/^failing failed: /);
    expect(stdout).toMatch(reason);
    expect(stdout).not.toMatch(/\n {4}at /);
    expect(code).toBe(1);
  });

  it('stops waiting at Ctrl-C with 130 and leaves the workflow running', async () => {
    const cli = sandbox.start(['trigger', '--workflow', 'Unknown', '--workflow-id', 'abandoned', '--timeout', '600']);
    await eventually('the workflow runs', async () =>
      temporal.workflow
        .getHandle('abandoned')
        .describe()
        .then(() => true)
        .catch(() => false),
    );
    cli.child.kill('SIGINT');
    const { code, stderr } = await cli.result;
    expect(code).toBe(130);
    expect(stderr).toMatch(/Stopped waiting\. Workflows that were started go on\.\n$/);
    const handle = temporal.workflow.getHandle('abandoned');
    expect((await handle.describe()).status.name).toBe('RUNNING');
    await handle.terminate();
  });

  it('says at once when no worker polls the queue, and starts nothing', async () => {
    const args = ['trigger', '--task-queue', 'empty-queue', '--workflow-id', 'never'];
    expectRefusal(expect, await sandbox.run(args), {
      code: 1,
      says: 'no worker polls task queue empty-queue, so nothing would run; no workflow was started',
      fix: 'See why with temporal-fargate status and temporal-fargate logs.',
    });
    await expect(temporal.workflow.getHandle('never').describe()).rejects.toThrow(/not found/i);
  });
});

describe('a Temporal server', () => {
  it('without the namespace is refused before anything is changed', async () => {
    await sandbox.emulator.clearCalls();
    expectRefusal(expect, await sandbox.run(['init', '--yes', '--temporal-namespace', 'nowhere'], KEYED), {
      code: 1,
      says: `connecting to Temporal at ${sandbox.temporalAddress}: there is no such namespace (nowhere)`,
      fix: 'Check --temporal-namespace; in Temporal Cloud it is name.account.',
    });
    const calls = await sandbox.emulator.calls();
    expect(calls.filter(({ mutating, principal }) => mutating && principal === 'operator')).toEqual([]);
  });
});

describe('status', () => {
  it('fails when no task of the stack polls, and says so', async () => {
    const { ecs } = sandbox.emulator.clients;
    const service = { cluster: 'temporal-fargate-dev', service: 'worker' };
    await ecs.send(new UpdateServiceCommand({ ...service, desiredCount: 0 }));
    await eventually('no task runs', async () =>
      (await sandbox.run(['status'])).stdout.includes('Tasks       0 of 0 running'),
    );
    await ecs.send(new UpdateServiceCommand({ ...service, desiredCount: 1 }));
    await eventually('the task polls again', async () => / yes$/m.test((await sandbox.run(['status'])).stdout));
    expect((await sandbox.run(['status'])).code).toBe(0);
  });
});

describe('a task queue', () => {
  it('tells how much waits in it, and for how long; a queue that nobody uses has nothing', async () => {
    await temporal.workflow.start('Waiting', { taskQueue: 'unattended', workflowId: 'unattended' });
    const waiting = await eventually('the backlog is counted', async () => {
      const report = await reportTaskQueue(temporal, 'unattended');
      return report.backlog?.workflowTasks === 1 && report;
    });
    expect(waiting).toEqual({
      pollers: [],
      backlog: { workflowTasks: 1, activities: 0, oldestMs: expect.any(Number) },
    });
    expect((await reportTaskQueue(temporal, 'unused')).backlog).toEqual({
      workflowTasks: 0,
      activities: 0,
      oldestMs: 0,
    });
    await temporal.workflow.getHandle('unattended').terminate();
  });
});

describe('a secret that somebody wrote by hand', () => {
  it('is not quoted when it cannot be read', async () => {
    const SecretId = 'temporal-fargate/dev/temporal';
    await sandbox.emulator.clients.secrets.send(
      new PutSecretValueCommand({ SecretId, SecretString: 'abcdef-not-json' }),
    );
    const failed = await sandbox.run(['trigger', '--debug']);
    expect(failed.stderr).toContain(
      "TEMPORAL_API_KEY cannot be read from the stack's secret, and this run was not given any",
    );
    expect(failed.stdout + failed.stderr).not.toContain('abcdef');
  });
});
