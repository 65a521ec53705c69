import { Bug } from '../src/errors.ts';
import { newDocument, type StateDocument } from './document.ts';
import type { Session } from './store.ts';

/** A session without a store behind it, for `--dry-run`-like reads and for tests. */
export class MemorySession implements Session {
  document: StateDocument;
  /** Number of documents written. */
  writes = 0;
  private held = true;

  constructor(document?: StateDocument) {
    this.document =
      document ?? newDocument({ stack: 'dev', stackId: 'id-1', accountId: '123456789012', region: 'us-east-1' });
  }

  async update(change: (draft: StateDocument) => void): Promise<void> {
    await this.assertHeld();
    const draft = structuredClone(this.document);
    change(draft);
    this.document = draft;
    this.writes += 1;
  }

  async assertHeld(): Promise<void> {
    if (!this.held) throw new Bug('the lock is not held');
  }

  lose(): void {
    this.held = false;
  }
}
