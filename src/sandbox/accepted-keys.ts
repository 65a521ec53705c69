import { readFileSync } from 'node:fs';
import type { AcceptedKey } from './temporal-front.ts';

/**
 * The keys in a file that a person may edit while the front runs: one a line, with the time of its expiry (ISO 8601)
 * behind it where it has one. A file that is gone holds none, and a time that cannot be read has passed.
 */
export function readAcceptedKeys(path: string): AcceptedKey[] {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch {
    return [];
  }
  return text.split('\n').flatMap((line) => {
    const [key, expiry] = line.trim().split(/\s+/);
    if (!key) return [];
    return [{ key, expiresAt: expiry === undefined ? undefined : new Date(Date.parse(expiry) || 0) }];
  });
}
