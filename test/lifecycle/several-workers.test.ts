import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DeleteObjectCommand } from '@aws-sdk/client-s3';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { eventually, type Inventory } from '../helpers/emulator.ts';
import { countable } from '../helpers/inventory.ts';
import { useSandbox } from '../helpers/temporal.ts';
import { only } from '../steps/stage.ts';

const sandbox = useSandbox();

const INIT = ['init', '--yes', '--config'];
const ORDERS = { name: 'orders', taskQueue: 'order-queue', cpu: 512, memory: 1024 };
const BILLING = { name: 'billing', maxTasks: 3, spotWeight: 0 };

let folder: string;
const fileOf = (...workers: object[]): string => {
  const path = join(folder, 'stack.json');
  writeFileSync(path, JSON.stringify({ network: 'public', workers }));
  return path;
};
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'temporal-fargate-workers-'));
});
afterAll(() => rmSync(folder, { recursive: true }));

describe('two workers of a config file', () => {
  let empty: Inventory;
  const words = (text: string): string[] => text.split(' ');
  const resultOf = (stdout: string) => JSON.parse(stdout.trimEnd().split('\n').at(-1) ?? '').result;

  it('come together, and each polls its own queue', async () => {
    empty = await sandbox.emulator.inventory();
    const { code, stdout, stderr } = await sandbox.run([...INIT, fileOf(ORDERS, BILLING)]);
    expect(code, stderr).toBe(0);
    expect(stdout).toMatch(/Temporal reports dev\/\w{32}\/\w{12} as a poller of order-queue\.\n/);
    expect(stdout).toMatch(/Temporal reports dev\/\w{32}\/\w{12} as a poller of billing\.\n/);
    expect(stderr).toContain('  orders, CPU of a task: 512 (config file)\n');
    expect(stderr).toContain('  billing, CPU of a task: 1024 (default)\n');
    // Both are the bundled worker, which is built and pushed once.
    expect(Object.keys((await sandbox.emulator.inventory()).ecr?.image ?? {})).toHaveLength(1);
  }, 180_000);

  it('are known without the file, whatever queue the shell names', async () => {
    const planned = await sandbox.run(words('plan --detailed-exitcode'), { TEMPORAL_TASK_QUEUE: 'shell' });
    expect(planned).toMatchObject({ code: 0, stdout: 'Nothing to do: everything is as configured.\n' });
  });

  it('are told apart by trigger, logs and status', async () => {
    const first = await sandbox.run(words('trigger --json'));
    expect(resultOf(first.stdout)).toMatchObject({ taskQueue: 'order-queue', failed: 0 });
    const second = await sandbox.run(words('trigger --worker billing --json'));
    expect(resultOf(second.stdout)).toMatchObject({ taskQueue: 'billing', failed: 0 });

    const status = resultOf((await sandbox.run(words('status --json'))).stdout);
    const tasks = (worker: string): { id: string }[] =>
      status.workers.find((one: { worker: string }) => one.worker === worker).service.tasks;
    const [order, bill] = [only(tasks('orders')), only(tasks('billing'))];
    const logs = await eventually('what billing has written', async () => {
      const { stdout } = await sandbox.run(words('logs --worker billing --lines 1000'));
      return stdout.includes('message written') && stdout;
    });
    expect([order, bill].map(({ id }) => logs.includes(id.slice(0, 8)))).toEqual([false, true]);
  });

  it('go one by one, and not without being told to', async () => {
    const alone = [...INIT, fileOf(ORDERS)];
    const refused = await sandbox.run(alone);
    expect(refused.code).toBe(64);
    expect(refused.stderr).toMatch(/the plan replaces or deletes .*ECS service \(billing\)/);
    expect(refused.stderr).not.toMatch(/the plan replaces or deletes .*\(orders\)/);
    const { code, stderr } = await sandbox.run([...alone, '--allow-replace']);
    expect(code, stderr).toBe(0);
  });

  it('are found by their tags when the state is lost; the account is as we found it', async () => {
    const Bucket = 'tfg-state-123456789012-us-east-1-an';
    await sandbox.emulator.clients.s3.send(new DeleteObjectCommand({ Bucket, Key: 'dev/state.json' }));
    expect(await sandbox.run(words('init --yes --network public --skip-checks'))).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('has no state, and has workers that the answers do not list: orders'),
    });
    const gone = await sandbox.run(words('destroy --yes --purge --delete-data --delete-state-bucket --confirm dev'));
    expect(gone).toMatchObject({ code: 0, stdout: expect.stringMatching(/^0 left$/m) });
    expect(countable(await sandbox.emulator.inventory())).toEqual(countable(empty));
  });
});
