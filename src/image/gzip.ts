import { Gzip } from 'fflate';

/** Bytes handed to the compressor at once. Part of the format: other sizes would give other (equally valid) bytes. */
const CHUNK = 256 * 1024;

/**
 * Compresses with one compressor that the program carries along. The zlib inside Node changes between Node's versions
 * and builds, and with it would the digest of every layer.
 */
export async function* gzip(source: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  const ready: Uint8Array[] = [];
  const compressor = new Gzip({ level: 6, mtime: 0 }, (chunk) => ready.push(chunk));
  for await (const chunk of evenChunks(source)) {
    compressor.push(chunk);
    yield* ready.splice(0);
  }
  compressor.push(new Uint8Array(), true);
  yield* ready;
}

async function* evenChunks(source: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  let buffer = new Uint8Array(CHUNK);
  let used = 0;
  for await (const piece of source) {
    for (let offset = 0; offset < piece.byteLength; ) {
      const part = piece.subarray(offset, offset + CHUNK - used);
      buffer.set(part, used);
      used += part.byteLength;
      offset += part.byteLength;
      if (used === CHUNK) {
        yield buffer;
        buffer = new Uint8Array(CHUNK);
        used = 0;
      }
    }
  }
  if (used > 0) yield buffer.subarray(0, used);
}
