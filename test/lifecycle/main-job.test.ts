import { cpSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { GetObjectCommand } from '@aws-sdk/client-s3';
import { beforeAll, describe, expect, it } from 'vitest';
import { leanBin, runCli } from '../helpers/cli.ts';
import { eventually, type Inventory } from '../helpers/emulator.ts';
import { countable } from '../helpers/inventory.ts';
import { useSandbox } from '../helpers/temporal.ts';

const sandbox = useSandbox();
const DESTROY = 'destroy --yes --purge --delete-data --delete-state-bucket --confirm dev'.split(' ');

/** "s3://bucket/key" -> its text */
async function textAt(path: string): Promise<string | undefined> {
  const [, Bucket, Key] = /^s3:\/\/([^/]+)\/(.+)$/.exec(path) ?? [];
  const object = await sandbox.emulator.clients.s3.send(new GetObjectCommand({ Bucket, Key }));
  return object.Body?.transformToString();
}

/** The built program with another worker in it, which needs no dependencies, as a bad release would be. */
function brokenCopy(mainJs: string): { bin: string; remove(): void } {
  const folder = mkdtempSync(join(tmpdir(), 'temporal-fargate-broken-'));
  cpSync(dirname(leanBin()), folder, { recursive: true });
  // The copy lies outside the package, whose package.json says that the bundle is ES modules.
  writeFileSync(join(folder, 'package.json'), '{"type":"module"}');
  writeFileSync(join(folder, 'worker/dist/main.js'), mainJs);
  return { bin: join(folder, 'bin.js'), remove: () => rmSync(folder, { recursive: true, force: true }) };
}

const words = (text: string): string[] => text.split(' ');

describe('the main job, from nothing to nothing', () => {
  let empty: Inventory;
  beforeAll(async () => {
    empty = await sandbox.emulator.inventory();
  });

  it('init creates the stack and proves that Temporal sees its task', async () => {
    const { code, stdout, stderr } = await sandbox.run(words('init --yes'));
    expect(code, stderr).toBe(0);
    const [, taskId, digest] =
      /Temporal reports dev\/([0-9a-f]{32})\/([0-9a-f]{12}) as a poller of test-queue\.\n/.exec(stdout) ?? [];
    const inventory = await sandbox.emulator.inventory();
    expect(Object.keys(inventory.ecs?.task ?? {}).some((arn) => arn.endsWith(`/${taskId}`))).toBe(true);
    expect(JSON.stringify(inventory.ecr)).toContain(`sha256:${digest}`);
  });

  it('status shows the task that polls', async () => {
    const { code, stdout, stderr } = await sandbox.run(['status']);
    expect(code, stderr).toBe(0);
    expect(stdout).toMatch(/^Deployment {2}SUCCESSFUL, \d.* ago$/m);
    expect(stdout).toMatch(/^Tasks {7}1 of 1 running, [01] on Spot$/m);
    expect(stdout).toMatch(
      /^ {2}[0-9a-f]{8} {2}us-east-1[ab] {2}(Spot|Fargate) +HEALTHY +\d[\w ]* [0-9a-f]{12} {2}yes$/m,
    );
  });

  it('trigger prints the path of the file that the worker wrote', async () => {
    const { code, stdout, stderr } = await sandbox.run(['trigger', '--input', '{"message":"from the test"}']);
    expect(code, stderr).toBe(0);
    expect(stdout).toMatch(
      /^s3:\/\/tfg-dev-data-123456789012-us-east-1-an\/messages\/MessageWorkflow-[^/]+\/[^/]+\.txt\n$/,
    );
    expect(await textAt(stdout.trim())).toBe('from the test');
  });

  it('trigger --count runs several side by side, each with its own file', async () => {
    const { code, stdout, stderr } = await sandbox.run(words('trigger --count 5 --workflow-id batch --json'));
    expect(code, stderr).toBe(0);
    const last = JSON.parse(stdout.trimEnd().split('\n').at(-1) ?? '');
    expect(last).toMatchObject({ type: 'result', result: { failed: 0, taskQueue: 'test-queue' } });
    const outcomes = last.result.outcomes as { workflowId: string; result: string }[];
    expect(outcomes.map(({ workflowId }) => workflowId)).toEqual([
      'batch-1',
      'batch-2',
      'batch-3',
      'batch-4',
      'batch-5',
    ]);
    expect(new Set(await Promise.all(outcomes.map(({ result }) => textAt(result))))).toEqual(
      new Set(['Hello from temporal-fargate']),
    );
  });

  it('logs shows the JSON lines of the task, and --follow ends at Ctrl-C with 0', async () => {
    // What the container says reaches the log group some time after it was said.
    const stdout = await eventually('the worker to say so', async () => {
      const { code, stdout: text, stderr } = await sandbox.run(['logs']);
      expect(code, stderr).toBe(0);
      return text.includes('message written') && text;
    });
    const entries = stdout
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line.replace(/^\S+ \S+ /, '')) as { message: string });
    expect(entries.map(({ message }) => message)).toEqual(expect.arrayContaining(['polling', 'message written']));

    const following = sandbox.start(['logs', '--follow']);
    await following.waitFor('message written');
    following.child.kill('SIGINT');
    expect((await following.result).code).toBe(0);
  });

  it('plan and a second init find nothing to do', async () => {
    const planned = await sandbox.run(words('plan --detailed-exitcode'));
    expect(planned).toMatchObject({ code: 0, stdout: 'Nothing to do: everything is as configured.\n' });
    const again = await sandbox.run(words('init --yes'));
    expect(again).toMatchObject({ code: 0, stdout: 'Stack dev is as configured. Nothing was changed.\n' });
  });

  it('status names a Spot interruption, and another task polls in its place', async () => {
    await sandbox.emulator.ask('POST', 'spot-interruption', {});
    const stdout = await eventually('another task polls', async () => {
      const status = await sandbox.run(['status']);
      const replaced = [/^Spot {8}1 task interrupted/m, /^Tasks {7}1 of 1 running, /m, /^ {2}[0-9a-f]{8} .* yes$/m];
      return status.code === 0 && replaced.every((line) => line.test(status.stdout)) && status.stdout;
    });
    // Where the line wraps depends on how long ago that was.
    expect(stdout.replace(/\n {12}/g, ' ')).toMatch(
      /^Spot {8}1 task interrupted by Spot in the last hour: [0-9a-f]{8} \d+ \w+ ago, replaced by [0-9a-f]{8}$/m,
    );
    expect(stdout).not.toMatch(/^Problem/m);
  });

  it('destroy keeps the data until it is told not to, then leaves nothing', async () => {
    const kept = await sandbox.run(words('destroy --yes'));
    expect(kept.stdout).toMatch(/^Kept: data bucket tfg-dev-data-\S+ .*6/m);
    expect(kept.stdout).toMatch(/^0 left$/m);
    expect(kept.code).toBe(0);
    const { code, stdout, stderr } = await sandbox.run(DESTROY);
    expect(stdout).toMatch(/^0 left$/m);
    expect(code, stderr).toBe(0);
    expect(countable(await sandbox.emulator.inventory())).toEqual(countable(empty));
  });
});

describe('a first deployment that fails', () => {
  it('is told by init with stop reason, exit code and the last log lines; destroy leaves nothing of it', async () => {
    await sandbox.emulator.reset();
    const empty = await sandbox.emulator.inventory();
    const broken = brokenCopy('console.log(JSON.stringify({ message: "no such module" })); process.exit(3);');
    const args = words('init --yes --verify health');
    const failed = await runCli(args, sandbox.env(), undefined, broken.bin).finally(broken.remove);
    expect(failed.code).toBe(1);
    expect(failed.stderr.slice(failed.stderr.lastIndexOf('✖ waiting'))).toMatch(
      new RegExp(
        [
          '^✖ waiting for ECS service \\(worker\\) worker to become ready: .*circuit breaker.*',
          '  Cause: the container ended by itself\\.',
          '  Task [0-9a-f]{32} stopped: EssentialContainerExited: Essential container in task exited',
          '    container worker: exit code 3',
          '  Its last log lines:',
          '(?:    .*\\n)*    \\{.*no such module.*',
          '  The log lines say why; mend that and deploy again\\.\\n',
        ].join('\\n'),
      ),
    );
    expect((await sandbox.run(DESTROY)).stdout).toMatch(/^0 left$/m);
    expect(countable(await sandbox.emulator.inventory())).toEqual(countable(empty));
  });
});
