import { lstatSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';

const GZIP_MAGIC = Buffer.from([0x1f, 0x8b, 0x08]);

/** Every form in which bytes of a secret may be written down: as they are, encoded, or escaped. */
export function formsOf(secret: string): ReadonlyMap<string, Buffer> {
  const json = JSON.stringify(secret).slice(1, -1);
  const forms: Record<string, string> = {
    raw: secret,
    'URL-escaped': encodeURIComponent(secret),
    'JSON-escaped': json,
    'JSON in JSON': JSON.stringify(json).slice(1, -1),
    hex: Buffer.from(secret).toString('hex'),
  };
  // Base64 of a longer text that contains the secret: its inner characters, for each of the three alignments.
  for (const offset of [0, 1, 2]) {
    const padded = Buffer.concat([Buffer.alloc(offset), Buffer.from(secret)]);
    const inner = padded
      .toString('base64')
      .replaceAll('=', '')
      .slice(offset === 0 ? 0 : offset + 1, -2);
    forms[`base64 at ${offset}`] = inner;
    forms[`base64url at ${offset}`] = inner.replaceAll('+', '-').replaceAll('/', '_');
  }
  return new Map(Object.entries(forms).map(([name, text]) => [name, Buffer.from(text)]));
}

/** Names of the forms in which the secret is in these bytes, also inside gzip members. */
export function findIn(bytes: Buffer, secret: string): string[] {
  const found = [...formsOf(secret)].flatMap(([name, form]) => (bytes.includes(form) ? [name] : []));
  for (let at = bytes.indexOf(GZIP_MAGIC); at >= 0; at = bytes.indexOf(GZIP_MAGIC, at + 1)) {
    const inside = unzipped(bytes.subarray(at));
    if (inside) found.push(...findIn(inside, secret).map((name) => `${name} in gzip`));
  }
  return found;
}

function unzipped(bytes: Buffer): Buffer | undefined {
  try {
    return gunzipSync(bytes);
  } catch {
    // Three bytes that only look like a beginning.
    return undefined;
  }
}

/** "path: form" for every regular file below the folder that has the secret in it. */
export function findInFolder(folder: string, secret: string, skip: (path: string) => boolean = () => false): string[] {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name);
    if (skip(path)) return [];
    if (entry.isDirectory()) return findInFolder(path, secret, skip);
    if (!lstatSync(path).isFile()) return [];
    return findIn(readFileSync(path), secret).map((form) => `${path}: ${form}`);
  });
}
