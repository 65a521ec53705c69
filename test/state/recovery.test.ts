import { beforeEach, describe, expect, it } from 'vitest';
import { BIN, cliEnvironment } from '../helpers/cli.ts';
import { useEmulator } from '../helpers/emulator.ts';
import { openTerminal } from '../helpers/terminal.ts';
import { useWarmPrograms } from '../helpers/warm-programs.ts';
import { afterwards, documentOf, putText, stamp, storeFor, textOf, useCleanUp, userError } from './stage.ts';

useCleanUp();

const emulator = useEmulator();
beforeEach(() => emulator.reset());
const KEY = 'dev/state.json';
const program = useWarmPrograms(() => BIN);
const run = (args: readonly string[]) => program(args, cliEnvironment(emulator.address));

/** Three versions: vpc-1, vpc-2, vpc-3. */
async function writeThree() {
  const stage = await storeFor(emulator);
  const session = await stage.store.open('init');
  for (const id of ['vpc-1', 'vpc-2', 'vpc-3']) {
    await session.update((draft) => {
      draft.steps.vpc = { id, token: 't', generation: 1, startedAt: '2026-01-01T00:00:00.000Z' };
    });
  }
  await session.close();
  return stage;
}

describe('versions', () => {
  it('are listed newest first, those of other stacks not among them', async () => {
    const { store, s3, own } = await writeThree();
    await putText(s3, own, 'dev/state.json.bak', '{}');
    await putText(s3, own, 'dev2/state.json', '{}');
    const versions = await store.versions();
    expect(versions.map(({ isCurrent }) => isCurrent)).toEqual([true, false, false]);
    expect(new Set(versions.map(({ versionId }) => versionId)).size).toBe(3);
    const times = versions.map(({ writtenAt }) => writtenAt?.getTime() ?? 0);
    expect(times).toEqual([...times].sort((a, b) => b - a));
    expect(times.every((time) => time > 0)).toBe(true);
  });

  it('can be restored: the earlier one is current, serial and epoch go on, and the later ones stay', async () => {
    const { store, s3, own } = await writeThree();
    await putText(s3, own, KEY, 'damaged');
    const before = await store.versions();
    const oldest = before.at(-1)?.versionId ?? '';
    expect((await store.restore(oldest)).steps.vpc?.id).toBe('vpc-1');
    const now = await store.read();
    expect(now).toMatchObject({ steps: { vpc: { id: 'vpc-1' } }, epoch: 1, serial: 4, operation: 'state restore' });
    expect((await store.versions()).slice(1).map(({ versionId }) => versionId)).toEqual(
      before.map(({ versionId }) => versionId),
    );
    expect(await store.holder()).toBeUndefined();
  });

  it('cannot be restored when they are damaged, unknown, or while somebody holds the lock', async () => {
    const { store, s3, own } = await writeThree();
    const good = (await store.versions())[0]?.versionId ?? '';
    await putText(s3, own, KEY, 'damaged');
    const [bad] = await store.versions();
    expect((await userError(store.restore(bad?.versionId ?? ''))).code).toBe('STATE_DAMAGED');
    for (const unknown of ['3f9f5d0e-0000-4000-8000-000000000000', 'nonsense']) {
      const error = await userError(store.restore(unknown));
      expect(error).toMatchObject({ code: 'NO_VERSION', fix: expect.stringContaining('state versions') });
    }
    await putText(s3, own, KEY, JSON.stringify(documentOf(emulator)));
    const session = await store.open('init');
    afterwards(() => session.close());
    const held = await stamp(s3, own, KEY);
    for (const call of [() => store.restore(good), () => store.discard()]) {
      expect(await userError(call())).toMatchObject({ code: 'LOCK_HELD', exitCode: 75 });
    }
    expect(await stamp(s3, own, KEY)).toBe(held);
  });

  it('that were restored cannot be written over by a run from before', async () => {
    const { store } = await writeThree();
    const paused = await store.open('init');
    afterwards(() => paused.close());
    const seen = await store.holder();
    if (seen) await store.breakLock(seen);
    const [, second] = await store.versions();
    await store.restore(second?.versionId ?? '');
    const late = paused.update((draft) => {
      draft.steps = {};
    });
    expect((await userError(late)).code).toBe('STATE_CHANGED');
    expect(await store.read()).toMatchObject({ epoch: 2, serial: 5, steps: { vpc: { id: 'vpc-3' } } });
  });
});

describe('a document that is set aside', () => {
  it('stays among the versions, readable or not, and can be brought back', async () => {
    const { store, s3, own } = await writeThree();
    await putText(s3, own, KEY, 'damaged');
    const before = await store.versions();
    expect(await store.discard()).toBe(true);
    expect(await store.read()).toBeUndefined();
    expect((await store.versions()).map(({ versionId }) => versionId)).toEqual(before.map((one) => one.versionId));
    expect(await store.discard()).toBe(false);
    await store.restore(before[1]?.versionId ?? '');
    expect(await store.read()).toMatchObject({ serial: 4, steps: { vpc: { id: 'vpc-3' } } });
  });
});

describe('at the command line', () => {
  it('a damaged document is restored by one command that says what it takes', async () => {
    const { store, s3, own } = await writeThree();
    const healthy = await run(['state', 'restore', '--yes']);
    expect(healthy).toMatchObject({ code: 64, stderr: expect.stringContaining('is not damaged') });
    await putText(s3, own, KEY, 'damaged');
    expect((await run(['status'])).stderr).toContain('temporal-fargate state restore --stack dev');
    const silent = await run(['state', 'restore']);
    expect(silent).toMatchObject({ code: 64, stderr: expect.stringContaining('Add --yes') });
    expect(await textOf(s3, own, KEY)).toBe('damaged');

    const terminal = openTerminal(['state', 'restore'], cliEnvironment(emulator.address));
    await terminal.see(/Make version \S+ \(serial 3, init at 20\S+\) the current state of stack dev\?/);
    terminal.type('y\r');
    await terminal.see('as serial 4: 1 things on record');
    expect(await terminal.ended).toBe(0);
    expect((await store.read())?.steps.vpc?.id).toBe('vpc-3');
    const none = await run(['state', 'restore', '--version-id', 'nonsense', '--yes']);
    expect(none).toMatchObject({ code: 1, stderr: expect.stringContaining('it has no version nonsense') });
  });

  it('one without any readable version is set aside after its stack was named', async () => {
    const { s3, own } = await storeFor(emulator);
    await putText(s3, own, KEY, 'damaged');
    const restored = await run(['state', 'restore', '--yes']);
    expect(restored).toMatchObject({ code: 1, stderr: expect.stringContaining('state discard --stack dev') });
    const unnamed = await run(['state', 'discard', '--yes']);
    expect(unnamed).toMatchObject({ code: 64, stderr: expect.stringContaining('Add --confirm dev') });
    const wrong = await run(['state', 'discard', '--yes', '--confirm', 'prod']);
    expect(wrong).toMatchObject({ code: 64, stderr: expect.stringContaining('--confirm names prod') });
    expect(await textOf(s3, own, KEY)).toBe('damaged');
    const discarded = await run(['state', 'discard', '--yes', '--confirm', 'dev']);
    expect(discarded).toMatchObject({ code: 0, stdout: expect.stringContaining('is set aside') });
    // There is nothing of the stack, which destroy finds out by the tags.
    const destroyed = await run(['destroy', '--yes']);
    expect(destroyed).toMatchObject({ code: 0, stdout: expect.stringMatching(/^0 left$/m) });
  });

  it('all stacks are listed with what is known of each, the damaged and the locked among them', async () => {
    await writeThree();
    const { s3, own } = await storeFor(emulator);
    await putText(s3, own, 'broken/state.json', 'damaged');
    const locked = await (await storeFor(emulator, { stack: 'prod' })).store.open('destroy');
    afterwards(() => locked.close());
    const { code, stdout } = await run(['state', 'list']);
    expect(code).toBe(0);
    expect(stdout).toMatch(/^dev {5}1 things, serial 3, init at 20\S+ by version test$/m);
    expect(stdout).toMatch(/^broken {2}.*the document is damaged: it is not JSON$/m);
    expect(stdout).toMatch(/^prod {4}no state\n {8}locked: .* runs "destroy"$/m);
    const json = JSON.parse((await run(['state', 'list', '--json'])).stdout.trim().split('\n').at(-1) ?? '');
    expect(json.result.stacks.map(({ stack }: { stack: string }) => stack).sort()).toEqual(['broken', 'dev', 'prod']);
  });

  it('the document is shown for people, and as it is with --json; an earlier version as well', async () => {
    const { store } = await writeThree();
    const shown = (await run(['state', 'show'])).stdout;
    expect(shown).toMatch(/^Stack {4}dev, id \S+$/m);
    expect(shown).toMatch(/^Serial {3}3, epoch 0, schema \d+$/m);
    expect(shown).toMatch(/^ {2}vpc {2}vpc-3$/m);
    const json = JSON.parse((await run(['state', 'show', '--json'])).stdout.trim().split('\n').at(-1) ?? '');
    expect(json.result.document).toEqual(await store.read());
    const oldest = (await store.versions()).at(-1)?.versionId ?? '';
    expect((await run(['state', 'show', '--version-id', oldest])).stdout).toMatch(/^ {2}vpc {2}vpc-1$/m);
    expect((await run(['state', 'versions'])).stdout.trim().split('\n')).toHaveLength(3);
    expect((await run(['state', 'versions', '--stack', 'other'])).stdout).toContain('Stack other has no state.');
  });

  it('an account without a state bucket is told so', async () => {
    const none = await run(['state', 'list']);
    expect(none).toMatchObject({ code: 1, stderr: expect.stringContaining('has no state bucket in us-east-1') });
  });
});
