import { DeleteObjectCommand, PutObjectCommand } from '@aws-sdk/client-s3';
import { beforeAll, describe, expect, it } from 'vitest';
import { refuseWhileShared } from '../../src/commands/network-guests.ts';
import { referenceConfig } from '../helpers/aws-stack.ts';
import type { Inventory } from '../helpers/emulator.ts';
import { countable } from '../helpers/inventory.ts';
import { putText, storeFor, useCleanUp } from '../state/stage.ts';
import { counts, expectRefusal, INIT, useCliStage } from './stage.ts';

useCleanUp();

const stage = useCliStage();
const destroy = (stack: string): string[] => [
  ...['destroy', '--yes', '--stack', stack, '--confirm', stack],
  ...['--purge', '--delete-data'],
];
const GUEST = [...INIT, '--network', 'shared', '--network-stack', 'net'] as const;

let empty: Inventory;
/** Stacks `net`, whose network it is, and `dev` in it. */
beforeAll(async () => {
  empty = await stage.emulator.inventory();
  const made = await stage.run([...INIT, '--stack', 'net']);
  expect(made).toMatchObject({ code: 0 });
});

describe('a shared network', () => {
  it('is not taken while its owner is at work, and nothing is left of the attempt', async () => {
    const { s3, own } = await storeFor(stage.emulator);
    const who = { nonce: 'n', user: 'ada', host: 'build-7', boot: 'other', pid: 4711, command: 'destroy' };
    const lease = { acquiredAt: '2026-11-25T08:00:00.000Z', leaseSeconds: 60, renewals: 0, cliVersion: '0.1.0' };
    const lock = { Bucket: own.Bucket, Key: 'net/lock.json' };
    await s3.send(new PutObjectCommand({ ...lock, Body: JSON.stringify({ ...who, ...lease }) }));
    const before = countable(await stage.emulator.inventory());
    const refused = await stage.run(GUEST);
    expectRefusal(expect, refused, {
      code: 75,
      says: 'ada@build-7 runs "destroy" on stack net, whose network this one is to share',
      fix: 'Run the command again when that is done',
    });
    await s3.send(new DeleteObjectCommand(lock));
    const list = await stage.run(['state', 'list']);
    expect(list.stdout).not.toContain('dev');
    expect(counts(countable(await stage.emulator.inventory()))).toMatchObject({ 'ec2 vpc': counts(before)['ec2 vpc'] });
  });

  it('has room for another stack, without a second NAT gateway', async () => {
    const before = counts(await stage.emulator.inventory());
    const made = await stage.run(GUEST);
    expect(made).toMatchObject({ code: 0 });
    const after = counts(await stage.emulator.inventory());
    expect(after['ec2 security-group']).toBe((before['ec2 security-group'] ?? 0) + 1);
    for (const kind of ['vpc', 'subnet', 'natgateway', 'elastic-ip', 'route-table', 'vpc-endpoint']) {
      expect(after[`ec2 ${kind}`]).toBe(before[`ec2 ${kind}`]);
    }
    const again = await stage.run(INIT);
    expect(again.stdout).toContain('Stack dev is as configured. Nothing was changed.');
  });

  it('cannot be destroyed, nor taken away by an update, while it is used', async () => {
    const earlier = (await stage.changes()).length;
    const fix = 'Destroy these first, or move them: temporal-fargate init --stack dev --network private';
    const shares = 'stack net shares its network with dev, so';
    expectRefusal(expect, await stage.run(destroy('net')), { code: 1, says: `${shares} it must stay`, fix });
    const toPublic = [...INIT, '--stack', 'net', '--network', 'public', '--allow-replace'];
    const subnets = 'private subnet (us-east-1a), private subnet (us-east-1b)';
    expectRefusal(expect, await stage.run(toPublic), { code: 1, says: `${shares} ${subnets} must stay`, fix });
    expect(await stage.changes()).toHaveLength(earlier);
    // What guests know of it stays: their tasks find another way out.
    expect(await stage.run(['plan', '--yes', '--stack', 'net', '--network', 'private-per-az'])).toMatchObject({
      code: 0,
    });
  });

  it('is of its owner only', async () => {
    const chained = await stage.run([...INIT, '--stack', 'third', '--network', 'shared', '--network-stack', 'dev']);
    expectRefusal(expect, chained, {
      code: 1,
      says: 'stack dev has no network of its own: it shares that of stack net',
      fix: 'Name its owner: --network-stack net',
    });
    const itself = await stage.run([...INIT, '--stack', 'net', '--network', 'shared', '--network-stack', 'net']);
    expectRefusal(expect, itself, { code: 64, says: 'a stack cannot be a guest of itself', fix: 'Change the answers' });
  });

  it('goes after its last guest, and is then missed by who comes later', async () => {
    expect(await stage.run(destroy('dev'))).toMatchObject({ code: 0 });
    expect(await stage.run(destroy('net'))).toMatchObject({ code: 0 });
    expect(countable(await stage.emulator.inventory())).toEqual(countable(empty));
    expectRefusal(expect, await stage.run(GUEST), {
      code: 1,
      says: 'there is no stack net in account 123456789012, region us-east-1, whose network could be shared',
      fix: 'Create it first: temporal-fargate init --stack net',
    });
  });
});

describe('whoever shares the network of a stack', () => {
  const guest = { ...referenceConfig(), network: { preset: 'shared', stack: 'net' } };
  const record = { id: 'i', token: 't', generation: 1, startedAt: '2026-11-25T08:00:00.000Z' };

  it.each<[string, boolean, object]>([
    ['is about to be made', true, { operation: 'init', steps: {}, configs: [guest] }],
    ['has not quite moved away', true, { operation: 'init', steps: {}, configs: [guest, referenceConfig()] }],
    ['is half destroyed', true, { operation: 'destroy', steps: { 'compute/cluster': record }, configs: [guest] }],
    ['was written by a newer program', true, { schemaVersion: 99, operation: 'init', steps: {}, configs: [guest] }],
    ['is damaged', true, { configs: { network: { preset: 'shared', stack: 'net' } } }],
    [
      'is destroyed but for its secret',
      false,
      { operation: 'destroy', steps: { 'secrets/temporal': record }, configs: [guest] },
    ],
    ['has a network of its own', false, { operation: 'init', steps: {}, configs: [referenceConfig()] }],
    [
      'shares that of another',
      false,
      { operation: 'init', steps: {}, configs: [{ ...guest, network: { preset: 'shared', stack: 'other' } }] },
    ],
  ])('and %s counts: %s', async (_what, counts, document) => {
    const { store, s3, own } = await storeFor(stage.emulator, { stack: 'net' });
    await putText(s3, own, 'soon/state.json', JSON.stringify(document));
    const outcome = await refuseWhileShared(store, 'net').then(
      () => undefined,
      (error: Error) => error.message,
    );
    expect(outcome).toBe(counts ? 'stack net shares its network with soon, so it must stay' : undefined);
  });
});
