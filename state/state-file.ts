import { ListObjectVersionsCommand } from '@aws-sdk/client-s3';
import { hasName, isConditionalConflict, isNotFound, isPreconditionFailed } from '../src/aws/errors.ts';
import { UserError } from '../src/errors.ts';
import { parseDocument, type StateDocument } from './document.ts';
import { stateError } from './errors.ts';
import { type Bucket, deleteObject, getObject, onBucket, putJson } from './objects.ts';

export interface Stored {
  readonly document: StateDocument;
  readonly etag: string;
}

export interface StoredVersion {
  readonly versionId: string;
  /** By S3's clock. */
  readonly writtenAt: Date | undefined;
  readonly isCurrent: boolean;
}

/** `<stack>/state.json` and its earlier versions. Knows nothing of the lock under which it is written. */
export class StateFile {
  readonly where: string;
  private readonly bucket: Bucket;
  private readonly key: string;
  private readonly expected: Parameters<typeof parseDocument>[1];

  constructor(bucket: Bucket, stack: string, region: string) {
    this.bucket = bucket;
    this.key = `${stack}/state.json`;
    this.where = `s3://${bucket.own.Bucket}/${this.key}`;
    this.expected = { where: this.where, stack, accountId: bucket.own.ExpectedBucketOwner, region };
  }

  /** `undefined` when nothing is stored. Throws `UserError` STATE_DAMAGED and others of docs/state.md. */
  async load(): Promise<Stored | undefined> {
    const object = await getObject(this.bucket, this.key);
    return object && { document: parseDocument(object.text, this.expected), etag: object.etag };
  }

  /** What is stored, whether it can be read or not; `undefined` when there is nothing, or no text. */
  async text(): Promise<string | undefined> {
    return (await getObject(this.bucket, this.key))?.text;
  }

  /** ETag of what is stored, whether it can be read or not. */
  async etag(): Promise<string | undefined> {
    return (await getObject(this.bucket, this.key))?.etag;
  }

  /** Newest first. The newest thousand are enough: S3 keeps 20 for longer than 90 days. */
  async versions(): Promise<StoredVersion[]> {
    const { s3, own } = this.bucket;
    const command = new ListObjectVersionsCommand({ ...own, Prefix: this.key });
    const { Versions } = await onBucket(own, 's3:ListBucketVersions', s3.send(command));
    return (Versions ?? [])
      .filter((version) => version.Key === this.key)
      .map(({ VersionId = '', LastModified, IsLatest = false }) => ({
        versionId: VersionId,
        writtenAt: LastModified,
        isCurrent: IsLatest,
      }));
  }

  /** Throws `UserError` NO_VERSION when there is no such version, and STATE_DAMAGED when it cannot be read. */
  async loadVersion(versionId: string): Promise<StateDocument> {
    const object = await getObject(this.bucket, this.key, versionId).catch((error: unknown) => {
      // A delete marker and another key's version answer MethodNotAllowed and NoSuchKey.
      if (hasName(error, 'NoSuchVersion', 'InvalidArgument', 'MethodNotAllowed')) return undefined;
      throw error;
    });
    if (object) return parseDocument(object.text, this.expected);
    const message = `reading state ${this.where}: it has no version ${versionId}; nothing was changed`;
    throw stateError('NO_VERSION', message, { stack: this.expected.stack });
  }

  /** The newest version that can be read, damaged ones left out; `undefined` when there is none. */
  async newestReadable(): Promise<{ version: StoredVersion; document: StateDocument } | undefined> {
    for (const version of await this.versions()) {
      try {
        return { version, document: await this.loadVersion(version.versionId) };
      } catch (error) {
        if (!(error instanceof UserError) || !UNREADABLE.has(error.code)) throw error;
      }
    }
    return undefined;
  }

  /**
   * Stores `document` over the one with `etag` (`undefined`: over none) and returns the new ETag. Throws `UserError`
   * STATE_CHANGED when somebody else wrote meanwhile.
   */
  async write(document: StateDocument, etag: string | undefined): Promise<string> {
    const condition = etag === undefined ? { IfNoneMatch: '*' as const } : { IfMatch: etag };
    for (let attempt = 1; ; attempt += 1) {
      try {
        return await putJson(this.bucket, this.key, document, condition);
      } catch (error) {
        if (isConditionalConflict(error) && attempt < 5) continue;
        if (!isPreconditionFailed(error) && !isNotFound(error)) throw error;
        // A repeated request whose first answer was lost meets its own write: that is no rival.
        const now = await this.load();
        if (now && now.document.writer === document.writer && now.document.serial === document.serial) return now.etag;
        throw this.changed(`writing state ${this.where} (serial ${document.serial})`, now);
      }
    }
  }

  /** Deletes the document if it is still the one with this ETag. With versioning it stays among the versions. */
  async delete(etag: string): Promise<void> {
    try {
      await deleteObject(this.bucket, this.key, etag);
    } catch (error) {
      // Gone: the answer to our own delete was lost.
      if (isNotFound(error)) return;
      if (!isPreconditionFailed(error)) throw error;
      throw this.changed(`deleting state ${this.where}`, await this.load());
    }
  }

  private changed(doing: string, now: Stored | undefined): UserError {
    const serial = now?.document.serial ?? 'none';
    return stateError(
      'STATE_CHANGED',
      `${doing}: somebody else wrote it meanwhile (serial ${serial}); nothing was overwritten`,
    );
  }
}

const UNREADABLE = new Set(['STATE_DAMAGED', 'STATE_FOREIGN', 'STATE_NEWER']);
