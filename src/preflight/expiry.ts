import { X509Certificate } from 'node:crypto';
import { UserError } from '../errors.ts';
import type { Credentials } from '../temporal/target.ts';
import { fail, ok, skip, type Verdict, warn } from './check.ts';

const DAY_MS = 24 * 60 * 60_000;
/** Temporal Cloud's own last mail comes 10 days before; a person needs a working week on top of a holiday. */
const SOON_DAYS = 14;

/** How long what the worker proves itself with is good for. It is read once, at the start of each task. */
export function judgeExpiry({ apiKey, clientCert }: Credentials, now: number): Verdict {
  if (clientCert !== undefined) {
    const until = Date.parse(new X509Certificate(clientCert).validTo);
    return judge('client certificate', 'TEMPORAL_TLS_CLIENT_CERT_PATH and TEMPORAL_TLS_CLIENT_KEY_PATH', until, now);
  }
  if (apiKey === undefined) return skip('there are no credentials');
  const until = expiryOfToken(apiKey);
  return until === undefined
    ? skip('the API key does not say when it expires')
    : judge('API key', 'TEMPORAL_API_KEY', until, now);
}

function judge(what: string, variable: string, until: number, now: number): Verdict {
  const days = Math.floor((until - now) / DAY_MS);
  const date = new Date(until).toISOString().slice(0, 10);
  const fix = `Make a new one, and run init with it in ${variable}.`;
  if (until <= now) {
    return fail(new UserError({ code: 'TEMPORAL_EXPIRED', message: `the ${what} expired on ${date}`, fix }));
  }
  if (days >= SOON_DAYS) return ok(`the ${what} is good until ${date}`);
  return warn(`the ${what} expires on ${date}, in ${days} days`, fix);
}

/**
 * Milliseconds since the epoch; `undefined` for keys that are no JSON Web Token, or one without an end. Only read, never
 * verified: that is the server's business. Source: RFC 7519, 4.1.4.
 */
export function expiryOfToken(key: string): number | undefined {
  const [, payload, signature] = key.split('.');
  if (payload === undefined || signature === undefined) return undefined;
  try {
    const { exp } = JSON.parse(Buffer.from(payload, 'base64url').toString('utf8')) as { exp?: unknown };
    return typeof exp === 'number' && Number.isFinite(exp) ? exp * 1000 : undefined;
  } catch {
    return undefined;
  }
}
