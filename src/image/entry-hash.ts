import { fileDigest, sha256 } from './blob.ts';
import type { TarEntry } from './tar.ts';

/** All of an entry that decides what an archive of it holds, for a hash of many. */
export async function entryHash(entry: TarEntry): Promise<readonly string[]> {
  if (entry.type === 'file') {
    const { content } = entry;
    const digest = content instanceof Uint8Array ? sha256(content) : await fileDigest(content.file);
    return [entry.path, String(entry.executable), digest];
  }
  return [entry.path, entry.type === 'symlink' ? entry.target : ''];
}
