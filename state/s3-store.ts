import { randomUUID } from 'node:crypto';
import { DeleteBucketCommand } from '@aws-sdk/client-s3';
import { deleteVersions, keysOf } from './bucket-contents.ts';
import { newDocument, type StateDocument } from './document.ts';
import { stateError } from './errors.ts';
import { acquireLock, breakLock, changedHands, type HeldLock, readLock, type SeenLock } from './lock.ts';
import type { Bucket } from './objects.ts';
import { S3Session } from './s3-session.ts';
import { StateFile, type StoredVersion } from './state-file.ts';

export interface StoreOptions extends Bucket {
  readonly stack: string;
  readonly region: string;
  readonly cliVersion: string;
  readonly leaseSeconds?: number;
}

/** The state of one stack: `<stack>/state.json` and `<stack>/lock.json` in the account's state bucket. */
export class S3Store {
  readonly file: StateFile;
  private readonly options: StoreOptions;
  private readonly lockKey: string;

  constructor(options: StoreOptions) {
    this.options = options;
    this.file = new StateFile(options, options.stack, options.region);
    this.lockKey = `${options.stack}/lock.json`;
  }

  /** The store of another stack in the same bucket. */
  ofStack(stack: string): S3Store {
    return new S3Store({ ...this.options, stack });
  }

  /** The document as stored, without a lock; `undefined` when the stack has none. */
  async read(): Promise<StateDocument | undefined> {
    return (await this.file.load())?.document;
  }

  /**
   * Takes the lock and loads the document, or starts a new one. Close the session in `finally`.
   *
   * @param command what lock and document say that we do: "init"
   */
  async open(command: string): Promise<S3Session> {
    const lock = await this.lock(command);
    try {
      const stored = await this.file.load();
      const document = stored?.document ?? this.fresh();
      const session = new S3Session(this.file, lock, document, stored?.etag, (draft) => this.signed(draft, command));
      // Before anything else: the old holder, should it wake up, must find that its next write fails.
      if (lock.tookOver && stored) await session.fence();
      return session;
    } catch (error) {
      await lock.release();
      throw error;
    }
  }

  /** Who holds the lock; `undefined` when nobody does. */
  holder(): Promise<SeenLock | undefined> {
    return readLock({ ...this.options, key: this.lockKey });
  }

  /** Breaks a lock that was looked at, fencing its holder first. Throws when it changed hands meanwhile. */
  async breakLock(seen: SeenLock): Promise<void> {
    const now = await this.holder();
    if (now?.holder.nonce !== seen.holder.nonce) throw changedHands(this.lockKey, now);
    const stored = await this.file.load();
    if (stored) {
      const { epoch, serial } = stored.document;
      await this.file.write(this.fenced(stored.document, { epoch, serial }, 'unlock'), stored.etag);
    }
    await breakLock({ ...this.options, key: this.lockKey }, seen);
  }

  /** Stored versions of the document, newest first. */
  versions(): Promise<StoredVersion[]> {
    return this.file.versions();
  }

  /**
   * Makes an earlier version the current one, under the lock; the one that was current stays among the versions.
   * Serial and epoch go on from the newest version that can be read, so that a run from before can write no more.
   */
  async restore(versionId: string): Promise<StateDocument> {
    return this.locked('state restore', async (lock) => {
      const [document, newest, etag] = await Promise.all([
        this.file.loadVersion(versionId),
        this.file.newestReadable(),
        this.file.etag(),
      ]);
      await lock.assertHeld();
      const restored = this.fenced(document, newest?.document ?? document, 'state restore');
      await this.file.write(restored, etag);
      return restored;
    });
  }

  /**
   * Sets the document aside, readable or not, under the lock: it stays among the versions, and the stack has none.
   *
   * @returns false when there was none
   */
  async discard(): Promise<boolean> {
    return this.locked('state discard', async (lock) => {
      const etag = await this.file.etag();
      if (etag === undefined) return false;
      await lock.assertHeld();
      await this.file.delete(etag);
      return true;
    });
  }

  /** Names of all stacks with a state document or a lock in this bucket. */
  async stacks(): Promise<string[]> {
    const keys = await keysOf(this.options);
    return [...new Set(keys.flatMap((key) => /^([^/]+)\/(?:state|lock)\.json$/.exec(key)?.[1] ?? []))];
  }

  /**
   * Removes every trace of this stack: all versions of its document and lock but a current one, which can only be
   * somebody else's by now. Call it after the session is closed.
   */
  async purge(): Promise<void> {
    await deleteVersions(this.options, `${this.options.stack}/`, (version) => !version.IsLatest);
  }

  /**
   * Deletes the state bucket with all versions in it. Throws `UserError` STATE_BUCKET_IN_USE while it holds the state of
   * a stack, a lock in use (a run that has not written yet) or anything that is not ours.
   */
  async deleteBucket(): Promise<void> {
    const { s3, own } = this.options;
    for (const key of await keysOf(this.options)) {
      const lock = key.endsWith('/lock.json') ? await readLock({ ...this.options, key }) : undefined;
      if (lock && (lock.expired || lock.dead)) continue;
      const message = `deleting state bucket ${own.Bucket}: it holds ${key}; the bucket was not touched`;
      throw stateError('STATE_BUCKET_IN_USE', message);
    }
    await deleteVersions(this.options, '', () => true);
    await s3.send(new DeleteBucketCommand(own));
  }

  private lock(command: string): Promise<HeldLock> {
    return acquireLock({ ...this.options, key: this.lockKey, command });
  }

  private async locked<T>(command: string, work: (lock: HeldLock) => Promise<T>): Promise<T> {
    const lock = await this.lock(command);
    try {
      return await work(lock);
    } finally {
      await lock.release();
    }
  }

  private fresh(): StateDocument {
    const { stack, own, region } = this.options;
    return newDocument({ stack, stackId: randomUUID().slice(0, 13), accountId: own.ExpectedBucketOwner, region });
  }

  private signed(document: StateDocument, operation: string): StateDocument {
    return { ...document, operation, writtenAt: new Date().toISOString(), cliVersion: this.options.cliVersion };
  }

  /** A copy that follows on `last`, and that no earlier holder takes for its own write. */
  private fenced(
    document: StateDocument,
    last: Pick<StateDocument, 'epoch' | 'serial'>,
    operation: string,
  ): StateDocument {
    const writer = randomUUID();
    return this.signed({ ...document, epoch: last.epoch + 1, serial: last.serial + 1, writer }, operation);
  }
}
