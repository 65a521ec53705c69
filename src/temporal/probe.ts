import { connect as connectPlain, isIP, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import type { Credentials, TemporalTarget } from './target.ts';

/** What is in the way of a connection. */
export type ObstacleKind =
  | 'unknown-host'
  | 'refused'
  | 'timeout'
  | 'plain-server'
  | 'tls-server'
  | 'unknown-ca'
  | 'other-name'
  | 'server-certificate-expired'
  | 'client-certificate-missing'
  | 'client-certificate-expired'
  | 'client-certificate-refused'
  | 'lost';

export class Obstacle extends Error {
  override readonly name = 'Obstacle';
  readonly kind: ObstacleKind;
  constructor(kind: ObstacleKind, cause?: unknown) {
    super(kind, { cause });
    this.kind = kind;
  }
}

/** How an HTTP/2 connection begins, with empty settings (RFC 9113, 3.4). */
const PREFACE = Buffer.concat([
  Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'),
  Buffer.from([0, 0, 0, 4, 0, 0, 0, 0, 0]),
]);
const SETTINGS_FRAME = 4;
/** How long the server may be silent after the handshake before we speak. */
const SILENCE_MS = 200;

/** The way through a proxy; without one, servers are reached directly. */
export interface Detour {
  /** `host:port` of the proxy. */
  readonly proxy: string;
  /** `user:password` for the proxy. */
  readonly login?: string | undefined;
  /** A connection through it. Rejects with what is to be said of the proxy. */
  open(host: string, port: number, timeoutMs: number): Promise<Socket>;
}

/**
 * Opens a connection as the client will and reads the server's first answer. That shows in Node's own words what is in
 * the way, also a client certificate that is refused, which TLS 1.3 tells only after the handshake. Rejects when the
 * detour does.
 */
export async function probe(
  target: TemporalTarget,
  credentials: Credentials,
  timeoutMs: number,
  detour?: Detour,
): Promise<Obstacle | undefined> {
  const { hostname, port: given } = new URL(`http://${target.address}`);
  const host = hostname.replace(/^\[|\]$/g, '');
  // An URL leaves its scheme's own port out.
  const port = Number(given || 80);
  const tunnel = await detour?.open(host, port, timeoutMs);
  const socket = target.tls
    ? openTls(target, credentials, host, tunnel ?? { port })
    : (tunnel ?? connectPlain({ host, port }));
  let connected = false;
  return new Promise<Obstacle | undefined>((resolve) => {
    let speak: NodeJS.Timeout | undefined;
    const done = (obstacle?: Obstacle): void => {
      clearTimeout(speak);
      socket.destroy();
      resolve(obstacle);
    };
    const ended = (error?: NodeJS.ErrnoException): void => {
      const kind = BY_CODE.find(([code]) => code.test(error?.code ?? ''))?.[1] ?? 'lost';
      done(new Obstacle(connected || kind !== 'lost' ? sharper(kind, target, credentials) : kind, error));
    };
    socket.setTimeout(timeoutMs, () => done(new Obstacle('timeout')));
    const listen = (): void => {
      connected = true;
      // Most servers speak first. Speaking to one that hangs up would break the connection before its reason is read.
      speak = setTimeout(() => socket.write(PREFACE), SILENCE_MS);
    };
    if (socket === tunnel) listen();
    else socket.once(target.tls ? 'secureConnect' : 'connect', listen);
    // A server without TLS answers our preface; one with TLS sends an alert (type 21) or a sentence about HTTPS.
    socket.once('data', (bytes: Buffer) => done(bytes[3] === SETTINGS_FRAME ? undefined : new Obstacle('tls-server')));
    socket.once('error', ended);
    socket.once('close', () => ended());
  });
}

function openTls(
  target: TemporalTarget,
  { clientCert, clientKey }: Credentials,
  host: string,
  by: Socket | { readonly port: number },
): Socket {
  const name = target.serverName ?? host;
  return connectTls({
    host,
    ...('port' in by ? by : { socket: by }),
    ALPNProtocols: ['h2'],
    // Only names may be asked for (RFC 6066, 3); the certificate is checked for an address all the same.
    servername: isIP(name) === 0 ? name : '',
    ...(target.serverCaCert !== undefined && { ca: target.serverCaCert }),
    ...(clientCert !== undefined && { cert: clientCert, key: clientKey }),
  });
}

const BY_CODE: readonly [RegExp, ObstacleKind][] = [
  [/^(ENOTFOUND|EAI_AGAIN|EAI_NODATA)$/, 'unknown-host'],
  [/^ECONNREFUSED$/, 'refused'],
  [/^(ETIMEDOUT|EHOSTUNREACH|ENETUNREACH)$/, 'timeout'],
  [/WRONG_VERSION_NUMBER|PACKET_LENGTH_TOO_LONG|RECORD_LAYER_FAILURE|UNSUPPORTED_PROTOCOL/, 'plain-server'],
  [/ALTNAME_INVALID/, 'other-name'],
  [/^CERT_HAS_EXPIRED$/, 'server-certificate-expired'],
  [/SELF_SIGNED|UNABLE_TO_(VERIFY|GET)|CERT_UNTRUSTED/, 'unknown-ca'],
  [/ALERT_CERTIFICATE_REQUIRED/, 'client-certificate-missing'],
  [/ALERT_CERTIFICATE_EXPIRED/, 'client-certificate-expired'],
  [
    /ALERT_(UNKNOWN_CA|CERTIFICATE|BAD_CERTIFICATE|UNSUPPORTED_CERTIFICATE|HANDSHAKE_FAILURE)/,
    'client-certificate-refused',
  ],
];

/** What our own side of the connection adds to an end without a word, or with too few. */
function sharper(kind: ObstacleKind, { tls }: TemporalTarget, { clientCert }: Credentials): ObstacleKind {
  if (kind === 'lost' && !tls) return 'tls-server';
  if (kind === 'lost' && clientCert !== undefined) return 'client-certificate-refused';
  // TLS 1.2 has no alert for a missing certificate.
  return kind === 'client-certificate-refused' && clientCert === undefined ? 'client-certificate-missing' : kind;
}
