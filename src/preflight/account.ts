import { ok, skip, type Verdict, warn } from './check.ts';

/** An `init` takes minutes; what ends within this time may end in the middle of one. */
const SOON_MINUTES = 15;

const MINUTE_MS = 60_000;

/** Credentials that were accepted. `expiration` is what they say themselves; those of a user say nothing. */
export function judgeCredentials(caller: string, expiration: Date | undefined, now: number): Verdict {
  if (expiration === undefined) return ok(caller);
  const minutes = Math.floor((expiration.getTime() - now) / MINUTE_MS);
  if (minutes >= SOON_MINUTES) return ok(`${caller}, until ${expiration.toISOString()}`);
  return warn(
    `${caller}, and they expire in ${Math.max(0, minutes)} min`,
    'Log in again first (aws sso login): a run that outlives them stops half-way, and goes on when it is run again.',
  );
}

/** Off by this much, other checks of time (certificates, keys) begin to be wrong. */
const NOTABLE_SECONDS = 60;
/** @param offsetMs AWS's clock minus this machine's; `undefined` when its answer had no date */
export function judgeClock(offsetMs: number | undefined): Verdict {
  if (offsetMs === undefined) return skip('the answer of AWS had no date');
  const seconds = Math.round(Math.abs(offsetMs) / 1000);
  const detail = `${seconds} s ${offsetMs > 0 ? 'behind' : 'ahead of'} AWS`;
  if (seconds <= 1) return ok('as that of AWS');
  if (seconds <= NOTABLE_SECONDS) return ok(detail);
  // No reason to stop: requests are signed by AWS's clock, and the lease of the lock is counted by it.
  return warn(detail, 'Set the clock of this machine (have it set by NTP): certificates and keys are judged by it.');
}
