import { randomUUID } from 'node:crypto';
import type { StateDocument } from './document.ts';
import type { HeldLock } from './lock.ts';
import { SerialWriter } from './serial-writer.ts';
import type { StateFile } from './state-file.ts';
import type { Session } from './store.ts';

/** See `Session`. Writes go through one serial writer, so that every save builds on the ETag of the one before. */
export class S3Session implements Session {
  document: StateDocument;
  private readonly file: StateFile;
  private readonly lock: HeldLock;
  private readonly sign: (document: StateDocument) => StateDocument;
  private readonly writer = randomUUID();
  private readonly saves: SerialWriter;
  private etag: string | undefined;

  /** @param sign puts into a document who writes it, and when */
  constructor(
    file: StateFile,
    lock: HeldLock,
    document: StateDocument,
    etag: string | undefined,
    sign: (document: StateDocument) => StateDocument,
  ) {
    this.file = file;
    this.lock = lock;
    this.sign = sign;
    this.document = document;
    this.etag = etag;
    this.saves = new SerialWriter(() => this.save());
  }

  /** True when no document was stored before this session. */
  get isNew(): boolean {
    return this.etag === undefined;
  }

  update(change: (draft: StateDocument) => void): Promise<void> {
    const draft = structuredClone(this.document);
    change(draft);
    this.document = draft;
    return this.saves.request();
  }

  assertHeld(): Promise<void> {
    return this.lock.assertHeld();
  }

  /** Raises the epoch, so that a holder from before can write no more. */
  fence(): Promise<void> {
    return this.update((draft) => {
      draft.epoch += 1;
    });
  }

  /** Deletes the stored document; the session is of no use afterwards but to be closed. */
  async deleteDocument(): Promise<void> {
    await this.assertHeld();
    if (this.etag !== undefined) await this.file.delete(this.etag);
    this.etag = undefined;
  }

  /** Waits for the last save and gives the lock back. */
  async close(): Promise<void> {
    await this.saves.idle();
    await this.lock.release();
  }

  private async save(): Promise<void> {
    await this.lock.assertHeld();
    const document = this.sign({ ...this.document, serial: this.document.serial + 1, writer: this.writer });
    this.document = document;
    this.etag = await this.file.write(document, this.etag);
  }
}
