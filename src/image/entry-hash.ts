import { readFile } from 'node:fs/promises';
import { sha256 } from './blob.ts';
import type { TarEntry } from './tar.ts';

/** All of an entry that decides what an archive of it holds, for a hash of many. */
export async function entryHash(entry: TarEntry): Promise<readonly string[]> {
  if (entry.type === 'file') {
    const bytes = entry.content instanceof Uint8Array ? entry.content : await readFile(entry.content.file);
    return [entry.path, String(entry.executable), sha256(bytes)];
  }
  return [entry.path, entry.type === 'symlink' ? entry.target : ''];
}
