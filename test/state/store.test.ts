import { DeleteObjectCommand, DeleteObjectsCommand } from '@aws-sdk/client-s3';
import { beforeEach, describe, expect, it } from 'vitest';
import { S3Store } from '../../state/s3-store.ts';
import { eventually, type LoggedCall, useEmulator } from '../helpers/emulator.ts';
import {
  afterwards,
  documentOf,
  mutations,
  putText,
  stamp,
  storeFor,
  textOf,
  traces,
  useCleanUp,
  userError,
} from './stage.ts';

useCleanUp();

const emulator = useEmulator();
const KEY = 'dev/state.json';
/** A write of the state, and none of its lock, which may be renewed at any moment. */
const PUT = { service: 's3', operation: 'PutObject', key: KEY };
beforeEach(() => emulator.reset());

/** An open session; closed after the test. */
async function opened(options: Parameters<typeof storeFor>[1] = {}) {
  const stage = await storeFor(emulator, options);
  const session = await stage.store.open('init');
  afterwards(() => session.close());
  const note = (id: string) =>
    session.update((draft) => {
      draft.steps[id] = { id, token: 't', generation: 1, startedAt: '2026-01-01T00:00:00.000Z' };
    });
  return { ...stage, session, note };
}

const writes = async (key = KEY): Promise<LoggedCall[]> =>
  (await emulator.calls()).filter(({ operation, params }) => operation === 'PutObject' && params.Key === key);

/** The next put is carried out, and its answer cut off. */
const loseAnswer = () => emulator.fault({ kind: 'close-after', match: PUT });

describe('a session', () => {
  it('writes first by If-None-Match, then by If-Match of what it wrote before', async () => {
    const { session, note, store } = await opened();
    expect(session.isNew).toBe(true);
    expect(await store.read()).toBeUndefined();
    await note('one');
    await note('two');
    const [first, second] = await writes();
    expect([first?.params.IfNoneMatch, first?.params.IfMatch]).toEqual(['*', undefined]);
    expect(second?.params.IfNoneMatch).toBeUndefined();
    expect(second?.params.IfMatch).toMatch(/^"[0-9a-f]{32}"$/);
    expect(await store.read()).toMatchObject({ serial: 2, epoch: 0, cliVersion: 'test' });
    expect(session.isNew).toBe(false);
  });

  it('goes on from what is stored, and keeps the stack id', async () => {
    const first = await opened();
    await first.note('one');
    await first.session.close();
    const second = await opened();
    expect(second.session.isNew).toBe(false);
    await second.note('two');
    const now = await second.store.read();
    expect(Object.keys(now?.steps ?? {})).toEqual(['one', 'two']);
    expect(now).toMatchObject({ serial: 2, stackId: first.session.document.stackId });
  });

  it('writes once for many updates asked for at once, and an update that was resolved is stored', async () => {
    const { note, store } = await opened();
    await emulator.clearCalls();
    await Promise.all(Array.from({ length: 50 }, (_unused, index) => note(`step-${index}`)));
    expect(await writes()).toHaveLength(1);
    expect(Object.keys((await store.read())?.steps ?? {})).toHaveLength(50);
  });

  it('lets updates that arrive during a save share the next one', async () => {
    const { note, store } = await opened();
    await note('first');
    await emulator.clearCalls();
    await emulator.fault({ kind: 'hang', match: PUT });
    const early = note('early');
    await eventually('the save to be under way', async () => (await writes()).length === 1);
    const late = Promise.all(Array.from({ length: 20 }, (_unused, index) => note(`late-${index}`)));
    expect(Object.keys((await store.read())?.steps ?? {})).toEqual(['first']);
    await emulator.clearFaults();
    await early;
    expect((await store.read())?.steps).toHaveProperty('early');
    await late;
    expect(Object.keys((await store.read())?.steps ?? {})).toHaveLength(22);
    expect(await writes()).toHaveLength(2);
  });

  it('resolves each of many scattered updates only when it is stored', async () => {
    const { note, s3, own } = await opened();
    const resolved = async (id: string): Promise<boolean> => {
      await note(id);
      return (await textOf(s3, own, KEY)).includes(`"${id}"`);
    };
    const all: Promise<boolean>[] = [];
    for (let n = 0; n < 30; n += 1) {
      all.push(resolved(`step-${n}`));
      await new Promise((resolve) => setTimeout(resolve, n % 7));
    }
    expect(await Promise.all(all)).toEqual(all.map(() => true));
  });

  it.each([
    ['first', 0],
    ['second', 1],
  ])('recognises its own %s write when the answer was lost', async (_which, before) => {
    const { note, store } = await opened();
    for (let n = 0; n < before; n += 1) await note(`before-${n}`);
    await emulator.clearCalls();
    await loseAnswer();
    await note('mine');
    expect((await writes()).map(({ status }) => status)).toEqual([200, 412]);
    await note('next');
    expect(Object.keys((await store.read())?.steps ?? {})).toHaveLength(before + 2);
  });

  it('repeats a write that S3 asks to repeat (409 ConditionalRequestConflict)', async () => {
    const { note, store } = await opened();
    await emulator.fault({ kind: 'error', match: PUT, status: 409, code: 'ConditionalRequestConflict', times: 2 });
    await note('mine');
    expect((await store.read())?.steps).toHaveProperty('mine');
  });

  it('overwrites nothing when somebody else wrote meanwhile, and writes no more', async () => {
    const { note, s3, own } = await opened();
    await note('mine');
    const theirs = JSON.stringify(documentOf(emulator, { writer: 'theirs', serial: 9 }));
    await putText(s3, own, KEY, theirs);
    const before = await stamp(s3, own, KEY);
    const error = await userError(note('more'));
    expect(error).toMatchObject({ code: 'STATE_CHANGED', exitCode: 75, fix: expect.stringContaining('again') });
    expect(error.message).toContain('(serial 2): somebody else wrote it meanwhile (serial 9)');
    await emulator.clearCalls();
    for (const id of ['again', 'and again']) expect((await userError(note(id))).code).toBe('STATE_CHANGED');
    expect(await writes()).toEqual([]);
    expect(await stamp(s3, own, KEY)).toBe(before);
  });

  it('does not write over a document that appeared, nor bring back one that was deleted', async () => {
    const fresh = await opened();
    await putText(fresh.s3, fresh.own, KEY, JSON.stringify(documentOf(emulator)));
    expect((await userError(fresh.note('mine'))).code).toBe('STATE_CHANGED');
    await fresh.session.close();
    const second = await opened();
    await second.note('mine');
    await second.store.file.delete((await stamp(second.s3, second.own, KEY)).split(' ')[0] ?? '');
    expect((await userError(second.note('more'))).message).toContain('(serial none)');
    expect(await second.store.read()).toBeUndefined();
  });

  it('fails every update after a failed save, whatever the cause, and gives the lock back', async () => {
    const { note, session, store } = await opened();
    await note('mine');
    await emulator.fault({ kind: 'error', match: PUT, status: 403, code: 'AccessDenied' });
    await expect(Promise.all([note('a'), note('b')])).rejects.toThrow();
    await emulator.clearFaults();
    await emulator.clearCalls();
    await expect(note('c')).rejects.toMatchObject({ code: 'STATE_BUCKET_DENIED' });
    expect(await writes()).toEqual([]);
    expect(Object.keys((await store.read())?.steps ?? {})).toEqual(['mine']);
    await session.close();
    expect(await store.holder()).toBeUndefined();
  });
});

describe('an overtaken session', () => {
  it('writes nothing when its lease ran out and another took over', async () => {
    const paused = await opened({ leaseSeconds: 1 });
    await paused.note('before');
    // Its renewals stand still, as those of a stopped process do.
    await emulator.fault({ kind: 'hang', match: { operation: 'PutObject' } });
    await eventually('the lease to run out', async () => (await paused.store.holder())?.expired);
    const next = await opened();
    expect(next.session.document.epoch).toBe(1);
    expect(await next.store.read()).toMatchObject({ epoch: 1, serial: 2 });
    const before = await stamp(next.s3, next.own, KEY);
    const late = userError(paused.note('late'));
    await emulator.clearFaults();
    expect(await late).toMatchObject({ code: 'LOCK_LOST', exitCode: 75 });
    await expect(paused.session.assertHeld()).rejects.toMatchObject({ code: 'LOCK_LOST' });
    await paused.session.close();
    expect(await stamp(next.s3, next.own, KEY)).toBe(before);
    await next.note('after');
    expect(Object.keys((await next.store.read())?.steps ?? {})).toEqual(['before', 'after']);
    expect((await next.store.holder())?.holder.nonce).toBeDefined();
  });

  it('cannot write although it believes that it holds the lock, because whoever took over has fenced it', async () => {
    const first = await opened();
    await first.note('before');
    const seen = await first.store.holder();
    if (seen) await first.store.breakLock(seen);
    const next = await opened();
    const before = await stamp(next.s3, next.own, KEY);
    await first.session.assertHeld();
    expect((await userError(first.note('late'))).code).toBe('STATE_CHANGED');
    expect(await stamp(next.s3, next.own, KEY)).toBe(before);
    await first.session.close();
    expect(await next.store.holder()).toBeDefined();
    await next.note('after');
    expect(await next.store.read()).toMatchObject({ epoch: 1 });
  });

  it('does not take the fence for its own write when the answer to that was lost', async () => {
    const { note, store, s3, own } = await opened();
    await note('before');
    // The write is carried out, its answer is lost, and the retry comes after the lock was broken.
    await loseAnswer();
    await emulator.fault({ kind: 'hang', match: PUT, after: 2 });
    const outcome = userError(note('mine'));
    await eventually('the retry', async () => (await writes()).some(({ status }) => status === null));
    const seen = await store.holder();
    if (seen) await store.breakLock(seen);
    const fence = await stamp(s3, own, KEY);
    await emulator.clearFaults();
    expect((await outcome).code).toBe('STATE_CHANGED');
    expect(await stamp(s3, own, KEY)).toBe(fence);
    expect((await store.read())?.steps).toHaveProperty('mine');
  });

  it('has its lock broken only while it is still its own', async () => {
    const first = await opened();
    await first.note('one');
    const seen = await first.store.holder();
    await first.session.close();
    const next = await opened();
    const before = await stamp(next.s3, next.own, KEY);
    expect(seen && (await userError(next.store.breakLock(seen)))).toMatchObject({ code: 'LOCK_CHANGED', exitCode: 75 });
    expect(await stamp(next.s3, next.own, KEY)).toBe(before);
    await next.note('two');
  });
});

describe('a purge', () => {
  const destroyed = async (stack: string) => {
    const stage = await opened({ stack });
    await stage.note('one');
    await stage.session.deleteDocument();
    await stage.session.close();
    return stage;
  };

  it('leaves no version of this stack, and every version of the others', async () => {
    const other = await opened({ stack: 'dev2' });
    await other.note('one');
    await other.note('two');
    const theirs = await traces(other.s3, other.own);
    const { store, s3, own } = await destroyed('dev');
    expect(await store.read()).toBeUndefined();
    expect(await traces(s3, own)).not.toEqual(theirs);
    await store.purge();
    expect(await traces(s3, own)).toEqual(theirs);
    expect((await other.store.read())?.steps).toHaveProperty('two');
  });

  it('leaves the current lock and document of whoever came after', async () => {
    const { store } = await destroyed('dev');
    const next = await opened();
    await next.note('new');
    await store.purge();
    expect(await traces(next.s3, next.own)).toEqual(['dev/lock.json', KEY]);
    await next.note('newer');
    await next.session.assertHeld();
  });

  it('brings no deleted version back, however many pages of delete markers there are', async () => {
    const { store, s3, own } = await storeFor(emulator);
    for (const key of [KEY, 'dev/lock.json', 'dev2/state.json']) {
      await putText(s3, own, key, JSON.stringify(documentOf(emulator)));
    }
    // With the two traces of the lock the markers fill the first page; the version that they hide comes after it.
    const Objects = Array.from({ length: 998 }, () => ({ Key: KEY }));
    await s3.send(new DeleteObjectCommand({ ...own, Key: 'dev/lock.json' }));
    await s3.send(new DeleteObjectsCommand({ ...own, Delete: { Objects, Quiet: true } }));
    expect(await traces(s3, own)).toHaveLength(1000);
    await store.purge();
    expect(await traces(s3, own)).toEqual(['dev2/state.json']);
    expect(await store.stacks()).toEqual(['dev2']);
  });

  it('is done by a second try when the answer to the delete of the document was lost', async () => {
    const { note, session, store, s3, own } = await opened();
    await note('one');
    await emulator.fault({ kind: 'close-after', match: { operation: 'DeleteObject' } });
    await session.deleteDocument();
    await session.close();
    await store.purge();
    expect(await traces(s3, own)).toEqual([]);
  });

  it('is not begun when somebody else wrote the document meanwhile', async () => {
    const { note, session, s3, own } = await opened();
    await note('one');
    await putText(s3, own, KEY, JSON.stringify(documentOf(emulator, { serial: 9 })));
    expect((await userError(session.deleteDocument())).code).toBe('STATE_CHANGED');
    expect(await textOf(s3, own, KEY)).toContain('"serial":9');
  });
});

describe('deleting the state bucket', () => {
  it.each<[string, string, string]>([
    ['the document of another stack', 'prod/state.json', '{}'],
    ['the document of this stack', KEY, '{}'],
    ['something that is not ours', 'photos/cat.jpg', 'meow'],
    ['an unreadable lock that is young', 'prod/lock.json', 'x'],
  ])('is refused while it holds %s', async (_what, key, text) => {
    const { store, s3, own } = await storeFor(emulator);
    await putText(s3, own, key, text);
    const before = await emulator.inventory();
    await emulator.clearCalls();
    const error = await userError(store.deleteBucket());
    expect(error).toMatchObject({ code: 'STATE_BUCKET_IN_USE', message: expect.stringContaining(key) });
    expect(mutations(await emulator.calls())).toEqual([]);
    expect(await emulator.inventory()).toEqual(before);
  });

  it('is refused while another run holds a lock, although it has written nothing yet', async () => {
    const { s3, own } = await opened({ stack: 'prod' });
    const { region } = emulator.address;
    const store = new S3Store({ s3, own, stack: 'dev', region, cliVersion: 'test' });
    expect((await userError(store.deleteBucket())).message).toContain('prod/lock.json');
    expect(await traces(s3, own)).toEqual(['prod/lock.json']);
  });

  it('takes all old versions with it when no stack is left', async () => {
    const before = await emulator.inventory();
    const { store, note, session } = await opened();
    await note('one');
    await note('two');
    await session.deleteDocument();
    await session.close();
    await store.deleteBucket();
    expect(await emulator.inventory()).toEqual(before);
  });
});
