import type { Fault } from '../helpers/emulator.ts';

/** Seconds that the program waits for an answer in a lane of the matrix; half a minute against AWS. */
export const REQUEST_SECONDS = 4;

export interface Disturbance {
  readonly fault: Omit<Fault, 'match' | 'after'>;
  /** `each`: at every mutating call. `mutating`, `every`: at one call of every such operation. */
  readonly at: 'each' | 'mutating' | 'every';
  /** The run itself is expected to make up for it. */
  readonly survived?: boolean;
  /** What a run that fails of it has to say; `ACTION` stands for the IAM action of the call. */
  readonly says?: RegExp;
  readonly fix?: RegExp;
}

const FAULT = /AWS has a fault of its own/;
/** What AWS says of a call that was carried out before, where the SDK has sent it again. */
const REPEATED = [
  'it exists already',
  'it is connected to something else already',
  'AWS does not find it',
  'you tried to tag already exists',
].join('|');
const SILENCE = new RegExp(`AWS does not answer|${REPEATED}`);
const GARBLED = new RegExp(`is not AWS|${REPEATED}`);

/** All that happens to a call, by the name that the reports use. */
export const DISTURBANCES = {
  'killed after': { fault: { kind: 'signal', signal: 'SIGKILL' }, at: 'each' },
  'answer lost': { fault: { kind: 'close-after' }, at: 'each', survived: true, says: SILENCE },
  'killed before': { fault: { kind: 'signal', signal: 'SIGKILL', before: true }, at: 'mutating' },
  'HTTP 500': { fault: { kind: 'server-error' }, at: 'every', survived: true, says: FAULT },
  'HTTP 503': { fault: { kind: 'unavailable' }, at: 'every', survived: true, says: FAULT },
  throttled: { fault: { kind: 'throttle' }, at: 'every', survived: true, says: /AWS throttles this account/ },
  garbled: {
    fault: { kind: 'garbled' },
    at: 'every',
    survived: true,
    says: GARBLED,
    fix: /captive portal|same command again/,
  },
  slow: { fault: { kind: 'late', seconds: 0.6 * REQUEST_SECONDS }, at: 'mutating', survived: true, says: SILENCE },
  late: { fault: { kind: 'late', seconds: 1.2 * REQUEST_SECONDS }, at: 'every', survived: true, says: SILENCE },
  expired: {
    fault: { kind: 'expired' },
    at: 'every',
    says: /the AWS credentials have expired/,
    fix: /Log in again \(aws sso login\)/,
  },
  denied: { fault: { kind: 'denied' }, at: 'every', says: / may not ACTION|access denied/, fix: /Allow ACTION/ },
} as const satisfies Record<string, Disturbance>;

export type DisturbanceName = keyof typeof DISTURBANCES;
