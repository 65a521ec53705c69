import { randomUUID } from 'node:crypto';
import { linkSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { Cancelled } from '../errors.ts';
import { processIdentity } from './processes.ts';

interface Holder {
  readonly pid: number;
  readonly identity: string | undefined;
  readonly nonce: string;
}

/**
 * Runs `work` while this process alone holds the lock file. The lock of a process that has ended is taken over.
 *
 * @param onWait called once when another process holds it
 */
export async function withFileLock<T>(
  path: string,
  work: () => Promise<T>,
  options: { onWait?: () => void; signal?: AbortSignal | undefined } = {},
): Promise<T> {
  const mine: Holder = { pid: process.pid, identity: await processIdentity(process.pid), nonce: randomUUID() };
  let told = false;
  while (!tryCreate(path, mine)) {
    if (options.signal?.aborted) throw new Cancelled();
    if (await removeIfStale(path)) continue;
    if (!told) options.onWait?.();
    told = true;
    await sleep(100);
  }
  try {
    return await work();
  } finally {
    if (read(path)?.nonce === mine.nonce) rmSync(path, { force: true });
  }
}

/** The file appears with its content in one step: written beside first, then linked to its name. */
function tryCreate(path: string, holder: Holder): boolean {
  const draft = `${path}.${holder.nonce}`;
  writeFileSync(draft, JSON.stringify(holder), { mode: 0o600 });
  try {
    linkSync(draft, path);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  } finally {
    rmSync(draft, { force: true });
  }
}

async function removeIfStale(path: string): Promise<boolean> {
  const holder = read(path);
  if (holder === undefined) return true;
  if (holder.identity !== undefined && (await processIdentity(holder.pid)) === holder.identity) return false;
  const aside = `${path}.${randomUUID()}`;
  try {
    renameSync(path, aside);
    // Another process may have taken the stale lock over between the look and the rename: then it gets its own back.
    if (read(aside)?.nonce !== holder.nonce) linkSync(aside, path);
  } catch {
    return true;
  } finally {
    rmSync(aside, { force: true });
  }
  return true;
}

function read(path: string): Holder | undefined {
  try {
    return JSON.parse(readFileSync(path, 'utf8')) as Holder;
  } catch {
    return undefined;
  }
}
