import { createReadStream, existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { fileURLToPath } from 'node:url';
import { createGunzip } from 'node:zlib';
import { extract } from 'tar-stream';
import { Bug } from '../errors.ts';
import type { Blob } from './oci.ts';
import type { TarEntry } from './tar.ts';

/** Where Debian, and with it Temporal's native core, looks for the certificate authorities it trusts. */
const PLACE = 'etc/ssl/certs/ca-certificates.crt';

/**
 * The public certificate authorities, for a base that has none: Debian's slim images. The folders above are not in the
 * layer, so that they stay as the base has them.
 */
export const certificateEntries = (): TarEntry[] => [
  { type: 'file', path: PLACE, executable: false, content: { file: certificatesFile() } },
];

/** Whether one of the layers brings certificate authorities of its own. */
export async function bringCertificates(layers: readonly Blob[]): Promise<boolean> {
  for (const layer of layers) {
    let found = false;
    const archive = extract();
    archive.on('entry', ({ name }, content, next) => {
      found ||= name.replace(/^\.?\//, '') === PLACE;
      content.on('end', next).resume();
    });
    await pipeline(createReadStream(await layer.file()), createGunzip(), archive);
    if (found) return true;
  }
  return false;
}

/** Beside this file in the repository, at the top of the bundle in a package. */
export function certificatesFile(): string {
  const start = dirname(fileURLToPath(import.meta.url));
  for (let folder = start; ; folder = dirname(folder)) {
    const path = join(folder, 'ca-certificates.pem');
    if (existsSync(path)) return path;
    if (folder === dirname(folder)) throw new Bug(`ca-certificates.pem is not above ${start}`);
  }
}
