import fc from 'fast-check';
import { beforeEach, describe, expect, it } from 'vitest';
import { parseDocument, SCHEMA_VERSION, type StateDocument } from '../../state/document.ts';
import { cliEnvironment, runCli } from '../helpers/cli.ts';
import { useEmulator } from '../helpers/emulator.ts';
import { afterwards, documentOf, putText, stamp, storeFor, textOf, userError } from './stage.ts';

const emulator = useEmulator();
beforeEach(() => emulator.reset());
const KEY = 'dev/state.json';
const expected = { where: 's3://bucket/dev/state.json', stack: 'dev', accountId: '123456789012', region: 'us-east-1' };

describe('a stored document is refused and left as it is', () => {
  const without = (key: keyof StateDocument): string =>
    JSON.stringify(Object.fromEntries(Object.entries(documentOf(emulator)).filter(([name]) => name !== key)));
  const changed = (changes: object): string => JSON.stringify({ ...documentOf(emulator), ...changes });

  it.each<[string, () => string, string, RegExp, RegExp]>([
    ['is not JSON', () => '{"schemaVersion": 1,', 'STATE_DAMAGED', /it is not JSON/, /state versions/],
    ['is empty', () => '', 'STATE_DAMAGED', /it is not JSON/, /state versions/],
    ['is a list', () => '[]', 'STATE_DAMAGED', /it is not an object/, /state versions/],
    ['is null', () => 'null', 'STATE_DAMAGED', /it is not an object/, /state versions/],
    ['has no schemaVersion', () => without('schemaVersion'), 'STATE_DAMAGED', /no schemaVersion/, /state versions/],
    ['has schemaVersion 0', () => changed({ schemaVersion: 0 }), 'STATE_DAMAGED', /no schemaVersion/, /state versions/],
    ['has schemaVersion "1"', () => changed({ schemaVersion: '1' }), 'STATE_DAMAGED', /no schemaV/, /state versions/],
    ['lacks a field', () => without('steps'), 'STATE_DAMAGED', /steps/, /state versions/],
    ['has an unknown field', () => changed({ extra: 1 }), 'STATE_DAMAGED', /extra/, /state versions/],
    ['has a broken record', () => changed({ steps: { vpc: { id: 7 } } }), 'STATE_DAMAGED', /id/, /state versions/],
    [
      'is of a newer schema',
      () => changed({ schemaVersion: 2, cliVersion: '9.1.0' }),
      'STATE_NEWER',
      /9\.1\.0.*schema 2/,
      /latest/,
    ],
    [
      'belongs to another stack',
      () => changed({ stack: 'prod' }),
      'STATE_FOREIGN',
      /stack prod, expected dev/,
      /copied/,
    ],
    [
      'belongs to another account',
      () => changed({ accountId: '210987654321' }),
      'STATE_FOREIGN',
      /accountId 2109/,
      /copied/,
    ],
    [
      'belongs to another region',
      () => changed({ region: 'eu-west-1' }),
      'STATE_FOREIGN',
      /region eu-west-1/,
      /copied/,
    ],
  ])('when it %s', async (_name, text, code, message, fix) => {
    const { store, s3, own } = await storeFor(emulator);
    await putText(s3, own, KEY, text());
    const before = await stamp(s3, own, KEY);
    for (const error of [await userError(store.read()), await userError(store.open('init'))]) {
      expect(error.code).toBe(code);
      expect(error.message).toMatch(message);
      expect(error.message).toContain(`s3://${own.Bucket}/${KEY}`);
      expect(error.fix).toMatch(fix);
      expect(error.exitCode).toBe(1);
    }
    expect(await stamp(s3, own, KEY)).toBe(before);
    expect(await store.holder()).toBeUndefined();
  });

  it('also when a lock is to be broken', async () => {
    const { store, s3, own } = await storeFor(emulator);
    const session = await store.open('init');
    afterwards(() => session.close());
    await putText(s3, own, KEY, 'damaged');
    const before = await stamp(s3, own, KEY);
    const seen = await store.holder();
    expect(seen).toBeDefined();
    if (seen) expect((await userError(store.breakLock(seen))).code).toBe('STATE_DAMAGED');
    expect(await stamp(s3, own, KEY)).toBe(before);
  });
});

describe('the schema', () => {
  const anyText = fc.string({ unit: 'binary' });
  const record = fc.record(
    { id: anyText, token: anyText, generation: fc.integer({ min: 1 }), startedAt: anyText },
    { requiredKeys: ['token', 'generation', 'startedAt'] },
  );
  // JSON has no -0, and a key named __proto__ is no property of an object literal.
  const key = anyText.filter((text) => text !== '__proto__');
  const json = fc.jsonValue({ noUnicodeString: false }).map((value) => JSON.parse(JSON.stringify(value)) as unknown);
  const anyDocument: fc.Arbitrary<StateDocument> = fc.record({
    schemaVersion: fc.constant(SCHEMA_VERSION),
    stack: fc.constant(expected.stack),
    stackId: anyText,
    accountId: fc.constant(expected.accountId),
    region: fc.constant(expected.region),
    epoch: fc.nat(),
    serial: fc.nat(),
    writer: anyText,
    writtenAt: anyText,
    cliVersion: anyText,
    configs: fc.array(fc.dictionary(key, json)),
    steps: fc.dictionary(key, record),
    proven: fc.array(anyText),
  });

  it('gives back every document that is written as JSON', () => {
    fc.assert(
      fc.property(anyDocument, (document) => {
        const text = JSON.stringify(document);
        expect(parseDocument(text, expected)).toEqual(JSON.parse(text));
        expect(JSON.stringify(parseDocument(JSON.stringify(document, null, 2), expected))).toBe(
          JSON.stringify(parseDocument(text, expected)),
        );
      }),
    );
  });

  it('refuses every field that it does not know, in the document and in a record', () => {
    const known = [...Object.keys(documentOf(emulator)), 'id', 'token', 'generation', 'startedAt'];
    const unknown = key.filter((name) => !known.includes(name));
    fc.assert(
      fc.property(anyDocument, record, unknown, json, (document, intent, name, value) => {
        for (const damaged of [
          { ...document, [name]: value },
          { ...document, steps: { ...document.steps, vpc: { ...intent, [name]: value } } },
        ]) {
          expect(() => parseDocument(JSON.stringify(damaged), expected)).toThrow('the document is damaged');
        }
      }),
    );
  });

  it('never throws anything but a UserError with a fix, whatever the text', () => {
    fc.assert(
      fc.property(
        fc.oneof(
          anyText,
          fc.json(),
          fc.json().map((text) => `{"schemaVersion":1,"steps":${text}}`),
        ),
        (text) => {
          expect(() => parseDocument(text, expected)).toThrow(expect.objectContaining({ fix: expect.any(String) }));
        },
      ),
    );
  });
});

describe('versions', () => {
  const writeThree = async () => {
    const stage = await storeFor(emulator);
    const session = await stage.store.open('init');
    for (const id of ['vpc-1', 'vpc-2', 'vpc-3']) {
      await session.update((draft) => {
        draft.steps.vpc = { id, token: 't', generation: 1, startedAt: '2026-01-01T00:00:00.000Z' };
      });
    }
    await session.close();
    return stage;
  };

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

  it('can be restored: the earlier document is current, under a higher epoch, and the later ones stay', async () => {
    const { store, s3, own } = await writeThree();
    await putText(s3, own, KEY, 'damaged');
    const before = await store.versions();
    const oldest = before.at(-1)?.versionId ?? '';
    expect((await store.restore(oldest)).steps.vpc?.id).toBe('vpc-1');
    const now = await store.read();
    expect(now).toMatchObject({ steps: { vpc: { id: 'vpc-1' } }, epoch: 1, serial: 1 });
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
    const before = await stamp(s3, own, KEY);
    expect((await userError(store.restore(bad?.versionId ?? ''))).code).toBe('STATE_DAMAGED');
    for (const unknown of ['3f9f5d0e-0000-4000-8000-000000000000', 'nonsense']) {
      const error = await userError(store.restore(unknown));
      expect(error).toMatchObject({ code: 'NO_VERSION', fix: expect.stringContaining('state versions') });
    }
    await putText(s3, own, KEY, JSON.stringify(documentOf(emulator)));
    const session = await store.open('init');
    afterwards(() => session.close());
    const held = await stamp(s3, own, KEY);
    expect(await userError(store.restore(good))).toMatchObject({ code: 'LOCK_HELD', exitCode: 75 });
    expect(await stamp(s3, own, KEY)).toBe(held);
    expect(held).not.toBe(before);
  });

  it('are listed and restored by the command line, too', async () => {
    const { store, s3, own } = await writeThree();
    await putText(s3, own, KEY, 'damaged');
    const versions = await store.versions();
    const env = cliEnvironment(emulator.address);
    const damaged = await runCli(['status'], env);
    expect(damaged).toMatchObject({ code: 1, stderr: expect.stringContaining('temporal-fargate state versions') });

    const listed = await runCli(['state', 'versions'], env);
    expect(listed.code).toBe(0);
    expect(
      listed.stdout
        .trim()
        .split('\n')
        .map((line) => line.split(' ')[0]),
    ).toEqual(versions.map(({ versionId }) => versionId));
    expect(listed.stdout.split('\n')[0]).toMatch(/current$/);

    const second = versions[1]?.versionId ?? '';
    const declined = await runCli(['state', 'restore', '--version-id', second], env);
    expect(declined).toMatchObject({ code: 1, stderr: expect.stringContaining('Nothing was changed') });
    expect(await textOf(s3, own, KEY)).toBe('damaged');
    expect((await runCli(['state', 'restore'], env)).code).toBe(64);
    const none = await runCli(['state', 'restore', '--version-id', 'nonsense', '--yes'], env);
    expect(none).toMatchObject({ code: 1, stderr: expect.stringContaining('it has no version nonsense') });

    const restored = await runCli(['state', 'restore', '--version-id', second, '--yes'], env);
    expect(restored).toMatchObject({ code: 0, stdout: expect.stringContaining('Restored: 1 things on record') });
    expect((await store.read())?.steps.vpc?.id).toBe('vpc-3');
    expect((await runCli(['state', 'versions', '--stack', 'other'], env)).stdout).toContain('has no state');
  });
});
