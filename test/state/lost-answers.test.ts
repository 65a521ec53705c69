import { ListObjectVersionsCommand } from '@aws-sdk/client-s3';
import { beforeEach, describe, expect, it } from 'vitest';
import { newHolder } from '../../state/lock-holder.ts';
import type { S3Session } from '../../state/s3-session.ts';
import { useEmulator } from '../helpers/emulator.ts';
import { putText, storeFor, useCleanUp } from './stage.ts';

useCleanUp();

const emulator = useEmulator();
beforeEach(() => emulator.reset());
const KEY = 'dev/state.json';

type Stage = Awaited<ReturnType<typeof storeFor>>;

const note = (session: S3Session, id: string) =>
  session.update((draft) => {
    draft.steps[id] = { id, token: 't', generation: 1, startedAt: '2026-01-01T00:00:00.000Z' };
  });

async function written(stage: Stage): Promise<void> {
  const session = await stage.store.open('init');
  await note(session, 'before');
  await session.close();
}

/** The lock of a process of this machine that has ended: there is none with such a number. */
async function abandoned({ s3, own }: Stage): Promise<void> {
  const holder = { ...newHolder({ command: 'init', cliVersion: 'test' }), pid: 2 ** 23 };
  await putText(s3, own, 'dev/lock.json', JSON.stringify(holder));
}

interface Flow {
  readonly name: string;
  /** Puts and deletes of it that are carried out. */
  readonly writes: number;
  readonly before: (stage: Stage) => Promise<void>;
  readonly work: (stage: Stage) => Promise<unknown>;
  /** What is stored afterwards, and in how many versions. */
  readonly stored: { epoch: number; serial: number; steps: string[] } | undefined;
  readonly versions: number;
}

const FLOWS: readonly Flow[] = [
  {
    name: 'a session',
    writes: 4,
    before: async () => undefined,
    work: async ({ store }) => {
      const session = await store.open('init');
      await note(session, 'one');
      await note(session, 'two');
      await session.close();
    },
    stored: { epoch: 0, serial: 2, steps: ['one', 'two'] },
    versions: 2,
  },
  {
    name: 'the take-over of an abandoned lock',
    writes: 4,
    before: async (stage) => {
      await written(stage);
      await abandoned(stage);
    },
    work: async ({ store }) => {
      const session = await store.open('init');
      await note(session, 'one');
      await session.close();
    },
    stored: { epoch: 1, serial: 3, steps: ['before', 'one'] },
    versions: 3,
  },
  {
    name: 'breaking a lock',
    writes: 2,
    before: async (stage) => {
      await written(stage);
      await abandoned(stage);
    },
    work: async ({ store }) => {
      const seen = await store.holder();
      if (seen) await store.breakLock(seen);
    },
    stored: { epoch: 1, serial: 2, steps: ['before'] },
    versions: 2,
  },
  {
    name: 'restoring a version',
    writes: 3,
    before: async (stage) => {
      await written(stage);
      await putText(stage.s3, stage.own, KEY, 'damaged');
    },
    work: async ({ store }) => {
      const [, good] = await store.versions();
      await store.restore(good?.versionId ?? '');
    },
    stored: { epoch: 1, serial: 2, steps: ['before'] },
    versions: 3,
  },
  {
    name: 'setting a document aside',
    writes: 3,
    before: written,
    work: ({ store }) => store.discard(),
    stored: undefined,
    versions: 1,
  },
  {
    name: 'the end of a destroy',
    writes: 3,
    before: written,
    work: async ({ store }) => {
      const session = await store.open('destroy');
      await session.deleteDocument();
      await session.close();
    },
    stored: undefined,
    versions: 1,
  },
];

describe.each(FLOWS)('$name', ({ writes, before, work, stored, versions }) => {
  const each = Array.from({ length: writes }, (_unused, index) => index + 1);

  it.each(each)('is not disturbed when the answer to its write %i is lost, and writes nothing twice', async (n) => {
    const stage = await storeFor(emulator);
    await before(stage);
    await emulator.clearCalls();
    await emulator.fault({ kind: 'close-after', match: { service: 's3' }, mutating: true, after: n });
    await work(stage);
    const calls = (await emulator.calls()).filter(({ mutating }) => mutating);
    const refused = calls.filter(({ status }) => status === 412 || status === 404);
    expect(refused.length).toBeGreaterThan(0);
    expect(calls.length - refused.length).toBe(writes);

    const document = await stage.store.read();
    const { epoch, serial, steps } = document ?? {};
    expect(document && { epoch, serial, steps: Object.keys(steps ?? {}) }).toEqual(stored);
    expect(await stage.store.holder()).toBeUndefined();
    const { Bucket } = stage.own;
    const listed = await emulator.clients.s3.send(new ListObjectVersionsCommand({ Bucket, Prefix: KEY }));
    expect(listed.Versions).toHaveLength(versions);
    expect(listed.DeleteMarkers ?? []).toHaveLength(stored ? 0 : 1);
  });
});
