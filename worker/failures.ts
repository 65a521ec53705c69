import { type NativeConnectionOptions, TransportError } from '@temporalio/worker';
import { hasExpired } from './credentials.ts';

export interface ConnectionFailure {
  /** WARN for what may pass by itself, ERROR for what a person has to mend. */
  readonly level: 'WARN' | 'ERROR';
  readonly message: string;
  /** What to do about it. */
  readonly fix?: string;
  /** The core's own words. */
  readonly reason: string;
}

type Kind =
  | 'unknown-host'
  | 'refused'
  | 'lost'
  | 'plain-server'
  | 'tls-server'
  | 'unknown-ca'
  | 'no-public-cas'
  | 'other-name'
  | 'server-certificate-expired'
  | 'client-certificate-missing'
  | 'client-certificate-expired'
  | 'client-certificate-refused'
  | 'key-refused'
  | 'not-allowed'
  | 'namespace-unknown';

/**
 * What the Rust core writes into its one kind of error (1.24: either the status code's name or, from the first call,
 * its description; the words of rustls and of the operating system).
 */
const WORDS: readonly [RegExp, Kind][] = [
  [/code: NotFound/, 'namespace-unknown'],
  [/code: PermissionDenied|does not have permission/, 'not-allowed'],
  [/code: Unauthenticated|valid authentication/, 'key-refused'],
  [/InvalidContentType/, 'plain-server'],
  [/NativeCertsNotFound/, 'no-public-cas'],
  [/NotValidForName/, 'other-name'],
  [/InvalidCertificate\(Expired/, 'server-certificate-expired'],
  [/InvalidCertificate/, 'unknown-ca'],
  [/fatal alert: CertificateRequired/, 'client-certificate-missing'],
  [/fatal alert: CertificateExpired/, 'client-certificate-expired'],
  [
    /fatal alert: (UnknownCA|BadCertificate|UnsupportedCertificate|Certificate|HandshakeFailure)/,
    'client-certificate-refused',
  ],
  // A server that does not say why.
  [/GetSystemInfo.*without sending TLS close_notify/, 'client-certificate-refused'],
  [/dns error/, 'unknown-host'],
  [/ConnectionRefused/, 'refused'],
  [/GetSystemInfo.*(broken pipe|ConnectionReset|http2 error|connection closed)/i, 'lost'],
];

/** The program that deploys says the same of the same causes; a test holds both tables together. */
const SENTENCES: Readonly<Record<Kind, { reason: string; fix: string }>> = {
  'unknown-host': { reason: 'its host name is not known', fix: 'Check the spelling of TEMPORAL_ADDRESS.' },
  refused: {
    reason: 'nothing listens there',
    fix: 'Check host and port of TEMPORAL_ADDRESS, and that the server runs.',
  },
  lost: { reason: 'it closed the connection', fix: 'Check TEMPORAL_ADDRESS, and in the log of the server why.' },
  'plain-server': {
    reason: 'the server does not speak TLS',
    fix: 'Check the port of TEMPORAL_ADDRESS, or set TEMPORAL_TLS to false.',
  },
  'tls-server': { reason: 'the server wants TLS', fix: 'Set TEMPORAL_TLS to true.' },
  'unknown-ca': {
    reason: "the server's certificate is signed by a CA that is not trusted",
    fix: 'Give that CA with TEMPORAL_TLS_SERVER_CA_CERT_PATH.',
  },
  'no-public-cas': {
    reason: 'the image has no CA certificates',
    fix: 'Install them (Debian package ca-certificates), or give a CA with TEMPORAL_TLS_SERVER_CA_CERT_PATH.',
  },
  'other-name': {
    reason: "the server's certificate is for another name",
    fix: 'Check the host of TEMPORAL_ADDRESS, or give the name with TEMPORAL_TLS_SERVER_NAME.',
  },
  'server-certificate-expired': {
    reason: "the server's certificate has expired",
    fix: 'Have it renewed.',
  },
  'client-certificate-missing': {
    reason: 'the server asks for a client certificate',
    fix: 'Give TEMPORAL_TLS_CLIENT_CERT_PATH and TEMPORAL_TLS_CLIENT_KEY_PATH.',
  },
  'client-certificate-expired': {
    reason: 'the client certificate has expired',
    fix: 'Give a new one with TEMPORAL_TLS_CLIENT_CERT_PATH and TEMPORAL_TLS_CLIENT_KEY_PATH.',
  },
  'client-certificate-refused': {
    reason: 'the server does not accept the client certificate',
    fix: 'Check that the server (in Temporal Cloud: the namespace) knows the CA that signed it.',
  },
  'key-refused': {
    reason: 'the server does not accept the credentials',
    fix: 'Check that TEMPORAL_API_KEY is whole, not expired and not revoked.',
  },
  'not-allowed': {
    reason: 'the credentials may not use the namespace',
    fix: 'In Temporal Cloud a namespace is name.account: check TEMPORAL_NAMESPACE, and that the key or certificate is for it.',
  },
  'namespace-unknown': {
    reason: 'there is no such namespace',
    fix: 'Check TEMPORAL_NAMESPACE; in Temporal Cloud it is name.account.',
  },
};

const MAY_PASS: readonly Kind[] = ['unknown-host', 'refused', 'lost'];

/** Why the server cannot be used; undefined when the fault is this program's own and trying again cannot help. */
export function describeFailure(error: unknown, connection: NativeConnectionOptions): ConnectionFailure | undefined {
  if (!(error instanceof Error) || error.name !== TransportError.name) return undefined;
  const reason = error.message;
  const found = WORDS.find(([words]) => words.test(reason))?.[1];
  const kind = found && sharper(found, connection);
  if (kind === undefined) return { level: 'WARN', message: 'Temporal cannot be reached', reason };
  const level = MAY_PASS.includes(kind) ? 'WARN' : 'ERROR';
  const sentence = SENTENCES[kind];
  const what = level === 'WARN' ? 'Temporal cannot be reached' : 'Temporal cannot be used';
  return { level, message: `${what}: ${sentence.reason}`, fix: sentence.fix, reason };
}

/** What our own side of the connection adds to the core's words. */
function sharper(kind: Kind, { tls }: NativeConnectionOptions): Kind {
  if (kind === 'lost' && !tls) return 'tls-server';
  if (kind !== 'lost' && kind !== 'client-certificate-refused') return kind;
  const pair = typeof tls === 'object' ? tls?.clientCertPair : undefined;
  // The handshake is behind us: what ends the connection after it is what was shown there.
  if (pair) return hasExpired(pair.crt) ? 'client-certificate-expired' : 'client-certificate-refused';
  return kind === 'lost' ? kind : 'client-certificate-missing';
}
