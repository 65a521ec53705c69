import { UserError } from '../errors.ts';
import { failureOf } from '../temporal/failures.ts';
import { Obstacle, type ObstacleKind } from '../temporal/probe.ts';
import type { TemporalTarget } from '../temporal/target.ts';
import { type Check, DEADLINE_MS, fail, ok, skip, type Verdict } from './check.ts';

/** What a connection to Temporal needs, each only after the one before. */
const ROWS = {
  'temporal/name': 'Temporal: name',
  'temporal/port': 'Temporal: port',
  'temporal/tls': 'Temporal: TLS',
  'temporal/credentials': 'Temporal: credentials',
  'temporal/namespace': 'Temporal: namespace',
} as const;

type Row = keyof typeof ROWS;
type Verdicts = Readonly<Record<Row, Verdict>>;
const ORDER = Object.keys(ROWS) as Row[];

export interface TemporalQuestion {
  readonly target: TemporalTarget;
  readonly auth: 'api-key' | 'mtls' | 'none';
  /** Connects as the worker will. Rejects with what is in the way; see `failureOf`, and with NO_CREDENTIALS. */
  readonly connect: () => Promise<unknown>;
  /** Looks without credentials what is in the way. */
  readonly probe: (timeoutMs: number) => Promise<Obstacle | undefined>;
}

/** Connects once, and says how far that came. */
export function temporalCheck({ target, auth, connect, probe }: TemporalQuestion): Check<Row> {
  return {
    rows: ROWS,
    // The connection has a deadline of its own, and says more of what is in the way than "late".
    patience: 3,
    look: async () => {
      const error = await connect().then(
        () => undefined,
        (reason: unknown) => reason,
      );
      const verdicts = judgeConnection(target, auth, error);
      if (!isWithoutCredentials(error)) return verdicts;
      return judgeWithoutCredentials(target, auth, error, await probe(DEADLINE_MS));
    },
  };
}

/** Rows of a question that is not put to Temporal. */
export const temporalSkipped = (reason: string): Check<Row> => ({
  rows: ROWS,
  look: async () => all(() => skip(reason)),
});

/** @param error what `connect` was rejected with; `undefined` when it came through */
export function judgeConnection(target: TemporalTarget, auth: TemporalQuestion['auth'], error: unknown): Verdicts {
  if (error === undefined) return all((row) => reached(row, target, auth));
  const stopped = stoppedAt(error);
  // Not an error of the connection: whoever waits for the connection is told of it.
  if (stopped === undefined || !(error instanceof UserError)) throw error;
  return upTo(stopped, target, auth, fail(error));
}

/** Somebody who has no credentials can still see whether anybody is there. */
function judgeWithoutCredentials(
  target: TemporalTarget,
  auth: TemporalQuestion['auth'],
  error: UserError,
  obstacle: Obstacle | undefined,
): Verdicts {
  const stopped = obstacle ? BY_OBSTACLE[obstacle.kind] : 'temporal/credentials';
  if (stopped === 'temporal/credentials') return upTo(stopped, target, auth, fail(error));
  return upTo(stopped, target, auth, fail(failureOf(target, {}, obstacle)));
}

const all = (verdict: (row: Row) => Verdict): Verdicts =>
  Object.fromEntries(ORDER.map((row) => [row, verdict(row)])) as Verdicts;

/** In order before `stopped`, and not to be found out behind it. */
function upTo(stopped: Row, target: TemporalTarget, auth: TemporalQuestion['auth'], verdict: Verdict): Verdicts {
  const at = ORDER.indexOf(stopped);
  return all((row) => {
    const index = ORDER.indexOf(row);
    if (index === at) return verdict;
    return index < at ? reached(row, target, auth) : skip(`needs ${ROWS[stopped]}`);
  });
}

function reached(row: Row, { address, tls, namespace }: TemporalTarget, auth: TemporalQuestion['auth']): Verdict {
  const details: Readonly<Record<Row, string>> = {
    'temporal/name': `${address} is known`,
    'temporal/port': 'it answers',
    'temporal/tls': tls ? 'the certificate of the server is trusted' : 'none, as the answers say',
    'temporal/credentials': auth === 'none' ? 'none, as the answers say' : 'accepted',
    'temporal/namespace': `${namespace} exists`,
  };
  return ok(details[row]);
}

const BY_OBSTACLE: Readonly<Record<ObstacleKind, Row>> = {
  'unknown-host': 'temporal/name',
  refused: 'temporal/port',
  timeout: 'temporal/port',
  lost: 'temporal/port',
  'plain-server': 'temporal/tls',
  'tls-server': 'temporal/tls',
  'unknown-ca': 'temporal/tls',
  'other-name': 'temporal/tls',
  'server-certificate-expired': 'temporal/tls',
  'client-certificate-missing': 'temporal/credentials',
  'client-certificate-expired': 'temporal/credentials',
  'client-certificate-refused': 'temporal/credentials',
};

/** What Temporal itself answered, by our codes: then the connection stood. */
const BY_CODE: Readonly<Record<string, Row>> = {
  NO_CREDENTIALS: 'temporal/credentials',
  TEMPORAL_REFUSED: 'temporal/credentials',
  TEMPORAL_NAMESPACE: 'temporal/namespace',
  TEMPORAL_UNREACHABLE: 'temporal/port',
};

function stoppedAt(error: unknown): Row | undefined {
  if (!(error instanceof UserError)) return undefined;
  if (error.cause instanceof Obstacle) return BY_OBSTACLE[error.cause.kind];
  // A key that is known, but not for this namespace.
  return isNotAllowed(error.cause) ? 'temporal/namespace' : BY_CODE[error.code];
}

const isWithoutCredentials = (error: unknown): error is UserError =>
  error instanceof UserError && error.code === 'NO_CREDENTIALS';

/** gRPC's PERMISSION_DENIED, which the client may have wrapped. */
function isNotAllowed(cause: unknown): boolean {
  const { code, cause: inner } = (cause ?? {}) as { code?: unknown; cause?: { code?: unknown } };
  return (code ?? inner?.code) === 7;
}
