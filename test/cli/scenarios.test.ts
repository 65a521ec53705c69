import { PutRetentionPolicyCommand } from '@aws-sdk/client-cloudwatch-logs';
import { DeleteObjectCommand, PutObjectCommand } from '@aws-sdk/client-s3';
import { describe, it } from 'vitest';
import { scrub } from '../helpers/scrub.ts';
import { ENTER, type Terminal } from '../helpers/terminal.ts';
import { type CliStage, DESTROY, INIT, useCliStage } from './stage.ts';

/** What a command showed, and its exit code. */
type Show = (args: readonly string[]) => Promise<string>;

/** Everything a stack goes through, in an order in which each scenario leads to the next. */
async function liveThrough(stage: CliStage, show: Show, ask: Show): Promise<Record<string, string>> {
  const { emulator } = stage;
  const { logs, s3 } = emulator.clients;
  const shown: Record<string, string> = {};
  await emulator.reset();
  await emulator.fault({
    kind: 'error',
    match: { operation: 'CreateService' },
    status: 400,
    code: 'AccessDeniedException',
    message: 'User: arn:aws:iam::123456789012:user/ada is not authorized to perform: ecs:CreateService',
  });
  shown['failure half-way'] = await show(INIT);
  await emulator.clearFaults();
  shown.resume = await show(INIT);
  shown['nothing to do'] = await show(INIT);
  shown['nothing to deploy'] = await show(['deploy', '--verify', 'health']);

  await logs.send(new PutRetentionPolicyCommand({ logGroupName: '/temporal-fargate/dev', retentionInDays: 30 }));
  shown.drift = await show(INIT);

  const Bucket = Object.keys((await emulator.inventory()).s3?.bucket ?? {}).find((name) => /state/.test(name));
  const who = { nonce: 'n', user: 'ada', host: 'build-7', boot: 'other', pid: 4711, command: 'init' };
  const lease = { acquiredAt: '2026-11-25T08:00:00.000Z', leaseSeconds: 60, renewals: 0, cliVersion: '0.1.0' };
  const lock = { Bucket, Key: 'dev/lock.json' };
  await s3.send(new PutObjectCommand({ ...lock, Body: JSON.stringify({ ...who, ...lease }) }));
  shown.locked = await show(INIT);
  await s3.send(new DeleteObjectCommand(lock));

  shown.pause = await show(['pause']);
  shown['nobody asked, or declined'] = await ask(['destroy']);
  shown.destroy = await show(DESTROY);
  shown['first init'] = await show(INIT);
  return shown;
}

describe.concurrent('the same scenarios', { timeout: 240_000 }, () => {
  const stages = { lines: useCliStage(), json: useCliStage(), terminal: useCliStage() };

  it('as lines, in CI', async ({ expect }) => {
    const show: Show = async (args) => {
      const { code, stdout, stderr } = await stages.lines.run(args, { CI: 'true' });
      return `${scrub(stderr)}--- standard output ---\n${stdout && scrub(stdout)}--- exit code ${code} ---\n`;
    };
    for (const [name, text] of Object.entries(await liveThrough(stages.lines, show, show))) {
      await expect(text).toMatchFileSnapshot(`scenarios/${name}.lines.txt`);
    }
  });

  it('as newline-delimited JSON, for programs', async ({ expect }) => {
    const show: Show = async (args) => {
      const { code, stdout, stderr } = await stages.json.run([...args, '--json']);
      expect(stderr).toBe('');
      return `${scrub(stdout)}--- exit code ${code} ---\n`;
    };
    for (const [name, text] of Object.entries(await liveThrough(stages.json, show, show))) {
      await expect(text).toMatchFileSnapshot(`scenarios/${name}.json.txt`);
    }
  });

  it('as a person is left with them, at a terminal', async ({ expect }) => {
    const end = async (terminal: Terminal): Promise<string> => {
      const code = await terminal.ended;
      return `${scrub((await terminal.pictures()).at(-1)?.join('\n') ?? '')}--- exit code ${code} ---\n`;
    };
    const open = (args: readonly string[]) => stages.terminal.open(args, {}, { columns: 160, rows: 150 });
    const show: Show = (args) => end(open(args));
    const decline: Show = async (args) => {
      const terminal = open(args);
      await terminal.see('Destroy stack dev?');
      terminal.type(ENTER);
      return end(terminal);
    };
    for (const [name, text] of Object.entries(await liveThrough(stages.terminal, show, decline))) {
      await expect(text).toMatchFileSnapshot(`scenarios/${name}.terminal.txt`);
    }
  });
});
