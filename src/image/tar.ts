import { createReadStream } from 'node:fs';
import { lstat, readdir, readlink, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { UserError } from '../errors.ts';

/** Owner of everything in a layer: the `node` user of the official Node images. */
const OWNER = 1000;

/** One thing in an archive. `path` is relative, with `/`, and without one at its end. */
export type TarEntry =
  | { readonly type: 'directory'; readonly path: string }
  | { readonly type: 'symlink'; readonly path: string; readonly target: string }
  | { readonly type: 'file'; readonly path: string; readonly executable: boolean; readonly content: FileContent };

/** Bytes, or the file on disk that holds them: read when its turn comes, and never whole in memory. */
export type FileContent = Uint8Array | { readonly file: string };

const BLOCK = 512;
/** One read for most files. */
const READ = { highWaterMark: 1024 * 1024 };
/** What the eleven octal digits of a header's size hold: 8 GiB less one byte. */
const MOST_OCTAL = 0o77777777777;
const TYPE_FLAG = { file: '0', symlink: '2', directory: '5', pax: 'x' } as const;

/**
 * Archives the entries in POSIX (ustar, pax where a name is long) format. Order, owner, times and modes do not depend
 * on where the files came from, so equal contents give equal bytes.
 */
export async function* tar(entries: Iterable<TarEntry>): AsyncGenerator<Uint8Array> {
  for (const entry of [...entries].sort(byPath)) {
    const path = entry.type === 'directory' ? `${entry.path}/` : entry.path;
    const target = entry.type === 'symlink' ? entry.target : '';
    const content = entry.type === 'file' ? entry.content : new Uint8Array();
    const size = content instanceof Uint8Array ? content.byteLength : (await stat(content.file)).size;
    const mode = entry.type === 'file' && !entry.executable ? 0o644 : 0o755;

    const pax = Buffer.from(
      paxRecord('path', path, fits(path)) +
        paxRecord('linkpath', target, fits(target)) +
        paxRecord('size', String(size), size <= MOST_OCTAL),
    );
    if (pax.length > 0) {
      yield headerBlock({ flag: TYPE_FLAG.pax, path: 'pax', target: '', mode: 0o644 }, pax.length);
      yield* padded(pax, pax.length);
    }
    yield headerBlock({ flag: TYPE_FLAG[entry.type], path, target, mode }, Math.min(size, MOST_OCTAL));
    yield* padded(content, size);
  }
  yield new Uint8Array(2 * BLOCK);
}

/** Lists a folder for `tar`, below `prefix`. Folders appear only when something in them is kept. */
export async function folderEntries(
  root: string,
  prefix: string,
  keep: (relativePath: string) => boolean = () => true,
): Promise<TarEntry[]> {
  const visit = async (folder: string): Promise<TarEntry[]> => {
    const entries: TarEntry[] = [];
    for (const name of await readdir(join(root, folder))) {
      const path = folder === '' ? name : `${folder}/${name}`;
      if (name.includes('\ufffd')) throw unreadableName(join(root, folder), name);
      const file = join(root, path);
      const status = await lstat(file);
      if (status.isDirectory()) {
        const inside = await visit(path);
        if (inside.length > 0) entries.push({ type: 'directory', path: `${prefix}/${path}` }, ...inside);
      } else if (keep(path) && status.isSymbolicLink()) {
        entries.push({ type: 'symlink', path: `${prefix}/${path}`, target: await readlink(file) });
      } else if (keep(path) && status.isFile()) {
        // Of the owner: what others may do depends on the umask of who wrote the file.
        const executable = (status.mode & 0o100) !== 0;
        entries.push({ type: 'file', path: `${prefix}/${path}`, executable, content: { file } });
      }
    }
    return entries;
  };
  return await visit('');
}

/** Each path once, the last wins, and above each the folders that it lies in. */
export function tree(entries: Iterable<TarEntry>): TarEntry[] {
  const byName = new Map<string, TarEntry>();
  for (const entry of entries) {
    for (let end = entry.path.indexOf('/'); end > 0; end = entry.path.indexOf('/', end + 1)) {
      const path = entry.path.slice(0, end);
      if (!byName.has(path)) byName.set(path, { type: 'directory', path });
    }
    byName.set(entry.path, entry);
  }
  return [...byName.values()];
}

/** By UTF-16 units, which no locale changes; a folder comes before what is in it. */
function byPath(a: TarEntry, b: TarEntry): number {
  return a.path < b.path ? -1 : Number(a.path > b.path);
}

const changedMeanwhile = (content: FileContent): UserError =>
  new UserError({
    code: 'FILE_CHANGED',
    message: `reading ${content instanceof Uint8Array ? 'bytes' : content.file}: it changed while it was read`,
    fix: 'Stop what writes it, and run the same command again.',
  });

const unreadableName = (folder: string, name: string): UserError =>
  new UserError({
    code: 'BAD_FILE_NAME',
    message: `reading ${folder}: the name of ${name} is not UTF-8, and a layer has no other names`,
    fix: 'Rename the file, or remove it.',
  });

interface Header {
  readonly flag: string;
  readonly path: string;
  readonly target: string;
  readonly mode: number;
}

/** The bytes, and zeros up to the next whole block. */
async function* padded(content: FileContent, size: number): AsyncGenerator<Uint8Array> {
  let length = 0;
  for await (const chunk of content instanceof Uint8Array ? [content] : createReadStream(content.file, READ)) {
    length += chunk.byteLength;
    yield chunk;
  }
  if (length !== size) throw changedMeanwhile(content);
  if (size % BLOCK > 0) yield new Uint8Array(BLOCK - (size % BLOCK));
}

function headerBlock({ flag, path, target, mode }: Header, size: number): Uint8Array {
  const block = Buffer.alloc(BLOCK);
  block.write(cut(path), 0);
  writeOctal(block, 100, 8, mode);
  writeOctal(block, 108, 8, OWNER);
  writeOctal(block, 116, 8, OWNER);
  writeOctal(block, 124, 12, size);
  writeOctal(block, 136, 12, 0); // Modified at the epoch.
  block.fill(' ', 148, 156); // The checksum counts its own field as spaces.
  block.write(flag, 156);
  block.write(cut(target), 157);
  block.write('ustar\u000000', 257);
  const sum = block.reduce((total, byte) => total + byte, 0);
  block.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148);
  return block;
}

function writeOctal(block: Buffer, offset: number, width: number, value: number): void {
  const digits = value.toString(8).padStart(width - 1, '0');
  if (digits.length >= width) throw new RangeError(`${value} does not fit into a tar header`);
  block.write(`${digits}\0`, offset);
}

/** What a header's 100 bytes hold of a name; the whole of a longer one stands in the pax record before it. */
function cut(name: string): string {
  return fits(name)
    ? name
    : Buffer.from(name)
        .subarray(0, 100)
        .toString('latin1')
        .replace(/[^\x20-\x7e]/g, '_');
}

function fits(name: string): boolean {
  return name.length <= 100 && /^[\x20-\x7e]*$/.test(name);
}

/** "<length> <key>=<value>\n", where the length counts itself; empty when the header can hold the value. */
function paxRecord(key: 'path' | 'linkpath' | 'size', value: string, headerHoldsIt: boolean): string {
  if (headerHoldsIt) return '';
  const rest = Buffer.byteLength(` ${key}=${value}\n`);
  let length = rest + String(rest).length;
  if (String(length).length > String(rest).length) length += 1;
  return `${length} ${key}=${value}\n`;
}
