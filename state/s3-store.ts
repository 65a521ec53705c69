import { randomUUID } from 'node:crypto';
import {
  DeleteBucketCommand,
  DeleteObjectCommand,
  GetObjectCommand,
  ListObjectVersionsCommand,
  PutObjectCommand,
  type S3Client,
} from '@aws-sdk/client-s3';
import type { OwnBucket } from '../src/aws/bucket.ts';
import { hasName, isConditionalConflict, isNotFound, isPreconditionFailed } from '../src/aws/errors.ts';
import { EXIT, UserError } from '../src/errors.ts';
import { deleteVersions, keysOf } from './bucket-contents.ts';
import { newDocument, parseDocument, type StateDocument } from './document.ts';
import { acquireLock, breakLock, changedHands, readLock, type SeenLock } from './lock.ts';
import { S3Session } from './s3-session.ts';

export interface StoreOptions {
  readonly s3: S3Client;
  readonly own: OwnBucket;
  readonly stack: string;
  readonly region: string;
  readonly cliVersion: string;
  readonly leaseSeconds?: number;
}

interface Stored {
  readonly document: StateDocument;
  readonly etag: string;
}

/** The state of one stack: `<stack>/state.json` and `<stack>/lock.json` in the account's state bucket. */
export class S3Store {
  private readonly options: StoreOptions;
  private readonly stateKey: string;
  private readonly lockKey: string;

  constructor(options: StoreOptions) {
    this.options = options;
    this.stateKey = `${options.stack}/state.json`;
    this.lockKey = `${options.stack}/lock.json`;
  }

  /** The document as stored, without a lock; `undefined` when the stack has none. */
  async read(): Promise<StateDocument | undefined> {
    return (await this.load())?.document;
  }

  /**
   * Takes the lock and loads the document, or starts a new one. Close the session in `finally`.
   *
   * @param command what the lock tells others that we do: "init"
   */
  async open(command: string): Promise<S3Session> {
    const lock = await acquireLock({ ...this.options, key: this.lockKey, command });
    try {
      const stored = await this.load();
      const document = stored?.document ?? this.fresh();
      const session = new S3Session(this, lock, document, stored?.etag);
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
    const stored = await this.load();
    if (stored) await this.write(fenced(stored.document), stored.etag);
    await breakLock({ ...this.options, key: this.lockKey }, seen);
  }

  /** Stored versions of the document, newest first. */
  async versions(): Promise<{ versionId: string; writtenAt: Date | undefined; isCurrent: boolean }[]> {
    const { s3, own } = this.options;
    const { Versions } = await s3.send(new ListObjectVersionsCommand({ ...own, Prefix: this.stateKey }));
    return (Versions ?? [])
      .filter((version) => version.Key === this.stateKey)
      .map((version) => ({
        versionId: version.VersionId ?? '',
        writtenAt: version.LastModified,
        isCurrent: version.IsLatest ?? false,
      }));
  }

  /**
   * Makes an earlier version the current one, under the lock; the damaged one stays among the versions. Throws
   * `UserError` NO_VERSION when there is no such version.
   */
  async restore(versionId: string): Promise<StateDocument> {
    const lock = await acquireLock({ ...this.options, key: this.lockKey, command: 'state restore' });
    try {
      const document = await this.loadVersion(versionId);
      lock.assertHeld();
      await this.options.s3.send(
        new PutObjectCommand({
          ...this.options.own,
          Key: this.stateKey,
          Body: JSON.stringify(fenced(document), null, 2),
          ContentType: 'application/json',
        }),
      );
      return document;
    } finally {
      await lock.release();
    }
  }

  private async loadVersion(VersionId: string): Promise<StateDocument> {
    const { s3, own } = this.options;
    try {
      const old = await s3.send(new GetObjectCommand({ ...own, Key: this.stateKey, VersionId }));
      return this.parse((await old.Body?.transformToString()) ?? '');
    } catch (cause) {
      // A delete marker and another key's version answer MethodNotAllowed and NoSuchKey.
      if (!isNotFound(cause) && !hasName(cause, 'NoSuchVersion', 'InvalidArgument', 'MethodNotAllowed')) throw cause;
      throw new UserError({
        code: 'NO_VERSION',
        message: `restoring state ${this.where()}: it has no version ${VersionId}; nothing was changed`,
        fix: 'temporal-fargate state versions lists them.',
        cause,
      });
    }
  }

  /** Names of all stacks with a state document in this bucket. */
  async stacks(): Promise<string[]> {
    return (await keysOf(this.options.s3, this.options.own)).flatMap((key) =>
      key.endsWith('/state.json') ? [key.split('/')[0] ?? ''] : [],
    );
  }

  /** Deletes the document if it is still the one with this ETag. */
  async delete(etag: string): Promise<void> {
    const { s3, own } = this.options;
    try {
      await s3.send(new DeleteObjectCommand({ ...own, Key: this.stateKey, IfMatch: etag }));
    } catch (error) {
      // Gone: the answer to our own delete was lost.
      if (isNotFound(error)) return;
      if (!isPreconditionFailed(error)) throw error;
      throw this.changed('deleting', undefined, (await this.load())?.document);
    }
  }

  /**
   * Removes every trace of this stack: all versions of its document and lock but a current one, which can only be
   * somebody else's by now. Call it after the session is closed.
   */
  async purge(): Promise<void> {
    await deleteVersions(this.options.s3, this.options.own, `${this.options.stack}/`, (version) => !version.IsLatest);
  }

  /**
   * Deletes the state bucket with all versions in it. Throws `UserError` STATE_BUCKET_IN_USE while it holds the state of
   * a stack, a lock in use (a run that has not written yet) or anything that is not ours.
   */
  async deleteBucket(): Promise<void> {
    const { s3, own } = this.options;
    for (const key of await keysOf(this.options.s3, this.options.own)) {
      const lock = key.endsWith('/lock.json') ? await readLock({ ...this.options, key }) : undefined;
      if (lock && (lock.expired || lock.dead)) continue;
      throw new UserError({
        code: 'STATE_BUCKET_IN_USE',
        message: `deleting state bucket ${own.Bucket}: it holds ${key}; the bucket was not touched`,
        fix: "Destroy the stacks in it with --purge first, and move away what is not temporal-fargate's.",
      });
    }
    await deleteVersions(s3, own, '', () => true);
    await s3.send(new DeleteBucketCommand(own));
  }

  /**
   * Stores `document` over the one with `etag` (`undefined`: over none) and returns the new ETag. Throws `UserError`
   * STATE_CHANGED when somebody else wrote meanwhile.
   */
  async write(document: StateDocument, etag: string | undefined): Promise<string> {
    const { s3, own } = this.options;
    for (let attempt = 1; ; attempt += 1) {
      try {
        const { ETag } = await s3.send(
          new PutObjectCommand({
            ...own,
            Key: this.stateKey,
            Body: JSON.stringify(document, null, 2),
            ContentType: 'application/json',
            ...(etag === undefined ? { IfNoneMatch: '*' } : { IfMatch: etag }),
          }),
        );
        return ETag ?? '';
      } catch (error) {
        if (isConditionalConflict(error) && attempt < 5) continue;
        if (!isPreconditionFailed(error) && !isNotFound(error)) throw error;
        // A repeated request whose first answer was lost meets its own write: that is no rival.
        const now = await this.load();
        if (now && now.document.writer === document.writer && now.document.serial === document.serial) return now.etag;
        throw this.changed('writing', document.serial, now?.document);
      }
    }
  }

  private changed(verb: string, serial: number | undefined, now: StateDocument | undefined): UserError {
    return new UserError({
      code: 'STATE_CHANGED',
      message: `${verb} state ${this.where()}${serial === undefined ? '' : ` (serial ${serial})`}: somebody else wrote it meanwhile (serial ${now?.serial ?? 'none'}); nothing was overwritten`,
      fix: 'Run the command again: it starts from what is stored and finds by tag what this run made.',
      exitCode: EXIT.tryAgain,
    });
  }

  private async load(): Promise<Stored | undefined> {
    const { s3, own } = this.options;
    try {
      const object = await s3.send(new GetObjectCommand({ ...own, Key: this.stateKey }));
      return { document: this.parse((await object.Body?.transformToString()) ?? ''), etag: object.ETag ?? '' };
    } catch (error) {
      if (isNotFound(error)) return undefined;
      throw error;
    }
  }

  private parse(text: string): StateDocument {
    const { stack, own, region } = this.options;
    return parseDocument(text, { where: this.where(), stack, accountId: own.ExpectedBucketOwner, region });
  }

  private fresh(): StateDocument {
    const { stack, own, region } = this.options;
    return newDocument({ stack, stackId: randomUUID().slice(0, 13), accountId: own.ExpectedBucketOwner, region });
  }

  private where(): string {
    return `s3://${this.options.own.Bucket}/${this.stateKey}`;
  }

  get cliVersion(): string {
    return this.options.cliVersion;
  }
}

/** A copy that no earlier holder takes for its own write. */
const fenced = (document: StateDocument): StateDocument => ({
  ...document,
  epoch: document.epoch + 1,
  writer: randomUUID(),
});
