import { type FSWatcher, readdirSync, watch } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

/** An editor that saves, or a git checkout, changes several files in a row. */
const QUIET_MS = 150;

/** Installed packages, and folders of tools: .git, .turbo. They are many, and nobody edits them. */
const NOT_WATCHED = /^(node_modules|\..+)$/;

/** Tells when something in folders changes, also in folders that come later. Which changes matter is not its business. */
export class SourceWatch {
  private readonly roots: readonly string[];
  private readonly watchers = new Map<string, FSWatcher>();
  private changed = false;
  private wake: () => void = () => undefined;

  constructor(roots: readonly string[]) {
    this.roots = roots;
    this.cover();
  }

  /** Settles after a change since the last call, once a moment has passed without another. Rejects when it is aborted. */
  async next(signal: AbortSignal): Promise<void> {
    signal.throwIfAborted();
    while (!this.changed) {
      await new Promise<void>((resolve) => {
        this.wake = resolve;
        signal.addEventListener('abort', () => resolve(), { once: true });
      });
      signal.throwIfAborted();
    }
    while (this.changed) {
      this.changed = false;
      await sleep(QUIET_MS, undefined, { signal });
    }
    this.cover();
  }

  close(): void {
    for (const watcher of this.watchers.values()) watcher.close();
    this.watchers.clear();
  }

  /** Watches every folder that there is now: Node's own recursive watch would go through node_modules as well. */
  private cover(): void {
    const folders = new Set(this.roots.flatMap(foldersIn));
    for (const [folder, watcher] of this.watchers) {
      if (folders.has(folder)) continue;
      watcher.close();
      this.watchers.delete(folder);
    }
    for (const folder of folders) {
      if (this.watchers.has(folder)) continue;
      const watcher = watch(folder, () => this.tell());
      // It may go at any moment; its parent tells.
      watcher.on('error', () => watcher.close());
      this.watchers.set(folder, watcher);
    }
  }

  private tell(): void {
    this.changed = true;
    this.wake();
  }
}

function foldersIn(root: string): string[] {
  const inside = readdirSync(root, { withFileTypes: true }).filter(
    (entry) => entry.isDirectory() && !NOT_WATCHED.test(entry.name),
  );
  return [root, ...inside.flatMap(({ name }) => foldersIn(join(root, name)))];
}
