import { timingSafeEqual } from 'node:crypto';
import { readFileSync } from 'node:fs';
import * as http2 from 'node:http2';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';

/** How strangers are told from workers: `none` is TLS alone. */
export type FrontMode = 'none' | 'api-key' | 'mtls';

export interface FrontOptions {
  /** `host:port` of the plain server behind. */
  readonly backend: string;
  /** Folder with the certificates of certificates.py. */
  readonly certificates: string;
  readonly mode: FrontMode;
  /** Accepted keys, with the time of their expiry where they have one. */
  readonly apiKeys?: readonly { readonly key: string; readonly expiresAt?: Date }[];
}

export interface Front {
  /** `localhost:port` */
  readonly address: string;
  /** PEM of the CA that signed its certificate. */
  readonly ca: string;
  /** From the next call on only these keys are accepted. */
  setApiKeys(keys: NonNullable<FrontOptions['apiKeys']>): void;
  stop(): Promise<void>;
}

const UNAUTHENTICATED = 16;
const UNAVAILABLE = 14;

/**
 * TLS, client certificates and API keys in front of the sandbox's Temporal server, which itself speaks plain gRPC and
 * checks nothing: as Temporal Cloud answers, call by call. Loopback only.
 */
export async function startTemporalFront(options: FrontOptions): Promise<Front> {
  const pem = (name: string): string => readFileSync(join(options.certificates, name), 'utf8');
  const ca = pem('ca.pem');
  let keys = options.apiKeys ?? [];
  const server = http2.createSecureServer({
    key: pem('server.key'),
    cert: pem('server.pem'),
    ...(options.mode === 'mtls' ? { ca, requestCert: true, rejectUnauthorized: true } : {}),
  });
  const sessions = new Set<http2.ServerHttp2Session>();
  const backend = http2.connect(`http://${options.backend}`);
  // Without a listener a lost backend would end the process; calls then fail one by one.
  backend.on('error', () => undefined);
  server.on('session', (session) => {
    sessions.add(session);
    session.on('close', () => sessions.delete(session));
    session.on('error', () => undefined);
  });
  server.on('stream', (stream, headers) => {
    stream.on('error', () => undefined);
    if (options.mode === 'api-key' && !accepts(keys, headers.authorization)) {
      refuse(stream, UNAUTHENTICATED, 'Request unauthorized.');
    } else {
      forward(backend, stream, headers);
    }
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(0, '127.0.0.1', resolve);
  });
  return {
    address: `localhost:${(server.address() as AddressInfo).port}`,
    ca,
    setApiKeys: (next) => {
      keys = next;
    },
    stop: async () => {
      backend.destroy();
      for (const session of sessions) session.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

function accepts(keys: NonNullable<FrontOptions['apiKeys']>, authorization: string | undefined): boolean {
  const given = Buffer.from(authorization ?? '');
  return keys.some(({ key, expiresAt }) => {
    const wanted = Buffer.from(`Bearer ${key}`);
    const same = wanted.length === given.length && timingSafeEqual(wanted, given);
    return same && (expiresAt === undefined || expiresAt.getTime() > Date.now());
  });
}

/** A gRPC error is an HTTP success whose headers say otherwise. */
function refuse(stream: http2.ServerHttp2Stream, status: number, message: string): void {
  if (stream.destroyed || stream.headersSent) return;
  stream.respond(
    { ':status': 200, 'content-type': 'application/grpc', 'grpc-status': String(status), 'grpc-message': message },
    { endStream: true },
  );
}

/** The same call on the server behind; headers, bodies and trailers go through, and both sides end together. */
function forward(
  backend: http2.ClientHttp2Session,
  stream: http2.ServerHttp2Stream,
  headers: http2.IncomingHttpHeaders,
): void {
  if (backend.destroyed || backend.closed) {
    refuse(stream, UNAVAILABLE, 'the server behind is gone');
    return;
  }
  const { ':authority': _authority, ':scheme': _scheme, ...passed } = headers;
  const call = backend.request(passed);
  let trailers: http2.IncomingHttpHeaders = {};
  call.on('response', (answer) => {
    if (!stream.destroyed) stream.respond(answer, { waitForTrailers: true });
  });
  call.on('trailers', (received) => {
    trailers = received;
  });
  stream.on('wantTrailers', () => stream.sendTrailers(trailers));
  call.on('error', () => refuse(stream, UNAVAILABLE, 'the server behind broke the call off'));
  stream.on('aborted', () => call.close(http2.constants.NGHTTP2_CANCEL));
  stream.on('close', () => call.close());
  stream.pipe(call);
  call.pipe(stream);
}
