import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CreateRoleCommand } from '@aws-sdk/client-iam';
import { DeleteObjectCommand } from '@aws-sdk/client-s3';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { stateBucket } from '../../state/bucket.ts';
import { useCliStage } from '../cli/stage.ts';
import type { Inventory } from '../helpers/emulator.ts';
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

const NAMES = ['dev-execution', 'dev_billing-task', 'dev_orders-task'].map(
  (end) => `temporal-fargate-us-east-1-${end}`,
);

/** Tags by name of the roles that this program has made. */
async function roles(): Promise<Record<string, Record<string, string>>> {
  const all = Object.entries((await emulator.inventory()).iam?.role ?? {});
  const ours = all.filter(([name]) => name.startsWith('temporal-fargate-'));
  return Object.fromEntries(ours.map(([name, { tags }]) => [name, tags as Record<string, string>]));
}

const TRUST = JSON.stringify({
  Version: '2012-10-17',
  Statement: [{ Effect: 'Allow', Principal: { Service: 'ecs-tasks.amazonaws.com' }, Action: 'sts:AssumeRole' }],
});

/** Puts roles back as a destroy leaves them that comes no further than to them. */
async function leave(left: Record<string, Record<string, string>>): Promise<void> {
  for (const [RoleName, tags] of Object.entries(left)) {
    const Tags = Object.entries(tags).map(([Key, Value]) => ({ Key, Value }));
    const role = { RoleName, Tags, Path: '/temporal-fargate/', AssumeRolePolicyDocument: TRUST };
    await emulator.clients.iam.send(new CreateRoleCommand(role));
  }
}

async function destroyed(): Promise<void> {
  const { code, stdout, stderr } = await program.run(DESTROY);
  expect(code, stderr).toBe(0);
  expect(stdout).toMatch(/^0 left$/m);
  await emulator.settle();
}

describe('workers with roles of their own, which no state names any more', () => {
  let before: Inventory;
  let made: Awaited<ReturnType<typeof roles>>;

  it('are taken down with them, a role after what its tasks ran by; the account is as we found it', async () => {
    before = countable(await emulator.inventory());
    const config = join(folder, 'stack.json');
    writeFileSync(config, JSON.stringify({ network: 'public', dataBucket: false, workers: WORKERS }));
    const { code, stderr } = await program.run(['init', '--yes', '--verify', 'health', '--config', config]);
    expect(code, stderr).toBe(0);
    made = await roles();
    expect(Object.keys(made)).toEqual(NAMES);

    const { Bucket } = stateBucket(emulator.address);
    await emulator.clients.s3.send(new DeleteObjectCommand({ Bucket, Key: 'dev/state.json' }));
    await emulator.clearCalls();
    await destroyed();
    expect(countable(await emulator.inventory())).toEqual(before);
    // Tasks that are still stopping need the permissions of their role.
    const calls = (await emulator.calls()).map(({ operation, params }) => `${operation} ${JSON.stringify(params)}`);
    const at = (operation: string, name: string): number =>
      calls.findIndex((call) => call.startsWith(`${operation} `) && call.includes(name));
    for (const { name } of WORKERS) {
      expect(at('DeregisterTaskDefinition', `dev_${name}:`)).toBeGreaterThan(-1);
      expect(at('DeleteRole', `dev_${name}-`)).toBeGreaterThan(at('DeregisterTaskDefinition', `dev_${name}:`));
    }
  });

  it('are found by these when nothing else is left of them, by init and by destroy', async () => {
    await leave(made);
    const planned = await program.run(['plan', '--network', 'public', '--data-bucket', 'false', '--json']);
    expect(planned.code, planned.stderr).toBe(0);
    const { plan } = JSON.parse(planned.stdout.trimEnd().split('\n').at(-1) ?? '').result;
    const ofRoles = plan.filter(({ step }: { step: string }) => step.startsWith('identity/'));
    expect(Object.fromEntries(ofRoles.map(({ step, action }: Record<string, string>) => [step, action]))).toEqual({
      'identity/execution-role': 'update',
      'identity/task-role/billing': 'retire',
      'identity/task-role/orders': 'retire',
    });
    await destroyed();
    expect(countable(await emulator.inventory())).toEqual(before);
  });
});
