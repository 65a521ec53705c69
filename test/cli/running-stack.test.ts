import { DescribeScalingActivitiesCommand } from '@aws-sdk/client-application-auto-scaling';
import {
  CreateLogStreamCommand,
  PutLogEventsCommand,
  PutRetentionPolicyCommand,
} from '@aws-sdk/client-cloudwatch-logs';
import { UpdateServiceCommand } from '@aws-sdk/client-ecs';
import { GetObjectCommand, PutObjectCommand } from '@aws-sdk/client-s3';
import { beforeAll, describe, expect, it } from 'vitest';
import { createBucket } from '../../src/aws/bucket.ts';
import type { CommandInput } from '../../src/commands/input.ts';
import { logs } from '../../src/commands/logs.ts';
import { watch } from '../../src/commands/watch.ts';
import type { Io, Look } from '../../src/ui/io.ts';
import { clientsFor, eventually } from '../helpers/emulator.ts';
import { scrub } from '../helpers/scrub.ts';
import { CTRL_C } from '../helpers/terminal.ts';
import { stack } from '../ui/sample-status.ts';
import { expectRefusal, INIT, useCliStage } from './stage.ts';

const stage = useCliStage();
const { emulator } = stage;

/** One stack for all: its task is simulated, and no Temporal server can be reached. */
beforeAll(async () => {
  expect(await stage.run([...INIT])).toMatchObject({ code: 0 });
});

const scale = (desiredCount: number) =>
  emulator.clients.ecs.send(
    new UpdateServiceCommand({ cluster: 'temporal-fargate-dev', service: 'worker', desiredCount }),
  );

const keepLogs = (retentionInDays: number) =>
  emulator.clients.logs.send(new PutRetentionPolicyCommand({ logGroupName: '/temporal-fargate/dev', retentionInDays }));

const short = (text: string): string =>
  scrub(text)
    .replace(/… (s|min)\b/g, '…')
    // Columns are as wide as what stands in them.
    .replace(/(?<=\S) {2,}/g, '  ')
    .replace(/\b[0-9a-f]{8}\b/g, '<task>')
    .replace(/ [0-9a-f]{12} /g, ' <image> ')
    .replace(/us-east-1[ab]/g, 'us-east-1x')
    .replace(/127(\.\d+){3}/g, '<address>');

describe('status', () => {
  it('shows in one picture of 80 columns what ECS and auto scaling say, and what Temporal does not', async () => {
    const { code, stdout } = await stage.run(['status']);
    expect(code).toBe(0);
    expect(short(stdout)).toMatchInlineSnapshot(`
      "Stack  dev (us-east-1)
      Temporal  <address>:1, namespace default
                  could not be asked: connecting to Temporal at <address>:1: nothing
                  listens there
      Seen as  <address> (NAT gateway)
      Data  s3://tfg-dev-data-123456789012-us-east-1-an/
      Drift  none: everything is as configured

      Worker  worker, task queue test-queue, revision 1
      Deployment  SUCCESSFUL, … ago
      Tasks  1 of 1 running, 1 on Spot
        task  zone  runs on  state  age  image  polls
        <task>  us-east-1x  Spot  HEALTHY  …  <image>  ?
      Last event  (service worker) has reached a steady state.
      Scaling  1 of 1 to 10 tasks, the alarms have no data of its CPU yet
      "
    `);
    expect(stdout.split('\n').filter((line) => line.length > 80)).toEqual([]);
  });

  it('counts what was changed by hand as drift, and changes nothing itself', async () => {
    await keepLogs(14);
    await emulator.clearCalls();
    expect((await stage.run(['status'])).stdout).toMatch(/^Drift {7}1 thing differs: run plan$/m);
    expect(await stage.changes()).toEqual([]);
    await keepLogs(7);
  });

  it('says in its place what these credentials may not read, and shows the rest', async () => {
    const denied = { kind: 'error', code: 'AccessDeniedException', status: 400, times: 100 } as const;
    await emulator.fault({ ...denied, match: { service: 'application-autoscaling' } });
    await emulator.fault({ ...denied, match: { service: 'ec2' } });
    const { code, stdout } = await stage.run(['status']);
    await emulator.clearFaults();
    expect(code).toBe(0);
    expect(stdout).toMatch(/^Tasks {7}1 of 1 running/m);
    expect(stdout).toMatch(/^Seen as {5}not known: calling EC2 DescribeSubnets: /m);
    expect(stdout).toMatch(/^Drift {7}not looked at: /m);
    expect(stdout).toMatch(/^Scaling {5}not known: calling ApplicationAutoScaling DescribeScal/m);
  });

  it('says how auto scaling stands, and what it did last', async () => {
    await emulator.ask('POST', 'usage', { service: 'worker', cpu: 90, memory: 10 });
    await emulator.ask('POST', 'alarm-actions', { on: true });
    await eventually('a scale-out', async () => {
      const query = { ServiceNamespace: 'ecs', ResourceId: 'service/temporal-fargate-dev/worker' } as const;
      const seen = await emulator.clients.autoscaling.send(new DescribeScalingActivitiesCommand(query));
      return (seen.ScalingActivities ?? []).length > 0;
    });
    await emulator.ask('POST', 'alarm-actions', { on: false });
    const { stdout } = await stage.run(['status']);
    expect(stdout).toMatch(/^Scaling {5}\d of 1 to 10 tasks, high-CPU alarm on: more (after .* of cooldown|next)$/m);
    expect(stdout).toMatch(/^ {12}last change .* ago: Setting desired count to \d\.$/m);
  });
});

describe('status --watch', () => {
  beforeAll(async () => {
    await emulator.ask('POST', 'usage', { service: 'worker', cpu: 25, memory: 10 });
    await scale(1);
  });

  it('at a terminal shows what changes in place, and leaves the last picture at Ctrl-C with 0', async () => {
    const terminal = stage.open(['status', '--watch'], { CI: undefined }, { columns: 80, rows: 30 });
    await terminal.see(/Tasks {7}\d of 1 running/);
    await terminal.see('Drift       none: everything is as configured');
    await scale(3);
    await terminal.see('Tasks       3 of 3 running');
    terminal.type(CTRL_C);
    expect(await terminal.ended).toBe(0);
    const pictures = await terminal.pictures();
    const drawn = pictures.filter((rows) => rows[0]?.endsWith('s. Ctrl-C ends.'));
    expect(drawn.length).toBeGreaterThan(2);
    // Every picture is whole: none shows a part of the one before it.
    for (const rows of drawn) expect(rows.filter((row) => row.startsWith('Stack  '))).toHaveLength(1);
    const raw = terminal.raw();
    expect(raw.slice(raw.indexOf('\x1b[?1049h'), raw.indexOf('Stopping after'))).not.toContain('\x1b[?25h');
    const left = pictures.at(-1)?.join('\n') ?? '';
    expect(left).toMatch(/^Tasks {7}3 of 3 running, \d on Spot$/m);
    expect(raw.lastIndexOf('\x1b[?1049l')).toBeGreaterThan(raw.lastIndexOf('\x1b[?1049h'));
  });

  it('elsewhere writes a line with its time for everything that has changed', async () => {
    await scale(1);
    const watching = stage.start(['status', '--watch']);
    await watching.waitFor(/Z worker tasks: 1 of 1 running/);
    await watching.waitFor('drift: none');
    await scale(2);
    await watching.waitFor(/Z worker tasks: 2 of 2 running/);
    watching.child.kill('SIGINT');
    const { code, stdout } = await watching.result;
    expect(code).toBe(0);
    for (const line of stdout.trimEnd().split('\n')) expect(line).toMatch(/^\d{4}-\d\d-\d\dT[\d:.]+Z [\w -]+: /);
    expect(stdout.match(/drift: /g)).toHaveLength(1);
  });

  it('goes on when AWS does not answer for a while, says so, and ends with any other error', async () => {
    const shown: Look[] = [];
    const answers = [stack(), awsError('InternalFailure', 500), stack(), awsError('AccessDeniedException', 403)];
    const stub = {
      look: async () => {
        const answer = answers.shift();
        if (answer instanceof Error || answer === undefined) throw answer;
        return answer;
      },
      drift: async () => ({ differences: 0, problem: null }),
    };
    const io: Pick<Io, 'look'> = { look: (look) => shown.push(look) };
    const clock = { now: () => 0, sleep: async () => undefined };
    const signal = new AbortController().signal;
    await expect(watch({ io, signal }, { clock, timeScale: 1 }, stub)).rejects.toMatchObject({
      name: 'AccessDeniedException',
    });
    expect(shown.map(({ news }) => news.at(-1))).toEqual([
      'worker alarm of cpu-scale-in: ALARM',
      'status: calling AWS: AWS has a fault of its own (InternalFailure: words)',
      'status: no more',
    ]);
    expect(shown[1]?.picture).toMatch(/^\S+, every 5 s\. Ctrl-C ends\. calling AWS: .*\n\nStack {7}dev/);
  });
});

const write = async (task: string, messages: readonly string[]): Promise<void> => {
  const where = { logGroupName: '/temporal-fargate/dev', logStreamName: `worker/worker/${task.padEnd(32, '0')}` };
  await emulator.clients.logs.send(new CreateLogStreamCommand(where)).catch(() => undefined);
  const logEvents = messages.map((message) => ({ message, timestamp: Date.now() }));
  await emulator.clients.logs.send(new PutLogEventsCommand({ ...where, logEvents }));
};

describe('logs', () => {
  it('follows the tasks, each line once with its time and task, and filters', async () => {
    await write('aaaa1111', ['{"level":"info","n":1}', '{"level":"error","n":2}']);
    const following = stage.start(['logs', '--follow', '--filter', '{ $.level = "error" }']);
    await following.waitFor('"n":2');
    await write('bbbb2222', ['{"level":"error","n":3}', '{"level":"info","n":4}']);
    await following.waitFor('"n":3');
    await write('aaaa1111', ['{"level":"error","n":5}']);
    await following.waitFor('"n":5');
    following.child.kill('SIGINT');
    const { code, stdout } = await following.result;
    expect(code).toBe(0);
    expect(
      stdout
        .trimEnd()
        .split('\n')
        .map((line) => line.replace(/^\d{4}-\d\d-\d\dT[\d:.]+Z /, '')),
    ).toEqual([
      'aaaa1111 {"level":"error","n":2}',
      'bbbb2222 {"level":"error","n":3}',
      'aaaa1111 {"level":"error","n":5}',
    ]);
  });

  it('tells tasks apart by colour at a terminal, unless NO_COLOR says not to', async () => {
    await write('cccc3333', ['colourful']);
    await write('dddd4444', ['colourful']);
    const terminal = stage.open(['logs', '--filter', 'colourful'], { CI: undefined, NO_COLOR: undefined });
    expect(await terminal.ended).toBe(0);
    const colours = [...terminal.raw().matchAll(/\[(\d+)m(cccc3333|dddd4444).\[39m colourful/g)];
    expect(colours.map(([, colour, task]) => [colour, task])).toEqual([
      ['36', 'cccc3333'],
      ['35', 'dddd4444'],
    ]);
    const plain = stage.open(['logs', '--task', 'cccc'], { CI: undefined, NO_COLOR: '1' });
    expect(await plain.ended).toBe(0);
    expect(plain.raw()).toMatch(/Z cccc3333 colourful/);
    expect(plain.raw()).not.toContain('dddd4444');
  });

  it('says what is wrong with a pattern, a task or a time, with its fix', async () => {
    expectRefusal(expect, await stage.run(['logs', '--filter', 'order-42']), {
      code: 64,
      says: "--filter order-42: CloudWatch cannot read this pattern (Invalid character(s) in term 'order-42')",
      fix: 'Write a word, a phrase in double quotes, or a condition on JSON',
    });
    const flags = { answers: {}, paths: {}, yes: false, sandbox: false, json: false, quiet: false, debug: false };
    const wrong = (own: Record<string, string>) =>
      logs({ flags: { ...flags, own } } as unknown as CommandInput).catch((error: Error) => error.message);
    expect(await wrong({ task: 'worker' })).toBe('--task worker is no task id');
    expect(await wrong({ since: '2026-13-45' })).toBe('--since 2026-13-45 is no time span');
  });
});

describe('list', () => {
  const state = (region: string, stack: string) => ({
    Bucket: `tfg-state-123456789012-${region}-an`,
    Key: `${stack}/state.json`,
  });

  /** The stack's document as if it were of another region, where nothing of it runs. */
  async function copyTo(region: string, stack: string): Promise<void> {
    const [here, there] = [emulator.clients.s3, clientsFor(emulator.address, region).s3];
    const stored = await here.send(new GetObjectCommand(state('us-east-1', 'dev')));
    const Body = (await stored.Body?.transformToString())
      ?.replaceAll('us-east-1', region)
      .replaceAll('"stack": "dev"', `"stack": "${stack}"`);
    await createBucket(there, state(region, stack).Bucket, region, {});
    await there.send(new PutObjectCommand({ ...state(region, stack), Body: Body ?? '' }));
    there.destroy();
  }

  it('shows every stack of the account by region, with its tasks and its bill, and names a region that is closed', async () => {
    await scale(2);
    await copyTo('eu-west-1', 'other');
    await copyTo('sa-east-1', 'hidden');
    const { s3 } = emulator.clients;
    await s3.send(new PutObjectCommand({ ...state('us-east-1', 'broken'), Body: '{' }));
    const denied = {
      kind: 'error',
      match: { service: 's3', region: 'sa-east-1' },
      code: 'AccessDenied',
      status: 403,
    } as const;
    await emulator.fault({ ...denied, times: 10 });
    await eventually('two tasks run', async () =>
      / 2 of 1-10 /.test((await stage.run(['list', '--region', 'us-east-1'])).stdout),
    );
    const { code, stdout, stderr } = await stage.run(['list']);
    expect(code).toBe(0);
    expect(
      short(stdout)
        // They go by the architecture of this machine.
        .replace(/\d+\.\d\d/g, '…')
        .replace(/in \d+ regions/, 'in … regions'),
    ).toMatchInlineSnapshot(`
      "region  stack  tasks  $ a month  last change
      eu-west-1  other  0 of 1-10  …-…  init, … ago
      us-east-1  broken  -  -  -
        reading state s3://tfg-state-123456789012-us-east-1-an/broken/state.json: the
        document is damaged: it is not JSON
      us-east-1  dev  2 of 1-10  …-…  init, … ago

      3 stacks in … regions: …-… $ a month at list prices, and 1 not known.
      "
    `);
    expect(stderr).toMatch(
      /^! sa-east-1 could not be looked into: using state bucket tfg-state-123456789012-sa-east-1-an/m,
    );
    await emulator.clearFaults();
  });

  it('looks into one region when it is told which, and gives programs everything', async () => {
    const { code, stdout } = await stage.run(['list', '--region', 'eu-west-1', '--json']);
    expect(code).toBe(0);
    const { result } = JSON.parse(stdout.trimEnd().split('\n').at(-1) ?? '');
    expect(result).toMatchObject({
      unread: [],
      stacks: [
        {
          region: 'eu-west-1',
          stack: 'other',
          workers: ['worker'],
          tasks: { min: 1, max: 10 },
          running: 0,
          lastChange: { operation: 'init' },
          lock: null,
          problem: null,
        },
      ],
    });
  });
});

const awsError = (name: string, httpStatusCode: number): Error =>
  Object.assign(new Error('words'), { name, $fault: 'server', $metadata: { httpStatusCode } });
