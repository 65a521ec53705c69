import { X509Certificate } from 'node:crypto';
import { UserError } from '../errors.ts';
import { Obstacle, type ObstacleKind } from './probe.ts';
import type { Credentials, TemporalTarget } from './target.ts';

interface Failure {
  readonly code: string;
  readonly reason: string;
  readonly fix: string;
}

/** The worker says the same of the same causes (worker/failures.ts); a test holds both tables together. */
const FAILURES: Readonly<Record<ObstacleKind | 'key-refused' | 'not-allowed' | 'namespace-unknown', Failure>> = {
  'unknown-host': {
    code: 'TEMPORAL_UNREACHABLE',
    reason: 'its host name is not known',
    fix: 'Check the spelling of TEMPORAL_ADDRESS. If only the VPC knows the name: init takes --verify health.',
  },
  refused: {
    code: 'TEMPORAL_UNREACHABLE',
    reason: 'nothing listens there',
    fix: 'Check host and port of TEMPORAL_ADDRESS, and that the server runs. If only the VPC can reach it: init takes --verify health.',
  },
  timeout: {
    code: 'TEMPORAL_UNREACHABLE',
    reason: 'it does not answer',
    fix: 'Check TEMPORAL_ADDRESS and the firewalls on the way. If only the VPC can reach it: init takes --verify health.',
  },
  lost: {
    code: 'TEMPORAL_UNREACHABLE',
    reason: 'it closed the connection',
    fix: 'Check TEMPORAL_ADDRESS, and in the log of the server why.',
  },
  'plain-server': {
    code: 'TEMPORAL_TLS',
    reason: 'the server does not speak TLS',
    fix: 'Check the port of TEMPORAL_ADDRESS, or set TEMPORAL_TLS to false.',
  },
  'tls-server': {
    code: 'TEMPORAL_TLS',
    reason: 'the server wants TLS',
    fix: 'Set TEMPORAL_TLS to true.',
  },
  'unknown-ca': {
    code: 'TEMPORAL_TLS',
    reason: "the server's certificate is signed by a CA that is not trusted",
    fix: 'Give that CA with TEMPORAL_TLS_SERVER_CA_CERT_PATH.',
  },
  'other-name': {
    code: 'TEMPORAL_TLS',
    reason: "the server's certificate is for another name",
    fix: 'Check the host of TEMPORAL_ADDRESS, or give the name with TEMPORAL_TLS_SERVER_NAME.',
  },
  'server-certificate-expired': {
    code: 'TEMPORAL_TLS',
    reason: "the server's certificate has expired",
    fix: 'Have it renewed; and check the clock of this machine.',
  },
  'client-certificate-missing': {
    code: 'TEMPORAL_REFUSED',
    reason: 'the server asks for a client certificate',
    fix: 'Choose --temporal-auth mtls and give TEMPORAL_TLS_CLIENT_CERT_PATH and TEMPORAL_TLS_CLIENT_KEY_PATH.',
  },
  'client-certificate-expired': {
    code: 'TEMPORAL_REFUSED',
    reason: 'the client certificate has expired',
    fix: 'Give a new one with TEMPORAL_TLS_CLIENT_CERT_PATH and TEMPORAL_TLS_CLIENT_KEY_PATH.',
  },
  'client-certificate-refused': {
    code: 'TEMPORAL_REFUSED',
    reason: 'the server does not accept the client certificate',
    fix: 'Check that the server (in Temporal Cloud: the namespace) knows the CA that signed it.',
  },
  'key-refused': {
    code: 'TEMPORAL_REFUSED',
    reason: 'the server does not accept the credentials',
    fix: 'Check that TEMPORAL_API_KEY is whole, not expired and not revoked.',
  },
  'not-allowed': {
    code: 'TEMPORAL_REFUSED',
    reason: 'the credentials may not use the namespace',
    fix: 'Check --temporal-namespace, and that the key or certificate is for it.',
  },
  'namespace-unknown': {
    code: 'TEMPORAL_NAMESPACE',
    reason: 'there is no such namespace',
    fix: 'Check --temporal-namespace; in Temporal Cloud it is name.account.',
  },
};

/** Why a connection failed, in one sentence with its fix. */
export function failureOf(target: TemporalTarget, credentials: Credentials, cause: unknown): UserError {
  const { address, namespace } = target;
  const kind = kindOf(cause, credentials);
  const failure = kind && FAILURES[kind];
  const where = `connecting to Temporal at ${address}`;
  if (!failure) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    return new UserError({ ...FAILURES.lost, message: `${where}: ${reason}`, cause });
  }
  const withNamespace = kind === 'not-allowed' || kind === 'namespace-unknown' ? ` (${namespace})` : '';
  const message = `${where}: ${failure.reason}${withNamespace}`;
  // Temporal Cloud does not tell a namespace that is not there from one that is somebody else's.
  const fix =
    kind === 'not-allowed' && !namespace.includes('.')
      ? 'In Temporal Cloud a namespace is name.account: check --temporal-namespace, and that the key or certificate is for it.'
      : failure.fix;
  return new UserError({ code: failure.code, message, fix, cause });
}

/** gRPC status codes (grpc/grpc, doc/statuscodes.md); the client wraps some of them. */
const BY_STATUS: Readonly<Record<number, keyof typeof FAILURES>> = {
  4: 'timeout',
  5: 'namespace-unknown',
  7: 'not-allowed',
  16: 'key-refused',
};

function kindOf(cause: unknown, { clientCert }: Credentials): keyof typeof FAILURES | undefined {
  if (cause instanceof Obstacle) {
    // Not every server says why it refuses a certificate; the certificate itself does.
    const refused = cause.kind === 'client-certificate-refused' && clientCert !== undefined;
    return refused && hasExpired(clientCert) ? 'client-certificate-expired' : cause.kind;
  }
  const { code, cause: inner } = (cause ?? {}) as { code?: unknown; cause?: { code?: unknown } };
  return BY_STATUS[Number(code ?? inner?.code)];
}

const hasExpired = (pem: string): boolean => Date.parse(new X509Certificate(pem).validTo) < Date.now();
