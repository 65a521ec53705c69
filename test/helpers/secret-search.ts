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

/** By the name with which it is reported. */
export type Planted = Readonly<Record<string, string>>;

/** "API key: base64 at 1", for each form of each secret that is in these bytes, also inside gzip members. */
export function findIn(bytes: Buffer, secrets: string | Planted): string[] {
  return search(bytes, needlesOf(secrets));
}

/** "path: form" for every regular file below the folder that has one of the secrets in it. */
export function findInFolder(
  folder: string,
  secrets: string | Planted,
  skip: (path: string) => boolean = () => false,
): string[] {
  const needles = needlesOf(secrets);
  const inside = (at: string): string[] =>
    readdirSync(at, { withFileTypes: true }).flatMap((entry) => {
      const path = join(at, entry.name);
      if (skip(path)) return [];
      if (entry.isDirectory()) return inside(path);
      if (!lstatSync(path).isFile()) return [];
      return search(readFileSync(path), needles).map((form) => `${path}: ${form}`);
    });
  return inside(folder);
}

type Needles = ReadonlyMap<string, Buffer>;

const needlesOf = (secrets: string | Planted): Needles =>
  typeof secrets === 'string'
    ? formsOf(secrets)
    : new Map(
        Object.entries(secrets).flatMap(([name, secret]) =>
          [...formsOf(secret)].map(([form, bytes]) => [`${name}: ${form}`, bytes] as const),
        ),
      );

function search(bytes: Buffer, needles: Needles): string[] {
  const found = [...needles].flatMap(([name, form]) => (bytes.includes(form) ? [name] : []));
  for (let at = bytes.indexOf(GZIP_MAGIC); at >= 0; at = bytes.indexOf(GZIP_MAGIC, at + 1)) {
    const inside = unzipped(bytes.subarray(at));
    if (inside) found.push(...search(inside, needles).map((name) => `${name} in gzip`));
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
