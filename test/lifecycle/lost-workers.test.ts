import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DeleteObjectCommand } from '@aws-sdk/client-s3';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { stateBucket } from '../../state/bucket.ts';
import { useCliStage } from '../cli/stage.ts';
import { countable } from '../helpers/inventory.ts';
import { WarmProgram } from '../helpers/warm-program.ts';

const stage = useCliStage();
const { emulator } = stage;
const DESTROY = ['destroy', '--yes', '--purge', '--delete-data', '--confirm', 'dev'];

/** With permissions of their own: each has a role of its own. */
const WORKERS = ['orders', 'billing'].map((name) => ({
  name,
  taskPolicyArns: 'arn:aws:iam::aws:policy/AmazonSQSReadOnlyAccess',
}));

let program: WarmProgram;
let folder: string;
beforeAll(() => {
  program = new WarmProgram(stage.env());
  folder = mkdtempSync(join(tmpdir(), 'temporal-fargate-lost-'));
});
afterAll(async () => {
  await program.stop();
  rmSync(folder, { recursive: true });
});

const roles = async (): Promise<string[]> =>
  Object.keys((await emulator.inventory()).iam?.role ?? {}).filter((name) => name.startsWith('temporal-fargate-'));

const named = (...parts: string[]): string[] => parts.map((part) => `temporal-fargate-us-east-1-${part}`);

it('workers that no state names are found by their roles when nothing else is left of them; the account is as we found it', async () => {
  const before = countable(await emulator.inventory());
  const config = join(folder, 'stack.json');
  writeFileSync(config, JSON.stringify({ network: 'public', dataBucket: false, workers: WORKERS }));
  const made = await program.run(['init', '--yes', '--verify', 'health', '--config', config]);
  expect(made.code, made.stderr).toBe(0);
  const all = named('dev-execution', 'dev_billing-task', 'dev_orders-task');
  expect(await roles()).toEqual(all);

  const { Bucket } = stateBucket(emulator.address);
  await emulator.clients.s3.send(new DeleteObjectCommand({ Bucket, Key: 'dev/state.json' }));
  await emulator.clearCalls();
  await emulator.fault({ kind: 'denied', match: { operation: 'DeleteRole' } });
  const half = await program.run(DESTROY);
  expect(half).toMatchObject({ code: 1, stderr: expect.stringContaining('Allow iam:DeleteRole') });
  expect(await roles()).toEqual(all);
  // Tasks that are still stopping need the permissions of their role.
  const done = (await emulator.calls()).map(({ operation }) => operation);
  expect(done).toContain('DeregisterTaskDefinition');
  expect(done.indexOf('DeleteRole')).toBeGreaterThan(done.lastIndexOf('DeregisterTaskDefinition'));

  await emulator.clearFaults();
  const planned = await program.run(['plan', '--network', 'public', '--data-bucket', 'false', '--json']);
  expect(planned.code, planned.stderr).toBe(0);
  const { plan } = JSON.parse(planned.stdout.trimEnd().split('\n').at(-1) ?? '').result;
  const ofRoles = plan.filter(({ step }: { step: string }) => step.startsWith('identity/'));
  expect(Object.fromEntries(ofRoles.map(({ step, action }: Record<string, string>) => [step, action]))).toEqual({
    'identity/execution-role': 'update',
    'identity/task-role/billing': 'retire',
    'identity/task-role/orders': 'retire',
  });

  const gone = await program.run(DESTROY);
  expect(gone, gone.stderr).toMatchObject({ code: 0, stdout: expect.stringMatching(/^0 left$/m) });
  await emulator.settle();
  expect(countable(await emulator.inventory())).toEqual(before);
});
