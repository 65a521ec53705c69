import { spawnSync } from 'node:child_process';
import {
  chmodSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readlinkSync,
  rmSync,
  symlinkSync,
  truncateSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { extract, type Header } from 'tar-stream';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { folderEntries, type TarEntry, tar, tree } from '../../src/image/tar.ts';

const LONG = `app/${'deep/'.repeat(30)}file-with-ümlaut.txt`;
const bytes = (text: string) => Buffer.from(text);

let scratch: string;
beforeEach(() => {
  scratch = mkdtempSync(join(tmpdir(), 'tar-'));
});
afterEach(() => rmSync(scratch, { recursive: true, force: true }));

async function archive(entries: Iterable<TarEntry>): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of tar(entries)) chunks.push(chunk);
  return Buffer.concat(chunks);
}

/** Reads an archive with another program's parser. */
async function headersOf(bytesOfArchive: Buffer): Promise<Header[]> {
  const parser = extract();
  Readable.from([bytesOfArchive]).pipe(parser);
  const headers: Header[] = [];
  for await (const entry of parser) {
    headers.push(entry.header);
    entry.resume();
  }
  return headers;
}

/** A folder like an installed package, with the traits that differ between machines set to odd values. */
function makeFolder(name: string, umaskedMode: number): string {
  const root = join(scratch, name);
  mkdirSync(join(root, 'lib/empty'), { recursive: true });
  writeFileSync(join(root, 'lib/index.js'), 'exports.a = 1;\n');
  writeFileSync(join(root, 'lib/run.sh'), '#!/bin/sh\n');
  chmodSync(join(root, 'lib/index.js'), umaskedMode);
  chmodSync(join(root, 'lib/run.sh'), umaskedMode | 0o100);
  symlinkSync('lib/index.js', join(root, 'main.js'));
  utimesSync(join(root, 'lib/index.js'), umaskedMode, umaskedMode);
  return root;
}

describe('a layer’s archive', () => {
  it('has the same bytes for the same contents, whatever the folder, its modes and its times', async () => {
    const one = await archive(await folderEntries(makeFolder('one', 0o600), 'app'));
    const other = await archive(await folderEntries(makeFolder('elsewhere', 0o664), 'app'));
    expect(one.equals(other)).toBe(true);
    expect(one.includes(scratch)).toBe(false);
  });

  it('is sorted, whatever the order it was given', async () => {
    const entries: TarEntry[] = [
      { type: 'file', path: 'a/z', executable: false, content: bytes('z') },
      { type: 'directory', path: 'a' },
      { type: 'file', path: 'a-b', executable: false, content: bytes('b') },
    ];
    const [forward, backward] = await Promise.all([archive(entries), archive([...entries].reverse())]);
    expect(forward.equals(backward)).toBe(true);
    expect((await headersOf(forward)).map((header) => header.name)).toEqual(['a/', 'a-b', 'a/z']);
  });

  it('gives everything to user 1000, at the epoch, with mode 0644 or 0755', async () => {
    const headers = await headersOf(await archive(await folderEntries(makeFolder('one', 0o600), 'app')));
    expect(headers.map(({ name, mode, type }) => [name, type, mode?.toString(8)])).toEqual([
      ['app/lib/', 'directory', '755'],
      ['app/lib/index.js', 'file', '644'],
      ['app/lib/run.sh', 'file', '755'],
      ['app/main.js', 'symlink', '755'],
    ]);
    for (const { uid, gid, mtime } of headers)
      expect({ uid, gid, mtime }).toEqual({ uid: 1000, gid: 1000, mtime: new Date(0) });
  });

  it('is unpacked by the system’s tar, long and foreign names too', async () => {
    const entries: TarEntry[] = [
      { type: 'file', path: LONG, executable: false, content: bytes('found') },
      { type: 'file', path: 'exactly-512', executable: false, content: Buffer.alloc(512, 'x') },
      { type: 'file', path: 'empty', executable: false, content: bytes('') },
      { type: 'symlink', path: 'link', target: LONG },
    ];
    const { status, stderr } = spawnSync('tar', ['-xf', '-', '-C', scratch, '--no-same-owner'], {
      input: await archive(entries),
      encoding: 'utf8',
    });
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
    expect(readFileSync(join(scratch, LONG), 'utf8')).toBe('found');
    expect(readlinkSync(join(scratch, 'link'))).toBe(LONG);
    expect(lstatSync(join(scratch, 'exactly-512')).size).toBe(512);
    expect(lstatSync(join(scratch, 'empty')).size).toBe(0);
  });

  it('counts the length of a long name’s record right where the count gains a digit', async () => {
    // Records of 98 to 103 bytes: the length field itself grows from two digits to three.
    for (let length = 101; length < 112; length += 1) {
      const path = 'n'.repeat(length);
      expect(await headersOf(await archive([{ type: 'directory', path }]))).toMatchObject([{ name: `${path}/` }]);
    }
    for (let length = 40; length < 50; length += 1) {
      const path = 'ä'.repeat(length);
      expect(await headersOf(await archive([{ type: 'directory', path }]))).toMatchObject([{ name: `${path}/` }]);
    }
  });

  it('leaves out what is not kept, and folders with nothing in them', async () => {
    const entries = await folderEntries(makeFolder('one', 0o600), 'app', (path) => !path.endsWith('.sh'));
    expect(entries.map((entry) => entry.path).sort()).toEqual(['app/lib', 'app/lib/index.js', 'app/main.js']);
  });

  it('says how long a file is that is longer than a header can say', async () => {
    const file = join(scratch, 'huge');
    writeFileSync(file, '');
    truncateSync(file, 2 ** 33);
    const archived = tar([{ type: 'file', path: 'app/huge', executable: false, content: { file } }]);
    await archived.next();
    expect(Buffer.from((await archived.next()).value ?? '').toString()).toBe('19 size=8589934592\n');
    await archived.return(undefined);
  });

  it('of a file that grows meanwhile is an error, not a broken archive', async () => {
    const file = join(scratch, 'log');
    writeFileSync(file, 'one');
    const reading = (async () => {
      for await (const _chunk of tar([{ type: 'file', path: 'app/log', executable: false, content: { file } }]))
        writeFileSync(file, 'one, and two');
    })();
    await expect(reading).rejects.toMatchObject({ code: 'FILE_CHANGED' });
  });
});

describe('the files of a folder', () => {
  it('with a name that is not UTF-8 are refused by name', async () => {
    writeFileSync(Buffer.concat([bytes(`${scratch}/caf`), Buffer.from([0xe9])]), '');
    await expect(folderEntries(scratch, 'app')).rejects.toMatchObject({
      code: 'BAD_FILE_NAME',
      message: expect.stringContaining(`reading ${scratch}: the name of caf`),
    });
  });
});

it('a tree has each path once, the last one, below the folders that it lies in', () => {
  const file = (path: string, text: string): TarEntry => ({
    ...{ type: 'file', path, executable: false, content: bytes(text) },
  });
  expect(tree([file('app/a/b.js', 'one'), { type: 'directory', path: 'app' }, file('app/a/b.js', 'two')])).toEqual([
    { type: 'directory', path: 'app' },
    { type: 'directory', path: 'app/a' },
    file('app/a/b.js', 'two'),
  ]);
});
