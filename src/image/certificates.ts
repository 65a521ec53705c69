import { createReadStream } from 'node:fs';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { createGunzip } from 'node:zlib';
import { extract } from 'tar-stream';
import { folderWith } from '../package-files.ts';
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

/** Mozilla's list, as npm run ca-certificates wrote it. */
export function certificatesFile(): string {
  const name = 'ca-certificates.pem';
  return join(folderWith(name, import.meta.url), name);
}
