import { open } from 'node:fs/promises';
import { setTimeout } from 'node:timers/promises';
import { UserError } from '../errors.ts';
import { type BlobStore, fileDigest } from './blob.ts';
import type { BuildContext } from './source.ts';

/** Where the bytes of blobs come from. */
export interface BlobSource {
  /**
   * The bytes of a blob from `first` on. Opening and reading throw UserError REGISTRY_UNREACHABLE when the connection
   * breaks off.
   *
   * @returns the byte at which the answer begins: 0 when the source cannot begin elsewhere
   */
  open(digest: string, first: number): Promise<{ first: number; bytes: AsyncIterable<Uint8Array> }>;
}

/** How often a download that breaks off goes on from there, and after how many milliseconds, times the attempt. */
const ATTEMPTS = 5;
const PAUSE_MS = 400;

export interface Download {
  /** `sha256:…` */
  readonly digest: string;
  /** Bytes. */
  readonly size: number;
  readonly source: BlobSource;
  /** What it is a part of, for people: "the base image". */
  readonly what: string;
  /** How an error is worded when the bytes are not what the digest says. */
  damaged(problem: string): Error;
}

/** The file of a blob: the one that the store has, or else a download, of which nothing is kept unless it is whole. */
export async function blobFile(blobs: BlobStore, download: Download, note: BuildContext['note']): Promise<string> {
  const { digest, size, what } = download;
  const known = await blobs.find(digest);
  if (known !== undefined) return known;
  note(`downloading ${megabytes(size)} of ${what}`);
  return blobs.keep(digest, (path) => downloadTo(path, download));
}

/** Goes on where the connection broke off. */
async function downloadTo(path: string, { digest, source, damaged }: Download): Promise<void> {
  const file = await open(path, 'w+');
  try {
    let have = 0;
    for (let attempt = 1; ; attempt += 1) {
      try {
        const { first, bytes } = await source.open(digest, have);
        have = first;
        for await (const chunk of bytes) {
          await file.write(chunk, 0, chunk.byteLength, have);
          have += chunk.byteLength;
        }
        break;
      } catch (error) {
        const brokeOff = error instanceof UserError && error.code === 'REGISTRY_UNREACHABLE';
        if (!brokeOff || attempt >= ATTEMPTS) throw error;
        await setTimeout(PAUSE_MS * attempt);
      }
    }
    await file.truncate(have);
  } finally {
    await file.close();
  }
  if ((await fileDigest(path)) !== digest) throw damaged(`the bytes of layer ${digest} have another digest`);
}

const megabytes = (bytes: number): string => `${Math.max(1, Math.round(bytes / 1e6))} MB`;
